// SPDX-License-Identifier: GPL-2.0

//! What both platforms use, and what depends on neither of them.
//!
//! ```text
//! platform.rs     what a platform does with its guest
//! instruction.rs  the instructions that are taken over, and where they are
//!   breakpoint.rs an INT3 that is no longer in memory
//! outcome.rs      what becomes of one
//! board.rs        what the machine has besides: ports, and the image of the firmware
//!   fw_cfg.rs     what QEMU passes to firmware
//!   ram.rs        where RAM is
//! image.rs        the image of a firmware
//!   guid_table.rs the table at its end, of EDK2
//! vcpu.rs         the vCPU that executes it
//!   registers.rs  its general purpose registers
//!   system.rs     those that decide its mode
//!   lapic.rs      how it starts another one
//!   iret.rs       how a flag is set, which a plugin cannot write
//! memory.rs       guest memory
//!   gpa.rs        addresses in it, and the size of a page
//!   pages.rs      which page is private, pending, shared
//!   private_pages.rs  the same, for devices
//! counts.rs       which code has counts of executed instructions
//! mutator.rs      random changes, from a seed
//! unread.rs       what the VMM changes as soon as the guest has read it
//! trace.rs        a line per call
//! lock.rs         locks
//! ```

pub(crate) mod board;
pub(crate) mod breakpoint;
pub(crate) mod counts;
pub(crate) mod fw_cfg;
pub(crate) mod gpa;
pub(crate) mod guid_table;
pub(crate) mod image;
pub(crate) mod instruction;
pub(crate) mod iret;
pub(crate) mod lapic;
pub(crate) mod lock;
pub(crate) mod memory;
pub(crate) mod mutator;
pub(crate) mod outcome;
pub(crate) mod pages;
pub(crate) mod platform;
pub(crate) mod private_pages;
pub(crate) mod ram;
pub(crate) mod registers;
pub(crate) mod system;
pub(crate) mod trace;
pub(crate) mod unread;
pub(crate) mod vcpu;
