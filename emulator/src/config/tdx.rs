// SPDX-License-Identifier: GPL-2.0

//! Options of a TD, and what its VMM does.
//!
//! | key | value | default |
//! |---|---|---|
//! | `attributes` | attributes of the TD, hexadecimal | `10000000`, SEPT_VE_DISABLE |
//! | `xfam` | extended features of the TD, hexadecimal | `207`: x87, SSE, AVX, PKRU |
//! | `mrtd` | 96 hexadecimal digits | the measurement of the firmware |
//! | `mrseam`, `mrsignerseam` | of the TDX module, 96 hexadecimal digits each | of the emulator's name; zero |
//! | `mrconfigid` | 96 hexadecimal digits | zero |
//! | `mrowner` | 96 hexadecimal digits | zero |
//! | `mrownerconfig` | 96 hexadecimal digits | zero |
//! | `quote` | how the VMM answers GetQuote, see below | `answer` |
//! | `quote_status` | answers GetQuote with this status and no quote, hexadecimal | none |
//! | `quote_call` | refuses GetQuote with this in `R10`, hexadecimal | none |
//! | `quote_delay_us`, `quote_delay_ms` | how long a quote is in flight | 0, answered in the call |
//! | `quote_until` | what a quote is in flight until, however long that takes, see below | the delay |
//! | `quote_version` | format of quotes: `4`, TDX 1.0, or `5`, TDX 1.5 | `4` |
//! | `quote_size` | least size of a quote, in bytes, or with `K` or `M` | what it needs |
//! | `quote_size_field` | what the TD's metadata says of the size of quotes, or `absent` | `absent` |
//! | `busy` | how often MR.REPORT and MR.RTMR.EXTEND are each busy before they are done | `0` |
//! | `mr_report` | what MR.REPORT does: `answer`, `invalid`, `reserved`: sets what is reserved | `answer` |
//! | `rtmr_extend` | what MR.RTMR.EXTEND does: `answer`, `invalid` | `answer` |
//! | `refuse_after` | how many calls of each are done before `busy` and `invalid` count | `0` |
//! | `refuse_count` | how many calls of each are `invalid`, until they are done again | all |
//! | `map` | what the VMM does with MapGPA from the first GetQuote on, see below | `answer` |
//! | `mutate` | changes bytes of each answer to GetQuote, and its `R10`, from this seed, or has it be late | none |
//! | `mutate_map` | changes answers to MapGPA from this seed, from the first GetQuote on | none |
//! | `mutate_count` | how many answers are changed | all |
//! | `trace` | file for a line per TDCALL | none |
//!
//! | `quote` | answer |
//! |---|---|
//! | `answer` | a quote |
//! | `error`, `unavailable` | the status that means this |
//! | `never` | the request stays in flight |
//! | `empty` | success, and no length |
//! | `long`, `huge` | success, and a length of one byte more than fits, of 4 GiB |
//! | `version` | a quote, in a buffer of version 2 |
//! | `garbage` | success, and bytes of no meaning |
//! | `noise` | a quote, but all else that the guest need not read has no meaning |
//! | `changing` | a quote, whose length goes on changing |
//! | `flipping` | a quote, and in flight again, and so on |
//! | `once` | a quote, but its status and length can be read once: then in flight, and 4 GiB |
//!
//! | `quote_until` | in flight until |
//! |---|---|
//! | `extend` | the guest extends a register |
//! | `requests:N` | so many are in flight |
//! | `reads:N` | the guest has looked at one so often |
//!
//! | `map` | answer |
//! |---|---|
//! | `answer` | pages are converted |
//! | `keep_shared` | the VMM says that pages are private, and leaves them shared |
//! | `keep_private` | it says that they are shared, and leaves them private |
//! | `refuse` | it refuses to make pages shared |
//!
//! A buffer for a quote may have 128 KiB, or what a quote of `quote_size` needs if that is more.

use std::{
    path::PathBuf,
    time::Duration, //
};

use tsm_proto::tdx::Digest384;

use super::value::{
    count,
    digest,
    hex,
    number,
    size, //
};
use crate::quoting::Version;

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
    /// Attributes of the TD.
    pub(crate) attributes: u64,
    /// `XFAM`.
    pub(crate) xfam: u64,
    /// `MRTD`, if not measured.
    pub(crate) mrtd: Option<Digest384>,
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
    /// The size of a quote in the metadata.
    pub(crate) quote_size_field: Option<u64>,
    /// With what GetQuote is refused.
    pub(crate) quote_call: Option<u64>,
    /// How often calls are busy.
    pub(crate) busy: u32,
    /// How many calls are done before any is refused.
    pub(crate) refuse_after: u32,
    /// How many calls are invalid.
    pub(crate) refuse_count: u32,
    /// What `TDG.MR.REPORT` does.
    pub(crate) mr_report: ReportService,
    /// Whether `TDG.MR.RTMR.EXTEND` refuses the operands.
    pub(crate) extend_invalid: bool,
    /// What the VMM does with conversions, from the first request for a quote on.
    pub(crate) map: MapService,
    /// The seed of random changes.
    pub(crate) mutate: Option<u64>,
    /// The seed of random changes of conversions.
    pub(crate) mutate_map: Option<u64>,
    /// How many answers are changed.
    pub(crate) mutate_count: u64,
    /// Where calls are logged.
    pub(crate) trace: Option<PathBuf>,
}

/// Extended features that a TD of the emulator may use: x87, SSE, AVX, PKRU.
const XFAM: u64 = 0x207;

/// Without it Linux refuses to run.
const SEPT_VE_DISABLE: u64 = 1 << 28;

impl Default for TdxConfig {
    fn default() -> Self {
        Self {
            attributes: SEPT_VE_DISABLE,
            xfam: XFAM,
            mrtd: None,
            mrseam: None,
            mrsignerseam: Digest384::ZERO,
            mrconfigid: Digest384::ZERO,
            mrowner: Digest384::ZERO,
            mrownerconfig: Digest384::ZERO,
            quote: QuoteService::default(),
            quote_delay: Duration::ZERO,
            quote_until: None,
            quote_version: Version::default(),
            quote_size: 0,
            quote_size_field: None,
            quote_call: None,
            busy: 0,
            refuse_after: 0,
            refuse_count: u32::MAX,
            mr_report: ReportService::default(),
            extend_invalid: false,
            map: MapService::default(),
            mutate: None,
            mutate_map: None,
            mutate_count: u64::MAX,
            trace: None,
        }
    }
}

impl TdxConfig {
    /// Sets one option. The error is what was expected.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "attributes" => self.attributes = hex(value)?,
            "xfam" => self.xfam = hex(value)?,
            "mrtd" => self.mrtd = Some(digest(value)?),
            "mrseam" => self.mrseam = Some(digest(value)?),
            "mrsignerseam" => self.mrsignerseam = digest(value)?,
            "mrconfigid" => self.mrconfigid = digest(value)?,
            "mrowner" => self.mrowner = digest(value)?,
            "mrownerconfig" => self.mrownerconfig = digest(value)?,
            "quote" => self.quote = quote_service(value)?,
            "quote_status" => self.quote = QuoteService::Status(hex(value)?),
            "quote_call" => self.quote_call = Some(hex(value)?),
            "busy" => self.busy = count(value)?,
            "refuse_after" => self.refuse_after = count(value)?,
            "refuse_count" => self.refuse_count = count(value)?,
            "mr_report" => {
                self.mr_report = match value {
                    "answer" => ReportService::Answer,
                    "invalid" => ReportService::Invalid,
                    "reserved" => ReportService::Reserved,
                    _ => return Err("answer, invalid or reserved".into()),
                }
            }
            "rtmr_extend" => {
                self.extend_invalid = match value {
                    "answer" => false,
                    "invalid" => true,
                    _ => return Err("answer or invalid".into()),
                }
            }
            "map" => {
                self.map = match value {
                    "answer" => MapService::Answer,
                    "keep_shared" => MapService::KeepShared,
                    "keep_private" => MapService::KeepPrivate,
                    "refuse" => MapService::Refuse,
                    _ => return Err("answer, keep_shared, keep_private or refuse".into()),
                }
            }
            "mutate" => self.mutate = Some(number(value)?),
            "mutate_map" => self.mutate_map = Some(number(value)?),
            "mutate_count" => self.mutate_count = number(value)?,
            "quote_delay_us" => self.quote_delay = Duration::from_micros(number(value)?),
            "quote_delay_ms" => self.quote_delay = Duration::from_millis(number(value)?),
            "quote_until" => self.quote_until = Some(quote_until(value)?),
            "quote_version" => {
                self.quote_version = match value {
                    "4" => Version::V4,
                    "5" => Version::V5,
                    _ => return Err("4 or 5".into()),
                }
            }
            "quote_size" => self.quote_size = size(value)?,
            "quote_size_field" => {
                self.quote_size_field = match value {
                    "absent" => None,
                    _ => Some(size(value)?.into()),
                }
            }
            "trace" => self.trace = Some(value.into()),
            _ => return Err(
                "another key: attributes, xfam, mrtd, mrseam, mrsignerseam, mrconfigid, mrowner, \
                 mrownerconfig, quote, quote_status, quote_call, quote_delay_us, quote_delay_ms, \
                 quote_until, quote_version, quote_size, quote_size_field, busy, mr_report, \
                 rtmr_extend, refuse_after, refuse_count, map, mutate, mutate_map, mutate_count or \
                 trace"
                    .into(),
            ),
        }
        Ok(())
    }
}

/// Parses what the VMM does with a request for a quote.
fn quote_service(value: &str) -> Result<QuoteService, &'static str> {
    Ok(match value {
        "answer" => QuoteService::Answer,
        "error" => QuoteService::Error,
        "unavailable" => QuoteService::Unavailable,
        "never" => QuoteService::Never,
        "empty" => QuoteService::Empty,
        "long" => QuoteService::Long,
        "huge" => QuoteService::Huge,
        "version" => QuoteService::Version,
        "garbage" => QuoteService::Garbage,
        "noise" => QuoteService::Noise,
        "changing" => QuoteService::Changing,
        "flipping" => QuoteService::Flipping,
        "once" => QuoteService::Once,
        _ => {
            return Err(
                "answer, error, unavailable, never, empty, long, huge, version, garbage, \
                        noise, changing, flipping or once",
            )
        }
    })
}

/// Parses what a quote is in flight until.
fn quote_until(value: &str) -> Result<QuoteUntil, &'static str> {
    let count = |value| count(value).ok().filter(|count| *count > 0);
    let until = match value.split_once(':') {
        Some(("requests", value)) => count(value).map(QuoteUntil::Requests),
        Some(("reads", value)) => count(value).map(QuoteUntil::Reads),
        None if value == "extend" => Some(QuoteUntil::Extend),
        _ => None,
    };

    until.ok_or("extend, requests:N or reads:N, where N is at least 1")
}

#[cfg(test)]
mod tests;
