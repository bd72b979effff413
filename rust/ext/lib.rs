// SPDX-License-Identifier: GPL-2.0

//! Safe abstractions that the `kernel` crate lacks.
//!
//! A staging area: each module here has the shape that it would have in `rust/kernel/`.
//!
//! A module has only what it uses of this crate, see `inline-always` in `Kbuild`.

pub mod close_on_drop;
pub mod configfs;
pub mod error;
pub mod hash;
pub mod kstrtox;
pub mod miscdevice;
pub mod module_param;
pub mod mutex;
#[cfg(any(CONFIG_INTEL_TDX_GUEST, CONFIG_AMD_MEM_ENCRYPT))]
pub mod pages;
pub mod platform;
pub mod ratelimit;
pub mod room;
pub mod secret;
pub mod semaphore;
pub mod seq_bytes;
#[cfg(CONFIG_AMD_MEM_ENCRYPT)]
pub mod sev;
#[cfg(any(CONFIG_INTEL_TDX_GUEST, CONFIG_AMD_MEM_ENCRYPT))]
pub mod shared;
pub mod spare;
pub mod sysfs;
#[cfg(CONFIG_INTEL_TDX_GUEST)]
pub mod tdx;
pub mod time;
pub mod uaccess;
pub mod users;
pub mod uuid;
pub mod volatile;
pub mod worker;

/// What `pr_err!` looks for in the root of a crate, and only `module!` defines by itself.
const __LOG_PREFIX: &[u8] = b"tsm_ext\0";
