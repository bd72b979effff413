// SPDX-License-Identifier: GPL-2.0

//! Options of a TD, and what its VMM does: see `options` for each.
//!
//! A buffer for a quote may have 128 KiB, or what a quote of `quote_size` needs if that is more, or one that zero
//! bytes make as large.

use std::{
    path::PathBuf,
    time::Duration, //
};

use tsm_proto::Digest384;

use crate::tdx::quoting::{
    Ending,
    Version, //
};

/// How the VMM answers a request for a quote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum QuoteService {
    /// With a quote.
    #[default]
    Answer,
    /// With an error.
    Error,
    /// With the remark that there is no quoting service.
    Unavailable,
    /// Not at all: the request stays in flight.
    Never,
    /// With another status.
    Status(u64),
    /// With a quote of no length.
    Empty,
    /// With a quote that is one byte longer than the buffer.
    Long,
    /// With a quote of 4 GiB.
    Huge,
    /// With another version.
    Version,
    /// With bytes of no meaning in place of the quote.
    Garbage,
    /// With a quote, and bytes of no meaning in all other places.
    Noise,
    /// With a quote whose length goes on changing.
    Changing,
    /// With a quote that is in flight again, and then there again, and so on.
    Flipping,
    /// With a quote whose status and length are others as soon as the guest has read them.
    Once,
    /// With a quote of which each byte is another one as soon as the guest has read it.
    Racing,
}

/// What a quote is in flight until.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuoteUntil {
    /// The guest extends a register.
    Extend,
    /// So many are in flight.
    Requests(u32),
    /// The guest has looked at the status of one so often.
    Reads(u32),
}

/// What the VMM does when it is asked to convert pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum MapService {
    /// It converts them.
    #[default]
    Answer,
    /// It says that they are private, and leaves them shared.
    KeepShared,
    /// It says that they are shared, and leaves them private.
    KeepPrivate,
    /// It refuses to make pages shared.
    Refuse,
}

/// The first call after which the VMM does so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum MapFrom {
    /// `GetQuote`: the guest has shared memory for that.
    #[default]
    Quote,
    /// `TDG.MR.REPORT`, which a driver makes when it is loaded.
    Report,
    /// Any call: a firmware or a kernel makes it when it boots.
    Start,
}

/// With which status calls are busy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Busy {
    /// Another vCPU has the operand.
    #[default]
    Operand,
    /// The VMM holds it, with priority.
    HostPriority,
    /// Another call has the whole module.
    System,
}

/// What a TD starts with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Firmware {
    /// QEMU's own firmware, which knows nothing of TDs. The TD begins with the kernel.
    #[default]
    Pc,
    /// A firmware for TDs, which is launched as the TDX module does it.
    Tdvf,
}

/// How the VMM launches a firmware for TDs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum LaunchService {
    /// As its metadata say.
    #[default]
    Right,
    /// The TDX module does not measure what is in its sections.
    Unmeasured,
    /// The last bit of its variables is inverted. They are not in `MRTD`.
    Variables,
}

/// What the TD HOB says of RAM.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum HandOffService {
    /// The RAM that there is.
    #[default]
    Right,
    /// The upper half of what is below 4 GiB is missing.
    Less,
    /// What the TD has at its start is also among that which it has to accept.
    Twice,
    /// The TD has what is above 4 GiB, and need not accept it.
    Accepted,
}

/// What the VMM answers a processor that asks for its number by `Instruction.CPUID`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum CpuidService {
    /// Its number.
    #[default]
    Answer,
    /// Zeros.
    Empty,
}

/// What the VMM answers a read of `IA32_APIC_BASE`, instead of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ApicBase {
    /// Another value.
    Value(u64),
    /// That there is no such MSR.
    Refused,
}

/// What `TDG.MR.REPORT` does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ReportService {
    /// It makes a report.
    #[default]
    Answer,
    /// It refuses the operands.
    Invalid,
    /// It makes a report that has bits set that are reserved.
    Reserved,
}

/// The options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TdxConfig {
    /// What the TD starts with.
    pub(crate) firmware: Firmware,
    /// How that is launched if it is one for TDs.
    pub(crate) launch: LaunchService,
    /// What the VMM says of RAM to that firmware.
    pub(crate) hand_off: HandOffService,
    /// What the VMM answers `Instruction.CPUID`.
    pub(crate) cpuid: CpuidService,
    /// What the VMM answers a read of `IA32_APIC_BASE`, if not its value.
    pub(crate) apic_base: Option<ApicBase>,
    /// The port that the VMM refuses.
    pub(crate) refuse_port: Option<u16>,
    /// Attributes of the TD.
    pub(crate) attributes: u64,
    /// `XFAM`.
    pub(crate) xfam: u64,
    /// `MRTD`, if not measured.
    pub(crate) mrtd: Option<Digest384>,
    /// `TEE_TCB_SVN`: of the TDX module, its version, and of the SEAM loader; the rest is reserved.
    pub(crate) tee_tcb_svn: [u8; 16],
    /// `TEE_TCB_SVN2`: the same of the module that runs now, if that was updated since the launch of the TD.
    pub(crate) tee_tcb_svn2: Option<[u8; 16]>,
    /// `MRSEAM`, if not the usual one.
    pub(crate) mrseam: Option<Digest384>,
    /// `MRSIGNERSEAM`.
    pub(crate) mrsignerseam: Digest384,
    /// `MRCONFIGID`.
    pub(crate) mrconfigid: Digest384,
    /// `MROWNER`.
    pub(crate) mrowner: Digest384,
    /// `MROWNERCONFIG`.
    pub(crate) mrownerconfig: Digest384,
    /// `SERVTD_HASH`; zero if there are no service TDs.
    pub(crate) servtd_hash: Digest384,
    /// The quoting service.
    pub(crate) quote: QuoteService,
    /// How long the quoting service takes.
    pub(crate) quote_delay: Duration,
    /// What it waits for.
    pub(crate) quote_until: Option<QuoteUntil>,
    /// The format of quotes.
    pub(crate) quote_version: Version,
    /// The least size of a quote.
    pub(crate) quote_size: u32,
    /// The number of the quoting enclave, if not the usual one.
    pub(crate) qe_id: Option<[u8; 16]>,
    /// What quotes end with.
    pub(crate) quote_ending: Ending,
    /// The size of a quote in the metadata.
    pub(crate) quote_size_field: Option<u64>,
    /// With what GetQuote is refused.
    pub(crate) quote_call: Option<u64>,
    /// How often calls are busy, and with which status.
    pub(crate) busy: u32,
    pub(crate) busy_status: Busy,
    /// How many calls are done before any is refused.
    pub(crate) refuse_after: u32,
    /// How many calls are invalid.
    pub(crate) refuse_count: u32,
    /// What `TDG.MR.REPORT` does.
    pub(crate) mr_report: ReportService,
    /// Whether `TDG.MR.RTMR.EXTEND` refuses the operands.
    pub(crate) extend_invalid: bool,
    /// What the VMM does with conversions, and from when on.
    pub(crate) map: MapService,
    pub(crate) map_from: MapFrom,
    /// The seed of random changes.
    pub(crate) mutate: Option<u64>,
    /// The seed of random changes of conversions.
    pub(crate) mutate_map: Option<u64>,
    /// How many answers are changed.
    pub(crate) mutate_count: u64,
    /// Where calls are logged.
    pub(crate) trace: Option<PathBuf>,
}

/// Extended features that a TD may use, as on machines with AMX: x87, SSE, AVX, AVX-512, PKRU, AMX. `CPUID` says
/// which of them the emulated CPU has, and the kernel goes by that.
const XFAM: u64 = 0x602e7;

/// Without it Linux refuses to run.
const SEPT_VE_DISABLE: u64 = 1 << 28;

/// What platforms of 2023 have.
const TEE_TCB_SVN: [u8; 16] = [5, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

impl Default for TdxConfig {
    fn default() -> Self {
        Self {
            firmware: Firmware::default(),
            launch: LaunchService::default(),
            hand_off: HandOffService::default(),
            cpuid: CpuidService::default(),
            apic_base: None,
            refuse_port: None,
            attributes: SEPT_VE_DISABLE,
            xfam: XFAM,
            mrtd: None,
            tee_tcb_svn: TEE_TCB_SVN,
            tee_tcb_svn2: None,
            mrseam: None,
            mrsignerseam: Digest384::ZERO,
            mrconfigid: Digest384::ZERO,
            mrowner: Digest384::ZERO,
            mrownerconfig: Digest384::ZERO,
            servtd_hash: Digest384::ZERO,
            quote: QuoteService::default(),
            quote_delay: Duration::ZERO,
            quote_until: None,
            quote_version: Version::default(),
            quote_size: 0,
            qe_id: None,
            quote_ending: Ending::default(),
            quote_size_field: None,
            quote_call: None,
            busy: 0,
            busy_status: Busy::default(),
            refuse_after: 0,
            refuse_count: u32::MAX,
            mr_report: ReportService::default(),
            extend_invalid: false,
            map: MapService::default(),
            map_from: MapFrom::default(),
            mutate: None,
            mutate_map: None,
            mutate_count: u64::MAX,
            trace: None,
        }
    }
}

#[cfg(test)]
mod tests;
