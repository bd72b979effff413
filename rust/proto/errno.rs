// SPDX-License-Identifier: GPL-2.0

//! The errno of each [`Error`], only in the kernel build.

use kernel::{
    bindings,
    error::code, //
};

use crate::{
    tdx::quote,
    Error, //
};

impl From<Error> for kernel::error::Error {
    fn from(err: Error) -> Self {
        match err {
            Error::Truncated | Error::Trailing => from_code(bindings::EMSGSIZE),
            Error::UnknownType
            | Error::UnknownSubtype
            | Error::UnknownVersion
            | Error::ReservedSet => from_code(bindings::EBADMSG),
            Error::NoSuchRegister => code::EINVAL,
            Error::NoSpace => code::ENOSPC,
            Error::Exhausted | Error::QuoteInFlight => code::EBUSY,
            Error::QuoteFailed(quote::Status::SERVICE_UNAVAILABLE) => {
                from_code(bindings::EHOSTDOWN)
            }
            Error::QuoteFailed(_) => code::EIO,
            Error::QuoteEmpty => from_code(bindings::EPROTO),
            Error::QuoteTooLarge => code::EFBIG,
        }
    }
}

/// Makes an error of a code that `kernel::error::code` does not have.
fn from_code(code: u32) -> kernel::error::Error {
    // CAST: Every errno is below 4096.
    kernel::error::Error::from_errno(-(code as i32))
}
