// SPDX-License-Identifier: GPL-2.0

//! `GetQuote`, and the quoting enclave behind it.
//!
//! The quote of this emulator is not a signed one: it is [`MAGIC`] and the TDREPORT, after its
//! MAC was checked as the quoting enclave checks it.

use tsm_proto::tdx::{
    quote::{
        self,
        Header,
        Status, //
    },
    TdReport,
    VmcallStatus, //
};
use zerocopy::IntoBytes as _;

use super::{
    Context,
    Result, //
};
use crate::{
    config::QuoteService,
    gpa::{
        Gpa,
        PAGE_SIZE, //
    },
    memory::NoMemory,
    pages::PageState,
    registers::{
        Reg,
        Registers, //
    },
    tdx::Cpu, //
};

/// What an emulated quote begins with. The TDREPORT follows.
const MAGIC: &[u8; 16] = b"TSM-EMULATED-QTE";

/// The largest buffer that QEMU takes.
const MAX_SIZE: u64 = 128 << 10;

/// Does the call: `R12` is the address of the buffer, `R13` its size.
pub(super) fn get(context: Context<'_>, service: QuoteService, regs: &Registers) -> Result {
    let (gpa, size) = (regs[Reg::R12], regs[Reg::R13]);
    let invalid = VmcallStatus::INVALID_OPERAND;
    let gpa = Gpa::new(gpa).filter(|gpa| gpa.is_shared()).ok_or(invalid)?;

    if size == 0 || size > MAX_SIZE {
        return Err(invalid);
    }
    if gpa.address() % PAGE_SIZE != 0 || size % PAGE_SIZE != 0 {
        return Err(VmcallStatus::ALIGN_ERROR);
    }
    // What the VMM has behind pages that are not shared is not what the guest wrote.
    let pages = gpa.page()..gpa.page() + size / PAGE_SIZE;
    if context.pages.uniform(pages) != Some(PageState::Shared) {
        return Err(invalid);
    }
    // CAST: At most 128 KiB.
    let mut request = vec![0; size as usize];
    context
        .memory
        .read(gpa.address(), &mut request)
        .map_err(|NoMemory| invalid)?;

    let header = Header::parse(&request).map_err(|_| invalid)?;
    // CAST: Widens.
    if u64::from(header.in_len()) > size - Header::SIZE as u64 {
        return Err(invalid);
    }
    let (status, quote) = match service {
        QuoteService::Answer => match make_quote(context.cpu, &request) {
            Some(quote) => (Status::SUCCESS, quote),
            None => (Status::ERROR, Vec::new()),
        },
        QuoteService::Error => (Status::ERROR, Vec::new()),
        QuoteService::Unavailable => (Status::SERVICE_UNAVAILABLE, Vec::new()),
        QuoteService::Never => (Status::IN_FLIGHT, Vec::new()),
    };
    // CAST: A quote has 1040 bytes.
    let header = header.answer(status, quote.len() as u32);
    let data = gpa.address() + Header::SIZE as u64;

    // The guest may look at the header at any time, so it comes last.
    context
        .memory
        .write(data, &quote)
        .and_then(|()| context.memory.write(gpa.address(), header.as_bytes()))
        .map_err(|NoMemory| invalid)
}

/// Makes a quote of the TDREPORT in a request, if it is one of this CPU.
fn make_quote(cpu: &Cpu, request: &[u8]) -> Option<Vec<u8>> {
    let report: &TdReport = quote::parse_request(request).ok()?;

    cpu.verify(report)
        .then(|| [MAGIC.as_slice(), report.as_bytes()].concat())
}
