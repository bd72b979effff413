// SPDX-License-Identifier: GPL-2.0

//! What the firmware of the AMD Secure Processor does for an SNP guest.
//!
//! C header: [`arch/x86/include/asm/sev.h`](srctree/arch/x86/include/asm/sev.h)
//!
//! Guest messages go through the functions that the kernel exports, because a module must not use a
//! GHCB of its own: a CPU has one at a time, the page whose address is in its GHCB MSR. The `#VC`
//! handler of that CPU may want it at any moment, NMIs included, and only the kernel's own code knows
//! how to set a page aside that is in use.
//!
//! Those functions have properties that can't be changed from outside. A request that the VMM does not
//! take is tried again each 2 s; after 60 s, and on any other error, the kernel wipes the key, since it
//! must not encrypt another message under the same sequence number. A task that has been killed does not
//! sleep in between. So that it never is one, only the [`Thread`] of a worker sends messages.

mod svsm;

use core::ptr::NonNull;

use kernel::{
    bindings,
    error::{
        from_err_ptr,
        to_result, //
    },
    page::PAGE_SIZE,
    prelude::*, //
};
use tsm_proto::snp::{
    message::{
        MessageType,
        Request, //
    },
    ExitInfo2,
    Vmpck,
    Vmpl, //
};

use crate::{
    error::errno,
    platform::Claim,
    secret::Secret,
    shared::SharedBuffer,
    worker::Thread, //
};

pub use svsm::{
    Svsm,
    SvsmBuffers, //
};

/// The proof that the kernel runs as an SNP guest.
///
/// # Invariants
///
/// The kernel runs as an SNP guest.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::sev::Guest;
///
/// // `ENODEV` where the kernel is no SNP guest.
/// let guest = Guest::new()?;
/// let vmpl = guest.vmpl()?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Guest(());

impl Guest {
    /// Returns the proof.
    ///
    /// # Errors
    ///
    /// [`ENODEV`] if there is none.
    pub fn new() -> Result<Self> {
        // SAFETY: The helper reads what does not change after boot.
        if !unsafe { tsm_bindings::tsm_helper_is_snp_guest() } {
            return Err(ENODEV);
        }
        // INVARIANT: The helper has said that the kernel runs as an SNP guest.
        Ok(Self(()))
    }

    /// Returns the privilege level that the kernel runs at.
    pub fn vmpl(self) -> Result<Vmpl> {
        // SAFETY: `snp_vmpl` does not change after boot.
        let vmpl = unsafe { tsm_bindings::snp_vmpl };

        Ok(Vmpl::try_from(u32::from(vmpl))?)
    }
}

/// Room for the tag that the kernel wants after an answer.
const TAG_SIZE: usize = 16;

/// A message to the firmware, with room for the answer. Both are cleared when it is dropped.
///
/// # Examples
///
/// See [`Channel`].
pub struct Message {
    kind: MessageType,
    version: u8,
    /// The request, and the answer behind it.
    bytes: Secret,
    request_size: usize,
    answer_size: usize,
    /// How much of the answer is the firmware's.
    received: usize,
}

impl Message {
    /// Makes a message of a request.
    pub fn new<R: Request>(request: &R) -> Result<Self> {
        let request = request.as_bytes();
        let mut bytes = Secret::zeroed(request.len() + R::ANSWER_SIZE + TAG_SIZE)?;

        bytes
            .get_mut(..request.len())
            .ok_or(EINVAL)?
            .copy_from_slice(request);
        Ok(Self {
            kind: R::TYPE,
            version: R::VERSION,
            bytes,
            request_size: request.len(),
            answer_size: R::ANSWER_SIZE,
            received: 0,
        })
    }

    /// Returns the answer, padded with zeros, of which there are nothing but if there is none.
    pub fn answer(&self) -> &[u8] {
        let answer = self.bytes.get(self.request_size..).unwrap_or_default();

        answer.get(..self.answer_size).unwrap_or_default()
    }

    /// Returns the answer as long as the firmware has made it, so that none is taken for whole that is
    /// not.
    pub fn received(&self) -> &[u8] {
        self.answer().get(..self.received).unwrap_or(self.answer())
    }
}

/// Where the certificates go that an extended request asks for.
///
/// # Examples
///
/// ```
/// use kernel::page::PAGE_SIZE;
/// use tsm_ext::{
///     sev::CertificateBuffer,
///     shared::SharedBuffer, //
/// };
///
/// /// Has certificates written to all of a buffer.
/// fn certificates(buffer: &mut SharedBuffer) -> CertificateBuffer<'_> {
///     CertificateBuffer {
///         pages: buffer.size() / PAGE_SIZE,
///         buffer: Some(buffer),
///     }
/// }
/// ```
pub struct CertificateBuffer<'a> {
    /// The memory, or none to ask how much it takes.
    pub buffer: Option<&'a mut SharedBuffer>,
    /// Pages of it.
    pub pages: usize,
}

/// The outcome of sending a message.
///
/// # Examples
///
/// See [`Channel`].
pub struct SendOutcome {
    /// What VMM and firmware say, if it was sent.
    pub info: Option<ExitInfo2>,
    /// Pages that there have to be for certificates. If there is a number, there were too few, and the
    /// key is as good as before.
    pub needed: Option<usize>,
    /// Whether there is an answer.
    pub result: Result,
}

impl SendOutcome {
    /// Makes the outcome for a message that was not sent.
    fn not_sent(err: Error) -> Self {
        Self {
            info: None,
            needed: None,
            result: Err(err),
        }
    }
}

/// A way to the firmware, under one of the keys.
///
/// # Invariants
///
/// `desc` comes from `snp_msg_alloc()`, was initialized unless `is_wiped`, and belongs to `self`.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::{
///     platform::Claim,
///     sev::{
///         Channel,
///         Guest,
///         Message, //
///     },
///     worker::Worker, //
/// };
/// use tsm_proto::{
///     snp::message::ReportRequest,
///     ReportData, //
/// };
///
/// /// Asks the firmware for a report.
/// fn report(module: &'static ThisModule) -> Result<Message> {
///     let guest = Guest::new()?;
///     let key = guest.vmpl()?.key();
///     let channel = Channel::new(guest, Claim::new(module, c"sev-guest")?, key)?;
///     let worker = Worker::new(c"example", channel)?;
///
///     let data = ReportData::new([7; ReportData::SIZE]);
///     let mut message = Message::new(&ReportRequest::new(data, key.floor()))?;
///
///     worker.call(
///         |_| Ok(()),
///         move |channel, thread| {
///             let sent = channel.send(thread, &mut message, None);
///
///             sent.result.map(|()| message)
///         },
///     )?
/// }
/// ```
pub struct Channel {
    desc: NonNull<tsm_bindings::snp_msg_desc>,
    key: Vmpck,
    is_wiped: bool,
    _claim: Claim,
}

// SAFETY: `desc` is memory that no other part of the kernel knows, and messages may be sent by any
// thread.
unsafe impl Send for Channel {}

impl Channel {
    /// Opens a way. `claim` is the claim on the device that stands for the firmware, so that the key has
    /// no other user. With a key that is wiped, nothing can be sent.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`].
    pub fn new(_guest: Guest, claim: Claim, key: Vmpck) -> Result<Self> {
        // SAFETY: This is an SNP guest, as `_guest` proves.
        let desc = from_err_ptr(unsafe { tsm_bindings::snp_msg_alloc() })?;
        // INVARIANT: `desc` was allocated just now. If it can't be initialized, it is only freed.
        let mut channel = Self {
            desc: NonNull::new(desc).ok_or(ENOMEM)?,
            key,
            is_wiped: true,
            _claim: claim,
        };

        // SAFETY: `desc` was allocated just now.
        let ret =
            unsafe { tsm_bindings::snp_msg_init(channel.desc.as_ptr(), i32::from(key.number())) };
        match to_result(ret) {
            // A number that there is not would be, too, but a `Vmpck` is one.
            Err(EINVAL) => {}
            result => {
                result?;
                // INVARIANT: `desc` was initialized just now.
                channel.is_wiped = false;
            }
        }
        Ok(channel)
    }

    /// Tells whether the key was wiped before the way was opened.
    pub fn is_wiped(&self) -> bool {
        self.is_wiped
    }

    /// Returns the key.
    pub fn key(&self) -> Vmpck {
        self.key
    }

    /// Sends a message, as an extended request if there are `certificates`, and waits for the answer.
    ///
    /// # Errors
    ///
    /// - [`ENOKEY`](bindings::ENOKEY): the key was wiped before.
    /// - [`EOVERFLOW`]: as many messages were sent under this key as can be numbered.
    /// - [`EIO`]: the VMM or the firmware refused. Unless there was too little room, the key is wiped
    ///   now.
    /// - `EBADMSG`: the answer is not authentic, and the key is wiped now.
    /// - `ETIMEDOUT`: the VMM was busy for 60 s, and the key is wiped now.
    pub fn send(
        &mut self,
        _thread: &Thread,
        message: &mut Message,
        certificates: Option<CertificateBuffer<'_>>,
    ) -> SendOutcome {
        let mut raw: tsm_bindings::snp_guest_req = pin_init::zeroed();

        if self.is_wiped {
            return SendOutcome::not_sent(no_key());
        }
        let Some((request, answer)) = message.bytes.split_at_mut_checked(message.request_size)
        else {
            return SendOutcome::not_sent(EINVAL);
        };

        raw.req_buf = request.as_mut_ptr().cast();
        raw.req_sz = request.len();
        raw.resp_buf = answer.as_mut_ptr().cast();
        raw.resp_sz = answer.len();
        raw.exit_code = tsm_bindings::TSM_HELPER_GUEST_REQUEST;
        raw.vmpck_id = self.key.number().into();
        raw.msg_version = message.version;
        raw.msg_type = message.kind.raw();

        let extended = certificates.is_some();
        if let Some(certificates) = certificates {
            raw.exit_code = tsm_bindings::TSM_HELPER_EXT_GUEST_REQUEST;
            if let Some(buffer) = certificates.buffer {
                let pages = certificates.pages.min(buffer.size() / PAGE_SIZE);

                raw.certs_data = buffer.as_mut_ptr().cast();
                // A buffer has less pages than an `int` can count.
                raw.input.data_npages = u32::try_from(pages).unwrap_or(0);
            }
        }

        // SAFETY: By the type invariant, `desc` is initialized, since `is_wiped` is not set, and `&mut self`
        // keeps others out. The buffers have the sizes given, and the pages are shared with the VMM.
        let ret = unsafe { tsm_bindings::snp_send_guest_request(self.desc.as_ptr(), &mut raw) };
        if ret == 0 {
            // SAFETY: By the type invariant, `desc` is initialized, and an answer was taken to it.
            let size = unsafe { tsm_bindings::tsm_helper_snp_answer_size(self.desc.as_ptr()) };

            message.received = size;
        }

        let result = match ret {
            // An `enum es_result`: the VMM says that the request makes no sense. There is no answer, and
            // the key is wiped.
            1.. => Err(EIO),
            _ => to_result(ret),
        };
        // The kernel sets it last before it sends.
        if raw.input.req_gpa == 0 {
            return SendOutcome::not_sent(result.err().map_or(EINVAL, errno_if_unsent));
        }
        let result = result.map_err(errno_if_sent);
        let info = ExitInfo2::new(raw.exitinfo2);

        // Where there is too little room the kernel repeats the request without any, for the sake of
        // the sequence number, and says so whatever the second ends with.
        let (info, needed) = match (info, ret) {
            // CAST: `usize` has at least 32 bits here.
            (ExitInfo2::INVALID_LEN, ret) if extended && ret == EIO.to_errno() => {
                (info, Some(raw.input.data_npages as usize))
            }
            (ExitInfo2::INVALID_LEN, _) if extended => (ExitInfo2::UNKNOWN, None),
            _ => (info, None),
        };

        SendOutcome {
            info: Some(info),
            needed,
            result,
        }
    }
}

/// Returns the error for a message that was sent and has no answer. The VMM does not choose another
/// errno, even if a later kernel lets it.
fn errno_if_sent(err: Error) -> Error {
    match err.to_errno().unsigned_abs() {
        bindings::ETIMEDOUT | bindings::EBADMSG => err,
        _ => EIO,
    }
}

/// Returns the error for a key that is wiped.
fn no_key() -> Error {
    errno(bindings::ENOKEY)
}

/// Returns the error for a message that was not sent.
fn errno_if_unsent(err: Error) -> Error {
    match err {
        err if err == ENOTTY => no_key(),
        err if err == EIO => EOVERFLOW,
        err => err,
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, `desc` comes from `snp_msg_alloc()` and belongs to `self`.
        unsafe { tsm_bindings::snp_msg_free(self.desc.as_ptr()) };
    }
}
