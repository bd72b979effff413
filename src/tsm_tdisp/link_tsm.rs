// SPDX-License-Identifier: GPL-2.0

//! The kernel's own files to connect a device: `tsm/connect` and `tsm/disconnect`.
//!
//! They do what `spdm/connect` does with slot 0, and `spdm/disconnect`. The evidence is in `spdm/`.

use kernel::{
    prelude::*,
    sync::Arc, //
};
use tsm_ext::pci::tsm::Link;

use crate::{
    device::Device,
    devices::{
        Devices,
        FunctionState, //
    }, //
};

/// What the PCI core has of a device.
pub(crate) struct Context(Arc<Device>);

impl Drop for Context {
    fn drop(&mut self) {
        self.0.release();
    }
}

impl Link for Devices {
    type Context = Context;

    fn probe(state: &FunctionState) -> Result<Context> {
        Ok(Context(state.device().ok_or(ENXIO)?.clone()))
    }

    fn connect(context: &Context) -> Result {
        context.0.tsm_connect()
    }

    fn disconnect(context: &Context) {
        // If the task is killed before that, or the connection is lost, `spdm/` tells.
        let _ = context.0.tsm_disconnect();
    }
}
