// SPDX-License-Identifier: GPL-2.0

//! Functions of the TDX module for guests: what goes into the registers, and what comes out.
//!
//! ABI, chapter "Guest-Side (TDCALL) Interface Functions". `RAX` has the [`Leaf`] and, afterwards,
//! the [`Status`](super::Status); nothing else of what comes out counts unless that is a success.

use core::ops::RangeInclusive;

use crate::{
    open_enum::open_enum,
    tdx::{
        Rtmr,
        VmcallStatus, //
    },
    Gpa, //
};

open_enum! {
    /// Which function, `RAX` bits 15:0. All of them are asked for in version 0.
    pub struct Leaf(u16) {
        /// `TDG.VP.VMCALL`.
        VP_VMCALL = 0,
        /// `TDG.VP.INFO`.
        VP_INFO = 1,
        /// `TDG.MR.RTMR.EXTEND`.
        MR_RTMR_EXTEND = 2,
        /// `TDG.VP.VEINFO.GET`.
        VP_VEINFO_GET = 3,
        /// `TDG.MR.REPORT`.
        MR_REPORT = 4,
        /// `TDG.MEM.PAGE.ACCEPT`.
        MEM_PAGE_ACCEPT = 6,
        /// `TDG.VM.RD`.
        VM_RD = 7,
        /// `TDG.VM.WR`.
        VM_WR = 8,
        /// `TDG.SYS.RD`.
        SYS_RD = 11,
        /// `TDG.MR.VERIFYREPORT`.
        MR_VERIFYREPORT = 22,
        /// `TDG.TDI.RD`. For this and the next three, see [`connect`](super::connect).
        TDI_RD = 67,
        /// `TDG.TDI.START`.
        TDI_START = 68,
        /// `TDG.DMAR.ACCEPT`.
        DMAR_ACCEPT = 70,
        /// `TDG.TDI.MMIO.ACCEPT`.
        TDI_MMIO_ACCEPT = 71,
    }
}

impl Leaf {
    /// Returns what the specification calls this, if it is one of the above.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::VP_VMCALL => "TDG.VP.VMCALL",
            Self::VP_INFO => "TDG.VP.INFO",
            Self::MR_RTMR_EXTEND => "TDG.MR.RTMR.EXTEND",
            Self::VP_VEINFO_GET => "TDG.VP.VEINFO.GET",
            Self::MR_REPORT => "TDG.MR.REPORT",
            Self::MEM_PAGE_ACCEPT => "TDG.MEM.PAGE.ACCEPT",
            Self::VM_RD => "TDG.VM.RD",
            Self::VM_WR => "TDG.VM.WR",
            Self::SYS_RD => "TDG.SYS.RD",
            Self::MR_VERIFYREPORT => "TDG.MR.VERIFYREPORT",
            Self::TDI_RD => "TDG.TDI.RD",
            Self::TDI_START => "TDG.TDI.START",
            Self::DMAR_ACCEPT => "TDG.DMAR.ACCEPT",
            Self::TDI_MMIO_ACCEPT => "TDG.TDI.MMIO.ACCEPT",
            _ => return None,
        })
    }
}

/// What goes into the registers besides `RAX`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "registers have their names")]
pub struct Arguments {
    pub rcx: u64,
    pub rdx: u64,
    pub r8: u64,
    pub r9: u64,
    pub r10: u64,
    pub r11: u64,
    pub r12: u64,
    pub r13: u64,
    pub r14: u64,
    pub r15: u64,
}

/// What comes out of the registers besides `RAX`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "registers have their names")]
pub struct Results {
    pub rcx: u64,
    pub rdx: u64,
    pub r8: u64,
    pub r9: u64,
    pub r10: u64,
}

/// A call, which names its reply.
pub trait Call {
    /// The function.
    const LEAF: Leaf;
    /// What it returns when it succeeds.
    type Reply;

    /// Returns what goes into the registers.
    fn arguments(&self) -> Arguments;

    /// Takes the reply from the registers.
    fn reply(results: &Results) -> Self::Reply;
}

/// An address of memory that the VMM has access to: the shared bit is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedGpa(u64);

impl SharedGpa {
    /// Returns the address, with the shared bit.
    pub const fn raw(self) -> u64 {
        self.0
    }
}

/// How many bits a guest physical address has. The highest one is the shared bit.
///
/// # Invariants
///
/// Is in [`GpaWidth::RANGE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GpaWidth(u8);

impl GpaWidth {
    /// More bits than one page needs, and no more than there are.
    const RANGE: RangeInclusive<u64> = 13..=64;

    /// Takes a number of bits, if addresses can have that many.
    pub fn new(bits: u64) -> Option<Self> {
        let width = u8::try_from(bits).ok()?;

        // INVARIANT: The number is in `RANGE`, as `contains` has found.
        Self::RANGE.contains(&bits).then_some(Self(width))
    }

    /// Returns the address at which the VMM has the memory at `gpa`. There is none if `gpa` has more
    /// bits than there are below the shared one.
    pub const fn share(self, gpa: Gpa) -> Option<SharedGpa> {
        let shared = 1 << (self.0 - 1);

        if gpa.raw() >= shared {
            return None;
        }
        Some(SharedGpa(gpa.raw() | shared))
    }
}

/// `TDG.VP.INFO`: what kind of machine this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VpInfo;

/// The reply to [`VpInfo`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Info {
    /// Width of addresses, if it is one.
    pub gpa_width: Option<GpaWidth>,
    /// Attributes of the TD.
    pub attributes: u64,
    /// Number of vCPUs, `R8` bits 31:0.
    pub vcpus: u32,
    /// Number of the vCPU that asked.
    pub vcpu: u32,
    /// [`SysRd`] is available.
    pub sys_rd: bool,
}

impl Call for VpInfo {
    const LEAF: Leaf = Leaf::VP_INFO;
    type Reply = Info;

    fn arguments(&self) -> Arguments {
        Arguments::default()
    }

    fn reply(results: &Results) -> Info {
        Info {
            gpa_width: GpaWidth::new(results.rcx & 0x3f),
            attributes: results.rdx,
            // CAST: These are the low halves.
            vcpus: results.r8 as u32,
            vcpu: results.r9 as u32,
            sys_rd: results.r10 & 1 != 0,
        }
    }
}

/// `TDG.MR.REPORT`: a report of subtype 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MrReport {
    /// Where the report goes: 1024 bytes, aligned to 1024.
    pub report: Gpa,
    /// What it is to bind: 64 bytes, aligned to 64.
    pub data: Gpa,
}

impl Call for MrReport {
    const LEAF: Leaf = Leaf::MR_REPORT;
    type Reply = ();

    fn arguments(&self) -> Arguments {
        Arguments {
            rcx: self.report.raw(),
            rdx: self.data.raw(),
            ..Arguments::default()
        }
    }

    fn reply(_results: &Results) {}
}

/// `TDG.MR.RTMR.EXTEND`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MrRtmrExtend {
    /// What with: 48 bytes, aligned to 64.
    pub digest: Gpa,
    /// The register.
    pub rtmr: Rtmr,
}

impl Call for MrRtmrExtend {
    const LEAF: Leaf = Leaf::MR_RTMR_EXTEND;
    type Reply = ();

    fn arguments(&self) -> Arguments {
        Arguments {
            rcx: self.digest.raw(),
            rdx: self.rtmr.index().into(),
            ..Arguments::default()
        }
    }

    fn reply(_results: &Results) {}
}

/// `TDG.MR.VERIFYREPORT`: whether a report was made on this CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MrVerifyReport {
    /// The header of the report: 256 bytes, aligned to 256.
    pub mac: Gpa,
}

impl Call for MrVerifyReport {
    const LEAF: Leaf = Leaf::MR_VERIFYREPORT;
    type Reply = ();

    fn arguments(&self) -> Arguments {
        Arguments {
            rcx: self.mac.raw(),
            ..Arguments::default()
        }
    }

    fn reply(_results: &Results) {}
}

open_enum! {
    /// The identifier of a metadata field. ABI, "MD_FIELD_ID: Metadata Field Identifier".
    pub struct Field(u64) {
        /// Of the TD, `QUOTE_MAX_SIZE`: how long a quote may be. Older modules do not have it.
        QUOTE_MAX_SIZE = 0x9010_0002_0000_0008,
        /// Of the TD, `TD_CTLS`: what the guest has chosen.
        TD_CTLS = 0x1110_0003_0000_0017,
        /// Of the TD, `CONFIG_FLAGS`: see [`ConfigFlags`](super::connect::ConfigFlags).
        CONFIG_FLAGS = 0x1110_0003_0000_0016,
        /// Of the module, `MAJOR_VERSION`.
        MAJOR_VERSION = 0x0800_0001_0000_0004,
        /// Of the module, `TDX_FEATURES0`: what it can do, a bit for each.
        TDX_FEATURES0 = 0x0A00_0003_0000_0008,
    }
}

/// Reads a metadata field, by the function `LEAF`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rd<const LEAF: u16> {
    /// The field.
    pub field: Field,
}

/// `TDG.VM.RD`: of this TD.
pub type VmRd = Rd<{ Leaf::VM_RD.raw() }>;

/// `TDG.SYS.RD`: of the TDX module. See [`Info::sys_rd`].
pub type SysRd = Rd<{ Leaf::SYS_RD.raw() }>;

impl<const LEAF: u16> Call for Rd<LEAF> {
    const LEAF: Leaf = Leaf::new(LEAF);
    type Reply = u64;

    fn arguments(&self) -> Arguments {
        Arguments {
            rdx: self.field.0,
            ..Arguments::default()
        }
    }

    fn reply(results: &Results) -> u64 {
        results.r8
    }
}

/// `TDG.VP.VMCALL<GetQuote>`: asks the VMM for a quote. GHCI, section of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetQuote {
    /// The buffer, aligned to a page.
    pub buffer: SharedGpa,
    /// Its size, whole pages.
    pub size: u64,
}

impl GetQuote {
    /// The sub-function.
    pub const FUNCTION: u64 = 0x10002;

    /// The registers that the VMM sees and writes: `R10` to `R13`, which the call needs.
    pub const EXPOSED: u64 = 0b1111 << 10;
}

impl Call for GetQuote {
    const LEAF: Leaf = Leaf::VP_VMCALL;
    type Reply = VmcallStatus;

    fn arguments(&self) -> Arguments {
        Arguments {
            rcx: Self::EXPOSED,
            // A call that the GHCI defines.
            r10: 0,
            r11: Self::FUNCTION,
            r12: self.buffer.raw(),
            r13: self.size,
            ..Arguments::default()
        }
    }

    fn reply(results: &Results) -> VmcallStatus {
        VmcallStatus::new(results.r10)
    }
}
