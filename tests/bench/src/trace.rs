// SPDX-License-Identifier: GPL-2.0

//! What the kernel says of itself in a trace.

use std::{
    collections::BTreeMap,
    fs::{
        self,
        OpenOptions, //
    },
    io::{
        self,
        Write as _, //
    },
    path::Path, //
};

use nix::{
    errno::Errno,
    mount::{
        mount,
        MsFlags, //
    }, //
};

/// The folder that configures what the kernel traces, and has the trace.
const FOLDER: &str = "/sys/kernel/tracing";

/// Events of memory.
const MEMORY: [&str; 4] = ["kmalloc", "kmem_cache_alloc", "kfree", "kmem_cache_free"];

/// KiB of the trace of each processor. A connect needs less than a tenth of it.
const SIZE: &str = "8192";

/// The trace. Nothing is in it yet.
pub(crate) struct Trace(());

/// Writes to a file of the trace.
fn set(file: &str, value: &str) -> io::Result<()> {
    fs::write(Path::new(FOLDER).join(file), value)
}

impl Trace {
    /// Makes the trace ready.
    pub(crate) fn new() -> io::Result<Self> {
        let none: Option<&str> = None;

        let mounted = mount(
            Some("tracefs"),
            FOLDER,
            Some("tracefs"),
            MsFlags::empty(),
            none,
        );
        match mounted {
            // It is there already.
            Ok(()) | Err(Errno::EBUSY) => {}
            Err(err) => return Err(err.into()),
        }
        set("tracing_on", "0")?;
        set("buffer_size_kb", SIZE)?;
        Ok(Self(()))
    }

    /// Traces `work`, and returns the lines.
    fn of(&self, work: impl FnOnce() -> io::Result<()>) -> io::Result<Vec<String>> {
        set("trace", "")?;
        set("tracing_on", "1")?;
        let result = work();
        set("tracing_on", "0")?;
        result?;
        let text = fs::read_to_string(Path::new(FOLDER).join("trace"))?;

        match text.contains("LOST") {
            true => Err(io::Error::other("the trace is too small")),
            false => Ok(text.lines().map(str::to_owned).collect()),
        }
    }

    /// Does `work`, and returns how many bytes were allocated meanwhile, by any task, and not freed.
    pub(crate) fn allocated(&self, work: impl FnOnce() -> io::Result<()>) -> io::Result<u64> {
        let enable = |value| {
            MEMORY
                .iter()
                .try_for_each(|event| set(&format!("events/kmem/{event}/enable"), value))
        };
        let mut sizes = BTreeMap::new();

        enable("1")?;
        let lines = self.of(work);
        enable("0")?;
        for line in lines? {
            let word = |name: &str| {
                line.split_whitespace()
                    .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
            };
            let Some(pointer) = word("ptr") else { continue };
            match word("bytes_alloc") {
                Some(size) => sizes.insert(
                    pointer.to_owned(),
                    size.parse::<u64>().map_err(io::Error::other)?,
                ),
                None => sizes.remove(pointer),
            };
        }
        match sizes.is_empty() {
            true => Err(io::Error::other("the trace has no memory in it")),
            false => Ok(sizes.values().sum()),
        }
    }

    /// Does `work`, and returns how many nanoseconds the functions took. If one of them calls another one,
    /// the time counts for the caller only. Nothing, if the kernel can't trace functions.
    pub(crate) fn time_in<const N: usize>(
        &self,
        functions: [&[&str]; N],
        work: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<Option<[u64; N]>> {
        if !Path::new(FOLDER).join("max_graph_depth").exists() {
            work()?;
            return Ok(None);
        }
        filter(functions.concat())?;
        set("max_graph_depth", "1")?;
        set("options/funcgraph-tail", "1")?;
        set("current_tracer", "function_graph")?;
        let lines = self.of(work);
        set("current_tracer", "nop")?;

        let mut times = [0; N];
        for line in lines? {
            let Some((time, name)) = time_of(&line) else {
                continue;
            };
            for (sum, names) in times.iter_mut().zip(functions) {
                if names.contains(&name) {
                    *sum += time;
                }
            }
        }
        match times.contains(&0) {
            true => Err(io::Error::other(
                "the trace has none of the functions in it",
            )),
            false => Ok(Some(times)),
        }
    }
}

/// Traces no functions but these. A kernel has not all of them.
fn filter(functions: Vec<&str>) -> io::Result<()> {
    let path = Path::new(FOLDER).join("set_ftrace_filter");

    fs::write(&path, "")?;
    for function in functions {
        let mut file = OpenOptions::new().append(true).open(&path)?;
        // The error of a name that there is not comes with the write, or when the file is closed.
        let _ = file.write_all(format!("{function}\n").as_bytes());
    }
    Ok(())
}

/// Returns the nanoseconds of a function that has ended, and its name: `0) + 12.345 us | name();` or
/// `0) @ 123456.7 us | } /* name */`. The longer it took, the fewer digits are behind the point.
fn time_of(line: &str) -> Option<(u64, &str)> {
    let (left, right) = line.split_once('|')?;
    let text = left
        .trim_end()
        .strip_suffix("us")?
        .split_whitespace()
        .last()?;
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let nanoseconds: u64 = format!("{part:0<3}").parse().ok()?;
    let time = 1000 * whole.parse::<u64>().ok()? + nanoseconds;
    let name = right
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .find(|word| !word.is_empty())?;

    Some((time, name))
}
