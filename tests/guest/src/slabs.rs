// SPDX-License-Identifier: GPL-2.0

//! What memory the kernel has in use.
//!
//! Only a kernel without KASAN tells, because KASAN keeps freed memory for a while. With KASAN, kmemleak
//! looks for what stays.

use std::fs;

use crate::platform::is_debians_kernel;

/// Tells whether this kernel says what it has in use. Of those that tests run on, Debian's does.
pub fn are_readable() -> bool {
    is_debians_kernel()
}

/// Returns the bytes in use of all `kmalloc()` caches.
///
/// # Panics
///
/// If the kernel does not tell.
pub fn in_use() -> usize {
    let slabs = fs::read_to_string("/proc/slabinfo").unwrap();
    let caches = slabs.lines().filter(|line| line.starts_with("kmalloc"));
    let bytes = |cache: &str| {
        let mut numbers = cache.split_whitespace().skip(1);
        let objects: usize = numbers.next()?.parse().ok()?;
        let size: usize = numbers.nth(1)?.parse().ok()?;
        Some(objects * size)
    };

    caches.filter_map(bytes).sum()
}

/// Returns the KiB of all slabs.
///
/// # Panics
///
/// If the kernel does not tell.
pub fn kibibytes() -> usize {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap();
    let line = meminfo
        .lines()
        .find(|line| line.starts_with("Slab:"))
        .unwrap();

    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
