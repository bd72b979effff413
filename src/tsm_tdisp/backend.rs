// SPDX-License-Identifier: GPL-2.0

//! A way to reach the device security manager (DSM) of a device.
//!
//! What is shown in sysfs, the generations, the check of a report against the BARs, the rule about drivers and private
//! memory are the same whichever way it is, and not here. Those there could be:
//!
//! | step | native: this kernel, by DOE | TDX Connect: the TDX module | SEV-TIO: the PSP |
//! |---|---|---|---|
//! | connect | SPDM | was done by the host | was done by the host |
//! | lock | LOCK_INTERFACE_REQUEST | TDCM operation BIND | SEV_TIO_OP action 0 |
//! | report | GET_DEVICE_INTERFACE_REPORT | TDCM GET_TDI_REPORT, and its digest from TDG.TDI.RD | a blob of the host, and its digest in TDI_INFO |
//! | start | START_INTERFACE_REQUEST with the nonce of the lock | TDG.TDI.START with the session of the bind | SEV_TIO_OP action 2 |
//! | accept | nothing to do | TDG.TDI.MMIO.ACCEPT, TDG.DMAR.ACCEPT | MMIO_VALIDATE_REQ, SDTE_WRITE_REQ |
//! | stop | STOP_INTERFACE_REQUEST | TDCM UNBIND | SEV_TIO_OP actions 1 and 3 |
//!
//! A blob that came through the host is evidence only after its digest was compared with that of the platform:
//! `rust/proto/snp/tio` and `rust/proto/tdx` have the formats of both.

use kernel::{
    prelude::*,
    sync::Arc, //
};
use tsm_ext::pci::{
    Device,
    Location, //
};
use tsm_proto::{
    ide::Stream,
    spdm::{
        Nonce,
        Slot, //
    },
    tdisp::{
        lock::Flags,
        ranges::Range,
        state::State, //
    }, //
};

use crate::{
    evidence::Snapshot,
    failure::Failure, //
};

/// What the link of a device does.
pub(crate) enum Link {
    /// It is not encrypted.
    Off,
    /// It has a stream with this ID, which is secure or not.
    Stream(u8, bool),
}

/// One way to reach the DSM of a device. It runs on the worker of the device, or with its permit on the task that has the
/// machine sleep, while function 0 is awake. Nothing here decides whether a device is to be trusted.
///
/// A request begins with [`Self::begin`]. One that was refused, or was ended, may leave the connection as it is:
/// [`Self::is_alive`] says so.
pub(crate) trait Backend: Send + Sized {
    /// What a lock leaves for the start: it proves that the interface was not unlocked since.
    type Locked: Send;

    /// Returns function 0.
    fn device(&self) -> &Device;

    /// A request begins. It may be ended, and has a time limit.
    fn begin(&mut self);

    /// A request ends. What is still sent for that is sent although the request was ended, within a time limit of its own.
    fn finish(&mut self);

    /// Lets requests be sent again after the device was closed, for the last ones.
    fn reopen(&mut self);

    /// Tells whether the device is connected.
    fn is_connected(&self) -> bool;

    /// Tells whether there is a session.
    fn has_session(&self) -> bool;

    /// Tells whether there is a connection that the device did not end, nor this side.
    fn is_alive(&self) -> bool;

    /// Tells whether the device is connected, and signs measurements.
    fn signs_measurements(&self) -> bool;

    /// Tells whether the device is connected, and has a certificate chain in a slot.
    fn has_chain(&self, slot: Slot) -> bool;

    /// Connects, authenticated by the chain in a slot. Returns the first evidence. After a failure the caller
    /// disconnects.
    fn connect(&mut self, slot: Slot) -> Result<Arc<Snapshot>, Failure>;

    /// Ends what there is of a connection, and of an encrypted link, whatever the device answers.
    fn disconnect(&mut self);

    /// The same, without waiting for a device that is busy.
    fn disconnect_at_once(&mut self);

    /// Takes new measurements. Returns the evidence with them.
    fn measure(&mut self, nonce: Nonce) -> Result<Arc<Snapshot>, Failure>;

    /// Reads the chain in a slot. Returns the evidence `shown` together with it.
    fn read_slot(&mut self, slot: Slot, shown: &Snapshot) -> Result<Arc<Snapshot>, Failure>;

    /// Has an interface locked, which is unlocked.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` when it does not have the flags, [`EBUSY`] when it is not unlocked, [`Failure::Unanswered`] when it may be
    /// locked.
    fn lock(&mut self, function: Location, flags: Flags) -> Result<Self::Locked, Failure>;

    /// Returns the report of an interface that is locked, and stays so.
    fn report(&mut self, function: Location) -> Result<KVVec<u8>, Failure>;

    /// Starts an interface.
    ///
    /// # Errors
    ///
    /// `ESTALE` when it is not locked any more.
    fn start(&mut self, function: Location, locked: Self::Locked) -> Result<(), Failure>;

    /// Has the platform let the interface, which was started, reach private memory, and the guest reach the ranges. A
    /// platform that knows nothing of devices has nothing to do.
    fn accept(&mut self, function: Location, ranges: &[Range]) -> Result<(), Failure>;

    /// Stops an interface, in any state.
    fn stop(&mut self, function: Location) -> Result<(), Failure>;

    /// Asks for the state of an interface.
    fn state(&mut self, function: Location) -> Result<State, Failure>;

    /// Returns what the link does.
    ///
    /// # Errors
    ///
    /// [`EIO`] when function 0 does not answer.
    fn link(&self) -> Result<Link>;

    /// Tells whether the link has a stream.
    fn has_stream(&self) -> bool;

    /// Returns the registers by which the link could be encrypted, as the stream with this ID.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` when there are none, [`EBUSY`] when it is encrypted already, or the registers are in use.
    fn stream(&self, id: u8) -> Result<Stream>;

    /// Encrypts the link. After a failure it is not, or only until [`Self::disconnect_at_once`].
    fn encrypt(&mut self, stream: Stream) -> Result<(), Failure>;

    /// Takes the stream from the link, whatever the device answers.
    fn decrypt(&mut self) -> Result<(), Failure>;
}
