// SPDX-License-Identifier: GPL-2.0

//! How messages name a TDI, which decides their layout. TIO, tables 60, 61, 63, 64, 67 and 69; AMD 2.
//!
//! Where pages begin is an address in version 1. In version 2 it is the number of a page, as in linux-kvm of AMD 2, the
//! later of the two trees; in linux-iommu it is still an address.

use core::{
    fmt,
    mem::offset_of, //
};

use zerocopy::{
    little_endian::{
        U16,
        U64, //
    },
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use crate::{
    open_enum::open_enum,
    Gpa, //
};

open_enum! {
    /// The version of a guest message of SEV-TIO, which is in its header.
    pub struct MessageVersion(u8) {
        /// Messages begin with a [`GuestDeviceId`].
        V1 = 1,
        /// Messages begin with a [`TdiId`].
        V2 = 2,
    }
}

/// A name of a TDI in messages.
///
/// A request and its answer begin with 16 bytes that have the name in them, and in the answer the status.
pub trait Tdi: Copy + Eq + fmt::Debug + sealed::Sealed {
    /// The version of the messages that have this name.
    const VERSION: MessageVersion;

    /// What a message begins with.
    type Head: FromBytes + IntoBytes + Immutable + KnownLayout + Unaligned + 'static;

    /// Makes what a request begins with.
    fn head(self) -> Self::Head;

    /// Returns the name and the status that an answer begins with.
    fn named(head: &Self::Head) -> (Self, u16);

    /// Returns what says in a message where pages begin.
    fn base(pages: Gpa) -> u64;
}

mod sealed {
    /// Keeps other types from being a name of a TDI.
    pub trait Sealed {}
}

/// The PCI requester ID of a TDI in the guest, which the host chose. The segment is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuestDeviceId(u16);

impl GuestDeviceId {
    /// Takes the number.
    pub const fn new(raw: u16) -> Self {
        Self(raw)
    }

    /// Returns the number.
    pub const fn raw(self) -> u16 {
        self.0
    }
}

/// What the firmware calls a TDI since it was bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TdiId(u64);

impl TdiId {
    /// Takes the number.
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    /// Returns the number.
    pub const fn raw(self) -> u64 {
        self.0
    }
}

/// What a message of version 1 begins with.
#[derive(
    Debug,
    Clone,
    Copy,
    zerocopy_derive::FromBytes,
    zerocopy_derive::IntoBytes,
    zerocopy_derive::Immutable,
    zerocopy_derive::KnownLayout,
    zerocopy_derive::Unaligned,
)]
#[repr(C)]
pub struct HeadV1 {
    guest_device_id: U16,
    /// Reserved in a request.
    status: U16,
    reserved: [u8; 12],
}

/// What a message of version 2 begins with.
#[derive(
    Debug,
    Clone,
    Copy,
    zerocopy_derive::FromBytes,
    zerocopy_derive::IntoBytes,
    zerocopy_derive::Immutable,
    zerocopy_derive::KnownLayout,
    zerocopy_derive::Unaligned,
)]
#[repr(C)]
pub struct HeadV2 {
    tdi_id: U64,
    /// Reserved in a request.
    status: U16,
    reserved: [u8; 6],
}

const _: () = {
    assert!(size_of::<HeadV1>() == 16);
    assert!(offset_of!(HeadV1, guest_device_id) == 0);
    assert!(offset_of!(HeadV1, status) == 2);
    assert!(offset_of!(HeadV1, reserved) == 4);

    assert!(size_of::<HeadV2>() == 16);
    assert!(offset_of!(HeadV2, tdi_id) == 0);
    assert!(offset_of!(HeadV2, status) == 8);
    assert!(offset_of!(HeadV2, reserved) == 10);
};

impl sealed::Sealed for GuestDeviceId {}

impl Tdi for GuestDeviceId {
    const VERSION: MessageVersion = MessageVersion::V1;
    type Head = HeadV1;

    fn head(self) -> HeadV1 {
        HeadV1 {
            guest_device_id: self.0.into(),
            status: U16::ZERO,
            reserved: [0; 12],
        }
    }

    fn named(head: &HeadV1) -> (Self, u16) {
        (Self(head.guest_device_id.get()), head.status.get())
    }

    fn base(pages: Gpa) -> u64 {
        pages.raw()
    }
}

impl sealed::Sealed for TdiId {}

impl Tdi for TdiId {
    const VERSION: MessageVersion = MessageVersion::V2;
    type Head = HeadV2;

    fn head(self) -> HeadV2 {
        HeadV2 {
            tdi_id: self.0.into(),
            status: U16::ZERO,
            reserved: [0; 6],
        }
    }

    fn named(head: &HeadV2) -> (Self, u16) {
        (Self(head.tdi_id.get()), head.status.get())
    }

    fn base(pages: Gpa) -> u64 {
        pages.raw() >> 12
    }
}
