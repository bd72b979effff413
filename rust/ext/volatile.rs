// SPDX-License-Identifier: GPL-2.0

//! Copies of memory that another party may access at the same time: the VMM, or another CPU.
//!
//! The compiler knows `memcpy()` as a builtin, and may assume that memory which is copied by it does not
//! change meanwhile. Of what an assembly block accesses, it assumes nothing.

use core::arch::asm;

/// Copies `len` bytes, each once. What another party writes meanwhile may be copied in part.
///
/// # Safety
///
/// `from` must be readable and `to` writable for `len` bytes, which must not overlap. No reference may
/// exist to memory that another party may write at the same time, nor to what is written here.
pub(crate) unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: By the safety requirements, the instruction reads and writes memory that it may. The
    // direction flag is clear on entry, as the ABI has it.
    unsafe {
        asm!(
            "rep movsb",
            inout("rcx") len => _,
            inout("rsi") from => _,
            inout("rdi") to => _,
            options(nostack, preserves_flags),
        )
    };
}
