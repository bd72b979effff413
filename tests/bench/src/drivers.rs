// SPDX-License-Identifier: GPL-2.0

//! The drivers that are compared.

use std::{
    fs::File,
    io, //
};

use nix::kmod::{
    finit_module,
    ModuleInitFlags, //
};
use tsm_guest_tests::{
    modules,
    Platform, //
};

use crate::{
    meter::Meter,
    unsigned, //
};

/// Drivers that do the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drivers {
    /// This project's.
    Ours,
    /// The kernel's own.
    Theirs,
}

impl Drivers {
    /// Both, in the order in which they are measured.
    pub(crate) const BOTH: [Self; 2] = [Self::Theirs, Self::Ours];

    /// Returns what they are called in the results.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Theirs => "theirs",
        }
    }

    /// Returns the modules, in the order in which they are loaded.
    fn modules(self) -> [&'static str; 2] {
        match self {
            Self::Ours => ["tsm", Platform::get().our_provider()],
            Self::Theirs => ["tsm_report", Platform::get().kernels_provider()],
        }
    }

    /// Loads the modules, and returns what that cost. None has a signature.
    pub(crate) fn load(self, meter: &Meter) -> io::Result<u64> {
        let [core, provider] = self.modules().map(unsigned::open);
        let (core, provider) = (core?, provider?);
        let load = |module: &File| finit_module(module, c"", ModuleInitFlags::empty());

        meter.measure(|| {
            load(&core)?;
            Ok(load(&provider)?)
        })
    }

    /// Unloads the modules.
    pub(crate) fn unload(self) -> io::Result<()> {
        let [core, provider] = self.modules();

        modules::unload(provider)?;
        Ok(modules::unload(core)?)
    }
}
