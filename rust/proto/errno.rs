// SPDX-License-Identifier: GPL-2.0

//! The errno of each [`Error`] and of each status of a platform, only in the kernel build.
//!
//! Some errnos tell a client that there is no TSM: systemd, for one, then goes on without a
//! signature. An answer from outside the guest never becomes one of them, see [`answer`].

use kernel::bindings;

use crate::{
    snp::{
        svsm,
        FirmwareStatus, //
    },
    tdx::{
        quote,
        Status,
        VmcallStatus, //
    },
    Error, //
};

impl From<Error> for kernel::error::Error {
    #[inline]
    fn from(err: Error) -> Self {
        match err {
            Error::Truncated | Error::Trailing => answer::<{ bindings::EMSGSIZE }>(),
            Error::UnknownType
            | Error::UnknownSubtype
            | Error::UnknownVersion
            | Error::ReservedSet => answer::<{ bindings::EBADMSG }>(),
            Error::NoSuchRegister | Error::NoSuchLevel => answer::<{ bindings::EINVAL }>(),
            Error::Exhausted | Error::QuoteInFlight => answer::<{ bindings::EBUSY }>(),
            Error::QuoteFailed(quote::Status::SERVICE_UNAVAILABLE) => {
                answer::<{ bindings::EHOSTDOWN }>()
            }
            Error::QuoteFailed(_) => answer::<{ bindings::EIO }>(),
            Error::QuoteEmpty
            | Error::SvsmLength(_)
            | Error::TableUnterminated
            | Error::CertificateOutside(_) => answer::<{ bindings::EPROTO }>(),
            Error::QuoteTooLarge | Error::TooLarge => answer::<{ bindings::EFBIG }>(),
            Error::FirmwareRefused(FirmwareStatus::INVALID_PARAM) => {
                answer::<{ bindings::EINVAL }>()
            }
            Error::FirmwareRefused(FirmwareStatus::INVALID_KEY) => {
                answer::<{ bindings::EKEYREJECTED }>()
            }
            // An SVSM that does not have a service does not know the GUID either.
            Error::SvsmRefused(
                svsm::Status::INVALID_PARAMETER
                | svsm::Status::UNSUPPORTED_PROTOCOL
                | svsm::Status::UNSUPPORTED_CALL,
            ) => answer::<{ bindings::EINVAL }>(),
            Error::FirmwareRefused(_) | Error::SvsmRefused(_) => {
                answer::<{ bindings::EREMOTEIO }>()
            }
        }
    }
}

impl From<Status> for kernel::error::Error {
    #[inline]
    fn from(status: Status) -> Self {
        match status.is_busy() {
            true => answer::<{ bindings::EBUSY }>(),
            false => answer::<{ bindings::EIO }>(),
        }
    }
}

impl From<VmcallStatus> for kernel::error::Error {
    #[inline]
    fn from(status: VmcallStatus) -> Self {
        match status {
            VmcallStatus::RETRY | VmcallStatus::GPA_IN_USE => answer::<{ bindings::EBUSY }>(),
            // A VMM without GetQuote has no quoting service either.
            VmcallStatus::SUBFUNC_UNSUPPORTED => answer::<{ bindings::EHOSTDOWN }>(),
            _ => answer::<{ bindings::EIO }>(),
        }
    }
}

/// Tells whether a client takes this errno for the absence of the interface.
const fn means_absence(code: u32) -> bool {
    matches!(
        code,
        bindings::EOPNOTSUPP
            | bindings::ENXIO
            | bindings::ENOENT
            | bindings::ENODEV
            | bindings::ENOTTY
    )
}

/// Returns the error with this errno, for an answer of the VMM, the firmware, the TDX module or
/// an SVSM. An errno that means the absence of the interface does not compile.
#[inline]
fn answer<const CODE: u32>() -> kernel::error::Error {
    const { assert!(!means_absence(CODE)) };

    // CAST: Every errno is below 4096.
    kernel::error::Error::from_errno(-(CODE as i32))
}
