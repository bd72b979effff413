// SPDX-License-Identifier: GPL-2.0

//! Memory that the TDX module reads and writes.

use core::{
    marker::PhantomData,
    ops::{
        Deref,
        DerefMut, //
    },
};

use kernel::prelude::*;
use tsm_proto::Gpa;
use zerocopy::{
    FromBytes,
    IntoBytes, //
};

/// Bytes with the largest size and alignment that the TDX module wants of an operand.
#[derive(Zeroable)]
#[repr(C, align(1024))]
struct Block([u8; 1024]);

/// A value in private memory, at an address that the TDX module takes.
///
/// # Invariants
///
/// `block` begins with a `T`. It comes from `kmalloc()`, so it is in one piece, and in the kernel's
/// direct map, where only the owner of a whole page may share it. `gpa` is its
/// address.
///
/// # Examples
///
/// See [`Guest`](super::Guest).
pub struct Operand<T> {
    block: KBox<Block>,
    gpa: Gpa,
    _value: PhantomData<T>,
}

impl<T: FromBytes + IntoBytes> Operand<T> {
    const FITS: () = {
        assert!(size_of::<T>() <= size_of::<Block>());
        assert!(align_of::<T>() <= align_of::<Block>());
    };

    /// Makes a value of zeros.
    #[inline]
    pub fn new() -> Result<Self> {
        let () = Self::FITS;

        let block = KBox::init(pin_init::init_zeroed::<Block>(), GFP_KERNEL)?;
        let start: *const Block = &*block;
        // SAFETY: `KBox` allocates with `kmalloc()`, so this is an address in the direct map.
        let gpa = unsafe { tsm_bindings::tsm_helper_virt_to_phys(start.cast()) };

        // INVARIANT: `FITS` checks that there is room for a `T`, which all zeros are one of; a box
        // stays where it is.
        Ok(Self {
            block,
            gpa: Gpa::new(gpa),
            _value: PhantomData,
        })
    }

    /// Returns where the TDX module finds the value.
    #[inline]
    pub(super) fn gpa(&self) -> Gpa {
        self.gpa
    }
}

impl<T: FromBytes + IntoBytes> Deref for Operand<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        let start: *const Block = &*self.block;

        // SAFETY: By the type invariant, there is a `T`; `FITS` checks size and alignment. The module
        // writes only while there is a `&mut Operand`, and whatever it writes is a `T`.
        unsafe { &*start.cast() }
    }
}

impl<T: FromBytes + IntoBytes> DerefMut for Operand<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        let start: *mut Block = &mut *self.block;

        // SAFETY: By the type invariant, there is a `T`; `FITS` checks size and alignment. `&mut
        // self` is the only reference. Whatever is written through it leaves bytes, as `T:
        // IntoBytes`.
        unsafe { &mut *start.cast() }
    }
}
