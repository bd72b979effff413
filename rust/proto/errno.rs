// SPDX-License-Identifier: GPL-2.0

//! The errno of each [`Error`] and of what a platform answers, only in the kernel build.

use kernel::{
    bindings,
    error::code, //
};

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
            Error::Truncated | Error::Trailing => from_code(bindings::EMSGSIZE),
            Error::UnknownType
            | Error::UnknownSubtype
            | Error::UnknownVersion
            | Error::ReservedSet => from_code(bindings::EBADMSG),
            Error::NoSuchRegister | Error::NoSuchLevel => code::EINVAL,
            Error::Exhausted | Error::QuoteInFlight => code::EBUSY,
            Error::QuoteFailed(quote::Status::SERVICE_UNAVAILABLE) => {
                from_code(bindings::EHOSTDOWN)
            }
            Error::QuoteFailed(_) => code::EIO,
            Error::QuoteEmpty
            | Error::SvsmLength(_)
            | Error::TableUnterminated
            | Error::CertificateOutside(_) => from_code(bindings::EPROTO),
            Error::QuoteTooLarge | Error::TooLarge => code::EFBIG,
            Error::FirmwareRefused(FirmwareStatus::INVALID_PARAM) => code::EINVAL,
            Error::FirmwareRefused(FirmwareStatus::INVALID_KEY) => {
                from_code(bindings::EKEYREJECTED)
            }
            Error::FirmwareRefused(_) => from_code(bindings::EREMOTEIO),
            Error::SvsmRefused(svsm::Status::INVALID_PARAMETER) => code::EINVAL,
            Error::SvsmRefused(
                svsm::Status::UNSUPPORTED_PROTOCOL | svsm::Status::UNSUPPORTED_CALL,
            ) => from_code(bindings::EOPNOTSUPP),
            Error::SvsmRefused(_) => from_code(bindings::EREMOTEIO),
        }
    }
}

impl From<Status> for kernel::error::Error {
    #[inline]
    fn from(status: Status) -> Self {
        match status.class() {
            _ if status.is_busy() => code::EBUSY,
            Status::OPERAND_INVALID | Status::OPERAND_ADDR_RANGE_ERROR => code::ENXIO,
            _ => code::EIO,
        }
    }
}

impl From<VmcallStatus> for kernel::error::Error {
    #[inline]
    fn from(status: VmcallStatus) -> Self {
        match status {
            VmcallStatus::RETRY | VmcallStatus::GPA_IN_USE => code::EBUSY,
            VmcallStatus::SUBFUNC_UNSUPPORTED => from_code(bindings::EOPNOTSUPP),
            _ => code::EIO,
        }
    }
}

/// Makes an error of a code that `kernel::error::code` does not have.
#[inline]
fn from_code(code: u32) -> kernel::error::Error {
    // CAST: Every errno is below 4096.
    kernel::error::Error::from_errno(-(code as i32))
}
