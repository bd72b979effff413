// SPDX-License-Identifier: GPL-2.0

//! `/dev/sev-guest`: the ioctls of `linux/sev-guest.h`.

use std::{
    fs::File,
    mem::offset_of,
    os::fd::AsRawFd as _,
    ptr, //
};

use nix::{
    errno::Errno,
    libc, //
};

use crate::{
    snp,
    Drivers, //
};

/// The path of the device.
pub const DEVICE: &str = "/dev/sev-guest";

/// `SNP_GET_REPORT`.
pub const GET_REPORT: libc::c_ulong = 0xc020_5300;
/// `SNP_GET_DERIVED_KEY`.
pub const GET_DERIVED_KEY: libc::c_ulong = 0xc020_5301;
/// `SNP_GET_EXT_REPORT`.
pub const GET_EXT_REPORT: libc::c_ulong = 0xc020_5302;

/// `exitinfo2` of a request that was not sent.
pub const NOT_SENT: u64 = 0xff;
/// `exitinfo2` of a request with too little room for certificates.
pub const INVALID_LEN: u64 = 1 << 32;
/// `exitinfo2` before a call, which is no answer.
pub const UNTOUCHED: u64 = 0x5555_6666_7777_8888;

/// An address at which there is nothing.
pub const NOWHERE: u64 = snp::PAGE as u64 + 8;

/// Returns what `exitinfo2` is after a success.
pub fn success() -> u64 {
    match Drivers::get().snp_always_says_how_it_ended() {
        true => 0,
        false => UNTOUCHED,
    }
}

/// `struct snp_guest_request_ioctl`.
#[repr(C)]
pub struct GuestRequest {
    /// Version of the message.
    pub msg_version: u8,
    /// Address of the request.
    pub req_data: u64,
    /// Address of the answer.
    pub resp_data: u64,
    /// How it ended.
    pub exitinfo2: u64,
}

impl GuestRequest {
    /// Makes a call with these two.
    pub fn new<R, A>(request: &mut R, answer: &mut A) -> Self {
        Self {
            msg_version: 1,
            req_data: address(request),
            resp_data: address(answer),
            exitinfo2: UNTOUCHED,
        }
    }
}

/// `struct snp_report_req`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ReportRequest {
    /// What the report is to bind.
    pub user_data: [u8; 64],
    /// The privilege level in it.
    pub vmpl: u32,
    /// Zero, to the kernel; to the firmware, which key signs is there too.
    pub rsvd: [u8; 28],
}

impl ReportRequest {
    /// Asks for a report that binds 64 of this byte, at the guest's own level.
    pub fn new(byte: u8) -> Self {
        Self {
            user_data: [byte; 64],
            vmpl: snp::vmpl(),
            rsvd: [0; 28],
        }
    }

    /// Asks for one of this privilege level.
    pub fn at(self, vmpl: u32) -> Self {
        Self { vmpl, ..self }
    }
}

/// `struct snp_derived_key_req`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct KeyRequest {
    /// Which key to derive from.
    pub root_key_select: u32,
    /// Zero.
    pub rsvd: u32,
    /// What to mix in.
    pub guest_field_select: u64,
    /// The privilege level to mix in.
    pub vmpl: u32,
    /// The guest's version to mix in.
    pub guest_svn: u32,
    /// The TCB's version to mix in.
    pub tcb_version: u64,
}

impl KeyRequest {
    /// Asks for a key of the guest's own level.
    pub fn own() -> Self {
        Self::at(snp::vmpl())
    }

    /// Asks for one of this privilege level.
    pub fn at(vmpl: u32) -> Self {
        Self {
            root_key_select: 0,
            rsvd: 0,
            guest_field_select: 0,
            vmpl,
            guest_svn: 0,
            tcb_version: 0,
        }
    }
}

/// `struct snp_ext_report_req`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ExtendedRequest {
    /// What is asked of the firmware.
    pub data: ReportRequest,
    /// Where certificates go.
    pub certs_address: u64,
    /// How much room there is.
    pub certs_len: u32,
}

/// Returns what is right whichever request it is taken for, and as large as the largest of them.
pub fn any_request() -> [u8; size_of::<ExtendedRequest>()] {
    let mut request = [0; size_of::<ExtendedRequest>()];

    for offset in [
        offset_of!(ReportRequest, vmpl),
        offset_of!(KeyRequest, vmpl),
    ] {
        request[offset..offset + 4].copy_from_slice(&snp::vmpl().to_le_bytes());
    }
    request
}

/// The answer of the firmware, `struct snp_report_resp` or `struct snp_derived_key_resp`.
pub struct Answer<const SIZE: usize>(pub [u8; SIZE]);

/// What a report comes in.
pub type ReportAnswer = Answer<4000>;
/// What a key comes in.
pub type KeyAnswer = Answer<64>;

impl<const SIZE: usize> Answer<SIZE> {
    /// Makes an answer that the firmware has not given.
    pub const fn untouched() -> Self {
        Self([0xaa; SIZE])
    }

    /// Says whether nothing wrote to it.
    pub fn is_untouched(&self) -> bool {
        self.0 == [0xaa; SIZE]
    }

    /// Returns the status of the firmware.
    pub fn status(&self) -> u32 {
        self.word(0)
    }

    fn word(&self, at: usize) -> u32 {
        let bytes = self.0[at..at + 4].try_into();

        u32::from_le_bytes(bytes.expect("four bytes"))
    }
}

impl ReportAnswer {
    /// Returns the report.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn report(&self) -> &[u8] {
        let size = usize::try_from(self.word(4)).expect("a size");

        assert_eq!(self.status(), 0);
        assert_eq!(self.0[8..32], [0; 24]);
        assert!(self.0[32 + size..].iter().all(|byte| *byte == 0));
        &self.0[32..][..size]
    }
}

impl KeyAnswer {
    /// Returns the key.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn key(&self) -> [u8; 32] {
        assert_eq!(self.status(), 0);
        assert_eq!(self.0[4..32], [0; 28]);
        self.0[32..].try_into().expect("32 bytes")
    }
}

/// Opens the device for reading, which is all it takes.
///
/// # Panics
///
/// If it can't be opened.
pub fn open() -> File {
    File::open(DEVICE).expect("the device can be opened")
}

/// Calls the device.
///
/// # Safety
///
/// The kernel may write an answer to what the call says, and certificates to what its request says.
#[expect(unsafe_code, reason = "an ioctl")]
pub unsafe fn call(
    file: &File,
    command: libc::c_ulong,
    call: *mut GuestRequest,
) -> Result<(), Errno> {
    // SAFETY: The caller guarantees that the kernel may write an answer to what the call says, and
    // certificates to what its request says.
    let status = unsafe { libc::ioctl(file.as_raw_fd(), command, call) };

    Errno::result(status).map(drop)
}

/// Asks for a report. Returns `exitinfo2` too.
#[expect(unsafe_code, reason = "an ioctl")]
pub fn get_report(
    file: &File,
    version: u8,
    mut request: ReportRequest,
) -> (Result<ReportAnswer, Errno>, u64) {
    let mut answer = ReportAnswer::untouched();
    let mut request = GuestRequest {
        msg_version: version,
        ..GuestRequest::new(&mut request, &mut answer)
    };

    // SAFETY: `answer` has room for the answer of this ioctl.
    let result = unsafe { call(file, GET_REPORT, &mut request) };
    (result.map(|()| answer), request.exitinfo2)
}

/// Asks for a report that has to be made, and binds 64 of this byte.
///
/// # Panics
///
/// If there is none, or a wrong one.
pub fn report(file: &File, byte: u8) -> Vec<u8> {
    let (answer, exitinfo2) = get_report(file, 1, ReportRequest::new(byte));
    let answer = answer.expect("a report");
    let report = answer.report();

    assert_eq!(exitinfo2, success());
    assert_eq!(report.len(), snp::REPORT_SIZE);
    assert_eq!(report[snp::REPORT_DATA], [byte; 64]);
    report.to_owned()
}

/// Asks for a key. Returns `exitinfo2` too.
#[expect(unsafe_code, reason = "an ioctl")]
pub fn get_derived_key(file: &File, mut request: KeyRequest) -> (Result<KeyAnswer, Errno>, u64) {
    let mut answer = KeyAnswer::untouched();
    let mut request = GuestRequest::new(&mut request, &mut answer);

    // SAFETY: `answer` has room for the answer of this ioctl.
    let result = unsafe { call(file, GET_DERIVED_KEY, &mut request) };
    (result.map(|()| answer), request.exitinfo2)
}

/// Asks for a report, with certificates, for which there is all of `room`. Returns `exitinfo2`, and how
/// much room there should be.
#[expect(unsafe_code, reason = "an ioctl")]
pub fn get_ext_report(
    file: &File,
    data: ReportRequest,
    room: &mut [u8],
) -> (Result<ReportAnswer, Errno>, u64, usize) {
    let mut answer = ReportAnswer::untouched();
    let mut request = ExtendedRequest {
        data,
        certs_address: match room {
            [] => 0,
            [first, ..] => address(first),
        },
        certs_len: room.len().try_into().expect("32 bits"),
    };
    let mut guest_request = GuestRequest::new(&mut request, &mut answer);

    // SAFETY: `answer` has room for the answer of this ioctl, and `room` is as large as the request
    // says.
    let result = unsafe { call(file, GET_EXT_REPORT, &mut guest_request) };
    let exitinfo2 = guest_request.exitinfo2;
    let len = request.certs_len.try_into().expect("a size");
    (result.map(|()| answer), exitinfo2, len)
}

/// Returns an address as these structures have it.
pub fn address<T>(of: &mut T) -> u64 {
    ptr::from_mut(of).expose_provenance() as u64
}
