// SPDX-License-Identifier: GPL-2.0

//! A line per TDCALL, or per VMGEXIT and the like, for people.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    sync::Mutex, //
};

use crate::{
    machine::{
        lock::lock,
        registers::{
            Reg,
            Registers, //
        }, //
    },
    tdx::{
        module,
        vmm, //
    }, //
};

/// Where the lines go.
#[derive(Debug)]
pub(crate) struct Trace(Option<Mutex<File>>);

impl Trace {
    /// Makes a trace that writes to a new file, or nowhere.
    pub(crate) fn new(path: Option<&Path>) -> Result<Self, String> {
        let open = |path: &Path| {
            File::create(path).map_err(|error| format!("trace={}: {error}", path.display()))
        };
        Ok(Self(path.map(open).transpose()?.map(Mutex::new)))
    }

    /// Writes down one call. Idling is left out.
    pub(crate) fn call(&self, vcpu: usize, before: &Registers, after: &Registers) {
        let Some(file) = &self.0 else {
            return;
        };
        let leaf = before[Reg::Rax];
        let line = match leaf {
            module::leaf::VMCALL if before[Reg::R11] == vmm::leaf::HLT => return,
            module::leaf::VMCALL => format!(
                "{vcpu}: VMCALL {} r12={:#x} r13={:#x} r14={:#x} r15={:#x} -> rax={:#x} \
                 r10={:#x} r11={:#x}\n",
                vmm::leaf::name(before[Reg::R11]),
                before[Reg::R12],
                before[Reg::R13],
                before[Reg::R14],
                before[Reg::R15],
                after[Reg::Rax],
                after[Reg::R10],
                after[Reg::R11],
            ),
            _ => format!(
                "{vcpu}: {} rcx={:#x} rdx={:#x} r8={:#x} r9={:#x} -> rax={:#x} rcx={:#x} \
                 rdx={:#x} r8={:#x}\n",
                module::leaf::name(leaf),
                before[Reg::Rcx],
                before[Reg::Rdx],
                before[Reg::R8],
                before[Reg::R9],
                after[Reg::Rax],
                after[Reg::Rcx],
                after[Reg::Rdx],
                after[Reg::R8],
            ),
        };
        write(file, &line);
    }

    /// Writes down anything else.
    pub(crate) fn line(&self, make: impl FnOnce() -> String) {
        if let Some(file) = &self.0 {
            write(file, &(make() + "\n"));
        }
    }
}

/// Writes some text.
fn write(file: &Mutex<File>, text: &str) {
    let mut file = lock(file);
    // A full disk is no reason to stop the guest.
    let _ = file.write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_file_that_it_can_not_make() {
        let path = Path::new("/nonexistent/trace");
        assert!(Trace::new(Some(path)).unwrap_err().contains("/nonexistent"));
    }
}
