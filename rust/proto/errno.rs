// SPDX-License-Identifier: GPL-2.0

//! The errno of each error and of each status of a platform, only in the kernel build.
//!
//! Some errnos tell a client of configfs or of `/dev` that there is no TSM: systemd, for one, then goes on
//! without a signature. An answer from outside the guest never becomes one of them, see [`answer`].
//! What a device says goes to the files of that device alone, see [`device`].

use kernel::bindings;

use crate::{
    doe,
    ide_km,
    snp::{
        self,
        certificates,
        svsm,
        tio,
        FirmwareStatus, //
    },
    spdm,
    tdisp,
    tdx::{
        self,
        connect,
        quote,
        Status,
        VmcallStatus, //
    },
    Exhausted,
    LengthError, //
};

impl From<LengthError> for kernel::error::Error {
    fn from(err: LengthError) -> Self {
        match err {
            LengthError::Truncated | LengthError::Trailing => answer::<{ bindings::EMSGSIZE }>(),
        }
    }
}

impl From<Exhausted> for kernel::error::Error {
    fn from(_: Exhausted) -> Self {
        answer::<{ bindings::EBUSY }>()
    }
}

impl From<tdx::Error> for kernel::error::Error {
    fn from(err: tdx::Error) -> Self {
        use tdx::Error;

        match err {
            Error::Truncated | Error::Trailing => answer::<{ bindings::EMSGSIZE }>(),
            Error::UnknownType
            | Error::UnknownSubtype
            | Error::UnknownVersion
            | Error::ReservedSet => answer::<{ bindings::EBADMSG }>(),
            Error::NoSuchRegister => answer::<{ bindings::EINVAL }>(),
        }
    }
}

impl From<quote::Error> for kernel::error::Error {
    fn from(err: quote::Error) -> Self {
        use quote::Error;

        match err {
            Error::Truncated => answer::<{ bindings::EMSGSIZE }>(),
            Error::UnknownVersion => answer::<{ bindings::EBADMSG }>(),
            Error::Report(err) => err.into(),
            Error::InFlight => answer::<{ bindings::EBUSY }>(),
            Error::Failed(quote::Status::SERVICE_UNAVAILABLE) => {
                answer::<{ bindings::EHOSTDOWN }>()
            }
            Error::Failed(_) => answer::<{ bindings::EIO }>(),
            Error::Empty => answer::<{ bindings::EPROTO }>(),
            Error::TooLarge => answer::<{ bindings::EFBIG }>(),
        }
    }
}

impl From<snp::Error> for kernel::error::Error {
    fn from(err: snp::Error) -> Self {
        use snp::Error;

        match err {
            Error::Truncated | Error::Trailing => answer::<{ bindings::EMSGSIZE }>(),
            Error::UnknownVersion => answer::<{ bindings::EBADMSG }>(),
            Error::NoSuchLevel | Error::Refused(FirmwareStatus::INVALID_PARAM) => {
                answer::<{ bindings::EINVAL }>()
            }
            Error::Refused(FirmwareStatus::INVALID_KEY) => answer::<{ bindings::EKEYREJECTED }>(),
            Error::Refused(_) => answer::<{ bindings::EREMOTEIO }>(),
        }
    }
}

impl From<certificates::Error> for kernel::error::Error {
    fn from(err: certificates::Error) -> Self {
        use certificates::Error;

        match err {
            Error::Unterminated | Error::Outside(_) => answer::<{ bindings::EPROTO }>(),
        }
    }
}

impl From<svsm::Error> for kernel::error::Error {
    fn from(err: svsm::Error) -> Self {
        use svsm::{
            Error,
            Status, //
        };

        match err {
            // An SVSM that does not have a service does not know the GUID either.
            Error::Refused(
                Status::INVALID_PARAMETER | Status::UNSUPPORTED_PROTOCOL | Status::UNSUPPORTED_CALL,
            ) => answer::<{ bindings::EINVAL }>(),
            Error::Refused(_) => answer::<{ bindings::EREMOTEIO }>(),
            Error::Length(_) => answer::<{ bindings::EPROTO }>(),
            Error::TooLarge => answer::<{ bindings::EFBIG }>(),
        }
    }
}

impl From<tio::Error> for kernel::error::Error {
    fn from(err: tio::Error) -> Self {
        use tio::Error;

        match err {
            Error::Truncated | Error::Trailing | Error::TooLarge => {
                answer::<{ bindings::EMSGSIZE }>()
            }
            // What the firmware does not do.
            Error::NotBound(_)
            | Error::MmioValidate(_)
            | Error::MmioConfig(_)
            | Error::SdteWrite(_) => answer::<{ bindings::EREMOTEIO }>(),
            // Evidence that there is not.
            Error::Missing(_) | Error::NoDigest(_) => answer::<{ bindings::ENODATA }>(),
            // What does not authenticate.
            Error::Version(_) | Error::Digest(_) => answer::<{ bindings::EBADMSG }>(),
            Error::OtherTdi
            | Error::Mismatch
            | Error::Unterminated
            | Error::Outside(_)
            | Error::Overlap(_)
            | Error::Duplicate(_) => answer::<{ bindings::EPROTO }>(),
            // What the caller asked for.
            Error::Pages | Error::Vtom => answer::<{ bindings::EINVAL }>(),
        }
    }
}

impl From<connect::Error> for kernel::error::Error {
    fn from(err: connect::Error) -> Self {
        use connect::Error;

        match err {
            Error::Status(status) => status.into(),
            Error::Truncated | Error::Trailing | Error::TooLarge => {
                answer::<{ bindings::EMSGSIZE }>()
            }
            // What the VMM does not do.
            Error::Refused(_) => answer::<{ bindings::EREMOTEIO }>(),
            Error::Pending | Error::Stalled => answer::<{ bindings::EBUSY }>(),
            // Evidence that there is not.
            Error::Empty(_) => answer::<{ bindings::ENODATA }>(),
            // What does not authenticate.
            Error::State(_) | Error::Digest(_) => answer::<{ bindings::EBADMSG }>(),
            Error::HashLength(_) | Error::Resumption | Error::UnknownStatus(_) => {
                answer::<{ bindings::EPROTO }>()
            }
            // What the caller asked for.
            Error::Page | Error::Pages => answer::<{ bindings::EINVAL }>(),
        }
    }
}

impl From<Status> for kernel::error::Error {
    fn from(status: Status) -> Self {
        match status.is_busy() {
            true => answer::<{ bindings::EBUSY }>(),
            false => answer::<{ bindings::EIO }>(),
        }
    }
}

impl From<VmcallStatus> for kernel::error::Error {
    fn from(status: VmcallStatus) -> Self {
        match status {
            VmcallStatus::RETRY | VmcallStatus::GPA_IN_USE => answer::<{ bindings::EBUSY }>(),
            // A VMM without GetQuote has no quoting service either.
            VmcallStatus::SUBFUNC_UNSUPPORTED => answer::<{ bindings::EHOSTDOWN }>(),
            _ => answer::<{ bindings::EIO }>(),
        }
    }
}

impl From<doe::Error> for kernel::error::Error {
    fn from(err: doe::Error) -> Self {
        use doe::Error;

        match err {
            Error::TooLarge => device::<{ bindings::EMSGSIZE }>(),
            Error::Truncated
            | Error::Trailing
            | Error::Length(_)
            | Error::Vendor(_)
            | Error::Type(_)
            | Error::DiscoveryLoop(_) => device::<{ bindings::EPROTO }>(),
        }
    }
}

impl From<spdm::Error> for kernel::error::Error {
    fn from(err: spdm::Error) -> Self {
        use spdm::Error;

        match err {
            // What the user asked for.
            Error::NoSuchSlot => device::<{ bindings::EINVAL }>(),
            Error::EmptySlot => device::<{ bindings::ENODATA }>(),
            Error::State => device::<{ bindings::ENOTCONN }>(),
            // What the device can't do, does not do now, or refuses.
            Error::Incapable | Error::NoCommonVersion => device::<{ bindings::EOPNOTSUPP }>(),
            Error::NotReady => device::<{ bindings::ETIMEDOUT }>(),
            Error::Peer(_) | Error::Withdrawn(_) => device::<{ bindings::EREMOTEIO }>(),
            // What does not authenticate, or has a value that is reserved.
            Error::Certificate
            | Error::VerifyData
            | Error::Mac
            | Error::Reserved
            | Error::SessionId => device::<{ bindings::EBADMSG }>(),
            Error::Signature => device::<{ bindings::EKEYREJECTED }>(),
            // What this side can't do.
            Error::NoAlgorithm => device::<{ bindings::ENOPKG }>(),
            Error::TooLarge => device::<{ bindings::EMSGSIZE }>(),
            Error::SequenceEnd => device::<{ bindings::ENOTCONN }>(),
            Error::NoMemory => device::<{ bindings::ENOMEM }>(),
            Error::Crypto => device::<{ bindings::EIO }>(),
            // All else breaks the protocol.
            Error::Truncated
            | Error::Trailing
            | Error::MessageVersion(_)
            | Error::UnexpectedCode(_)
            | Error::Capabilities
            | Error::NotOffered
            | Error::AlgorithmTable
            | Error::NotNegotiated
            | Error::Mismatch
            | Error::Portion
            | Error::ChainDigest
            | Error::Chain
            | Error::MeasurementBlock
            | Error::MeasurementCount
            | Error::Opaque
            | Error::PublicKey
            | Error::OtherSession
            | Error::Record => device::<{ bindings::EPROTO }>(),
        }
    }
}

impl From<tdisp::Error> for kernel::error::Error {
    fn from(err: tdisp::Error) -> Self {
        use tdisp::Error;

        match err {
            Error::Message(err) => err.into(),
            Error::NoCommonVersion => device::<{ bindings::EOPNOTSUPP }>(),
            Error::Peer(_) => device::<{ bindings::EREMOTEIO }>(),
            // A value that is reserved.
            Error::State(_) => device::<{ bindings::EBADMSG }>(),
            Error::Version(_)
            | Error::UnexpectedType(_)
            | Error::Interface(_)
            | Error::Unmoved(_)
            | Error::Portion
            | Error::Report
            | Error::Range => device::<{ bindings::EPROTO }>(),
        }
    }
}

impl From<ide_km::Error> for kernel::error::Error {
    fn from(err: ide_km::Error) -> Self {
        use ide_km::Error;

        match err {
            Error::Message(err) => err.into(),
            Error::Refused(_) => device::<{ bindings::EREMOTEIO }>(),
            Error::UnexpectedObject(_)
            | Error::Mismatch
            | Error::Port
            | Error::Registers
            | Error::Insecure => device::<{ bindings::EPROTO }>(),
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
fn answer<const CODE: u32>() -> kernel::error::Error {
    const { assert!(!means_absence(CODE)) };

    error::<CODE>()
}

/// Returns the error with this errno, for the files of a device.
///
/// Here an errno may mean absence: these files are there only if the device is, a client has no other way
/// to authenticate the device, and a device that can't be authenticated is not to be used either way.
fn device<const CODE: u32>() -> kernel::error::Error {
    error::<CODE>()
}

/// Returns the error with this errno.
fn error<const CODE: u32>() -> kernel::error::Error {
    // CAST: Every errno is below 4096.
    kernel::error::Error::from_errno(-(CODE as i32))
}
