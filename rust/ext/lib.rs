// SPDX-License-Identifier: GPL-2.0

//! Safe abstractions that the `kernel` crate lacks.
//!
//! A staging area: each module here has the shape that it would have in `rust/kernel/`.
//!
//! # Status
//!
//! Complete: no feature is known to be missing. Stable: the API is not expected to change, but covers
//! what the drivers here need. Initial: a first version, of which the API may change.
//!
//! The third column is what the `kernel` crate of 7.3.4 has for the same purpose.
//!
//! | module           | status   | `kernel`         | why it is not enough |
//! |------------------|----------|------------------|---|
//! | [`cached_box`]   | complete | none             | |
//! | [`capability`]   | complete | none             | |
//! | [`close_on_drop`] | initial  | none             | |
//! | [`closing`]      | initial  | `sync::Completion` | a wait has no end of its own, and can not be killed |
//! | [`configfs`]     | stable   | `configfs`       | has no binary files; its items are groups; all files have mode 0660 |
//! | [`crypto`]       | initial  | none             | |
//! | [`error`]        | complete | `error`          | has no constants for these numbers, and `from_errno()` takes an `i32` |
//! | [`hash`]         | initial  | none             | |
//! | [`key`]          | initial  | none             | |
//! | [`kstrtox`]      | complete | none             | |
//! | [`miscdevice`]   | stable   | `miscdevice`     | a device has no data; on 7.2, an open file does not keep its module |
//! | [`module`]       | complete | `module`         | does not tell a module its version |
//! | [`module_param`] | complete | `module_param`   | is used; its `value()` differs between 7.2 and 7.3, which this hides |
//! | [`mutex`]        | stable   | `sync::Mutex`    | a wait can not be killed |
//! | [`output_buffer`] | stable   | none             | `&mut [MaybeUninit<u8>]` does not tell how much of it was filled |
//! | [`pages`]        | stable   | `page::Page`     | is one page; a quote or what an SVSM attests takes several in one piece |
//! | [`pci`]        | initial  | `pci`            | is for the driver of a device; has no DOE, no notifier and no TSM |
//! | [`platform`]     | initial  | `platform`       | a module loads even if there is no device |
//! | [`pm`]           | complete | none             | |
//! | [`ratelimit`]    | initial  | none             | |
//! | [`secret`]       | complete | none             | |
//! | [`semaphore`]    | stable   | none             | `sync::Completion` counts nothing, and a wait can not be killed |
//! | [`seq_bytes`]    | stable   | none             | |
//! | [`sev`]          | stable   | none             | |
//! | [`shared`]       | stable   | `dma::Coherent`  | needs a device |
//! | [`sysfs`]        | stable   | none             | `debugfs` is for debugging only |
//! | [`tdx`]          | stable   | none             | |
//! | [`time`]         | initial  | `time::delay`    | a sleep can not be killed |
//! | [`uaccess`]      | stable   | `uaccess`        | knows the traits of `transmute`, not those of zerocopy |
//! | [`users`]        | stable   | `sync::Refcount` | is used, with `sync::Completion`; by itself it can not be waited for |
//! | [`uuid`]         | initial  | none             | |
//! | [`volatile`]     | stable   | `io::SysMem`     | is not in 7.2; it copies ranges by `memcpy()` |
//! | [`worker`]       | stable   | `workqueue`      | is used; it has no queue that can be made and destroyed, no thread with a priority, and no result |
//!
//! A module has only what it uses of this crate, see `inline-always` in `Kbuild`.

pub mod cached_box;
pub mod capability;
pub mod close_on_drop;
pub mod closing;
pub mod configfs;
#[cfg(CONFIG_TSM_RS_CRYPTO)]
pub mod crypto;
pub mod error;
pub mod hash;
#[cfg(CONFIG_TSM_RS_CRYPTO)]
pub mod key;
pub mod kstrtox;
pub mod miscdevice;
pub mod module;
pub mod module_param;
pub mod mutex;
pub mod output_buffer;
#[cfg(any(CONFIG_INTEL_TDX_GUEST, CONFIG_AMD_MEM_ENCRYPT))]
pub mod pages;
#[cfg(CONFIG_PCI_DOE)]
pub mod pci;
pub mod platform;
#[cfg(CONFIG_PM_SLEEP)]
pub mod pm;
pub mod ratelimit;
pub mod secret;
pub mod semaphore;
pub mod seq_bytes;
#[cfg(CONFIG_AMD_MEM_ENCRYPT)]
pub mod sev;
#[cfg(any(CONFIG_INTEL_TDX_GUEST, CONFIG_AMD_MEM_ENCRYPT))]
pub mod shared;
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
