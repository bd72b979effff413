// SPDX-License-Identifier: GPL-2.0

//! The fake TSMs of `tests/fake/`, and what they make.

use std::{
    fmt::Display,
    fs,
    ops::Deref,
    path::Path,
    thread,
    time::{
        Duration,
        Instant, //
    }, //
};

use nix::errno::Errno;

use crate::{
    modules::{
        self,
        is_loaded,
        load_with,
        unload, //
    },
    Drivers, //
};

/// A fake TSM, in place of the provider under test, which is back when this is dropped.
pub struct Fake(&'static str);

impl Fake {
    /// Has the module `name` as the only provider, with `parameters`.
    ///
    /// # Panics
    ///
    /// If it can't be loaded.
    pub fn new(name: &'static str, parameters: &str) -> Self {
        let fake = Self::prepare(name);

        fake.load(parameters).expect("the fake loads");
        fake
    }

    /// Has no provider until [`Fake::load`].
    pub fn prepare(name: &'static str) -> Self {
        let (_, provider) = Drivers::get().modules();

        if is_loaded(provider) {
            unload(provider).expect("the provider unloads");
        }
        Self(name)
    }

    /// Loads the module.
    pub fn load(&self, parameters: &str) -> Result<(), Errno> {
        load_with(self.0, parameters)
    }

    /// Unloads the module.
    pub fn unload(&self) -> Result<(), Errno> {
        unload(self.0)
    }

    /// Sets a parameter.
    ///
    /// # Panics
    ///
    /// If there is none of that name, or it can't be set.
    pub fn set(&self, knob: &str, value: impl Display) {
        fs::write(self.knob(knob), value.to_string()).expect("the parameter can be set");
    }

    /// Returns a parameter that is a number.
    ///
    /// # Panics
    ///
    /// If there is none of that name.
    pub fn get(&self, knob: &str) -> u32 {
        let text = fs::read_to_string(self.knob(knob)).expect("the parameter can be read");

        text.trim().parse().expect("the parameter is a number")
    }

    /// Says whether the module is being unloaded.
    pub fn is_going(&self) -> bool {
        fs::read_to_string(format!("/sys/module/{}/initstate", self.0))
            .is_ok_and(|state| state == "going\n")
    }

    fn knob(&self, name: &str) -> String {
        format!("/sys/module/{}/parameters/{name}", self.0)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        // A test that failed may have left a call that waits.
        let _ = fs::write(self.knob("hold"), "0");
        let start = Instant::now();
        while is_loaded(self.0) && start.elapsed() < Duration::from_secs(10) {
            let _ = self.unload();
        }
        modules::restore();
    }
}

/// Waits until `condition` holds.
///
/// # Panics
///
/// If it does not for a minute.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();

    while !condition() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "waited for {what}"
        );
        thread::sleep(Duration::from_millis(2));
    }
}

/// Says whether the process `pid` waits for something other than a signal.
pub fn is_blocked(pid: u32) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));

    // The name in parentheses may have spaces in it.
    stat.is_ok_and(|stat| {
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| rest.starts_with('D'))
    })
}

/// A blob of `tsm_fake`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    bytes: Vec<u8>,
}

impl Blob {
    /// Size of the header.
    pub const HEADER: usize = 168;

    /// Takes a blob of the kind `out`, `aux` or `man` if it is one that `tsm_fake` has made, as a
    /// whole.
    pub fn parse(kind: &str, bytes: Vec<u8>) -> Option<Self> {
        let blob = Self { bytes };

        if blob.bytes.len() < Self::HEADER
            || blob.bytes[..8] != *format!("fake{kind}\0").as_bytes()
            || blob.number(8) as usize != blob.bytes.len()
            || !(1..=64).contains(&blob.number(24))
        {
            return None;
        }
        let inblob = blob.inblob();
        let call = blob.call() as u8;
        let mut expected = inblob.iter().cycle().skip(Self::HEADER % inblob.len());

        blob[Self::HEADER..]
            .iter()
            .zip(Self::HEADER..)
            .all(|(byte, index)| {
                expected.next().is_some_and(|expected| {
                    *byte == expected.wrapping_add((index >> 8) as u8).wrapping_add(call)
                })
            })
            .then_some(blob)
    }

    /// Takes an outblob.
    ///
    /// # Panics
    ///
    /// If `tsm_fake` has not made it.
    pub fn out(bytes: Vec<u8>) -> Self {
        let len = bytes.len();

        Self::parse("out", bytes).unwrap_or_else(|| panic!("not a legal blob, of {len} bytes"))
    }

    /// Returns the number of the call that made it.
    pub fn call(&self) -> u32 {
        self.number(12)
    }

    /// Returns the privilege level that was asked for.
    pub fn privlevel(&self) -> u32 {
        self.number(16)
    }

    /// Returns the manifest version that was asked for.
    pub fn manifest_version(&self) -> u32 {
        self.number(20)
    }

    /// Returns the inblob.
    pub fn inblob(&self) -> &[u8] {
        &self[28..][..self.number(24) as usize]
    }

    /// Returns the service GUID, as the kernel stores it.
    pub fn guid(&self) -> &[u8] {
        &self[92..108]
    }

    /// Returns the service provider, empty for none.
    ///
    /// # Panics
    ///
    /// If it is not a C string.
    pub fn service_provider(&self) -> &str {
        let name = self[108..168].split(|byte| *byte == 0).next();

        std::str::from_utf8(name.unwrap_or_default()).expect("the name is text")
    }

    fn number(&self, offset: usize) -> u32 {
        self[offset..][..4]
            .iter()
            .rev()
            .fold(0, |number, byte| (number << 8) | u32::from(*byte))
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}
