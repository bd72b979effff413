// SPDX-License-Identifier: GPL-2.0

//! The PCI functions of the emulated device, as QEMU's `vfio-user-pci` has them.
//!
//! Each function has a socket and a thread. Only function 0 has a mailbox, and the responder, unless the user wants more.
//!
//! ```text
//! device.rs         a device: its sockets, and the arguments with which QEMU has it
//! options.rs        what the user asks of it
//! server.rs         the vfio-user server of a function
//! function.rs       a function: which register an access is about
//!   access.rs       accesses of any size, as DWORDs
//!   locked.rs       which of its writes a locked interface does not survive
//!   layout.rs       what is in configuration space
//!   config_space.rs registers that only hold bits
//!   mailbox.rs      the registers of the DOE mailbox
//!   interrupts.rs   MSI-X vectors
//!   dma.rs          copies of a buffer to and from guest memory
//!   memory.rs       guest memory
//!   control.rs      counters, choice of a misbehaviour
//! ```
//!
//! A function that is slow has a time at which it is done. No handler sleeps: QEMU would stop the
//! vCPU that waits, and gives up after 5 s.

mod access;
mod config_space;
mod control;
mod device;
mod dma;
mod function;
mod interrupts;
mod layout;
mod locked;
mod mailbox;
mod memory;
mod options;
mod server;

pub(crate) use device::Device;
pub(crate) use options::Options;
