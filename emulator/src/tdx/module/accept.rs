// SPDX-License-Identifier: GPL-2.0

//! `TDG.MEM.PAGE.ACCEPT`.

use tsm_proto::tdx::{
    OperandId,
    Status, //
};

use super::context::{
    violation,
    Context,
    Result, //
};
use crate::machine::{
    gpa::{
        Gpa,
        PAGE_SIZE, //
    },
    memory::NoMemory,
    pages::PageState,
    registers::{
        Reg,
        Registers, //
    }, //
};

/// Accepts a pending page of 4 KiB or 2 MiB and clears it.
///
/// `RCX` has the size in bits 2:0 and the address in bits 51:12. A page of 1 GiB is not accepted
/// by any module; Linux tries, and takes the smaller ones then.
pub(super) fn accept(context: Context<'_>, regs: &Registers) -> Result {
    let rcx = regs[Reg::Rcx];
    let invalid = Status::OPERAND_INVALID.of(OperandId::RCX);
    let level = rcx & 7;
    let count = match level {
        0 => 1,
        1 => 512,
        _ => return Err(invalid.into()),
    };
    let size = count * PAGE_SIZE;
    let gpa = Gpa::new(rcx & !7)
        .filter(|gpa| !gpa.is_shared() && gpa.address() % size == 0)
        .ok_or(invalid)?;

    // CAST: The level is 0 or 1.
    let detail = level as u32;
    match context.pages.accept(gpa.page()..gpa.page() + count) {
        Ok(()) => {}
        Err(Some(PageState::Accepted)) => {
            return Err(Status::PAGE_ALREADY_ACCEPTED.with_detail(detail).into());
        }
        Err(None) => return Err(Status::PAGE_SIZE_MISMATCH.with_detail(detail).into()),
        Err(Some(_)) => return Err(violation(gpa, "accepted, but it is shared")),
    }
    for part in context.pages.contents(gpa.page()..gpa.page() + count) {
        let cleared = context.memory.clear(part.start, part.end - part.start);
        cleared.map_err(|NoMemory| violation(gpa, "there is no memory"))?;
    }
    Ok(())
}
