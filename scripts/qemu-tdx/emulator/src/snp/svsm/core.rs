// SPDX-License-Identifier: GPL-2.0

//! The core protocol.
//!
//! SVSM, chapter "Core Protocol". No memory is taken.

use std::collections::BTreeMap;

use tsm_proto::snp::svsm::Status;

use super::{
    attest,
    vtpm,
    Context,
    Failure,
    Guest, //
};
use crate::{
    config::{
        Services,
        SnpConfig, //
    },
    gpa::PAGE_SIZE,
    memory::NoMemory,
    registers::{
        Reg,
        Registers, //
    },
    snp::{
        rmp::{
            Refusal,
            Size, //
        },
        vmsa::Vmsa, //
    }, //
};

/// Its number.
pub(super) const PROTOCOL: u32 = 0;

/// The version that there is of every protocol.
const VERSION: u32 = 1;

/// Its calls, in the lower half of `RAX`.
mod id {
    pub(super) const REMAP_CA: u32 = 0;
    pub(super) const PVALIDATE: u32 = 1;
    pub(super) const CREATE_VCPU: u32 = 2;
    pub(super) const DELETE_VCPU: u32 = 3;
    pub(super) const QUERY_PROTOCOL: u32 = 6;
    pub(super) const CONFIGURE_VTOM: u32 = 7;
}

/// Does a call.
pub(super) fn call(
    guest: &Guest<'_>,
    context: Context<'_>,
    calling_areas: &mut BTreeMap<usize, u64>,
    config: &SnpConfig,
    call: u32,
    regs: &mut Registers,
) -> Result<(), Failure> {
    let has_vtpm = config.svsm.services == Services::Vtpm;

    match call {
        id::REMAP_CA => {
            let address = regs[Reg::Rcx];
            remap(guest, address)?;
            calling_areas.insert(context.vcpu, address);
        }
        id::PVALIDATE => return pvalidate(guest, regs[Reg::Rcx]),
        id::CREATE_VCPU => {
            let (vmsa, calling_area) = (regs[Reg::Rcx], regs[Reg::Rdx]);
            let vcpu = usize::try_from(regs[Reg::R8])
                .ok()
                .filter(|vcpu| *vcpu < context.vcpus && *vcpu != context.vcpu)
                .ok_or(Status::INVALID_PARAMETER)?;
            create(guest, config, vmsa, calling_area)?;
            calling_areas.insert(vcpu, calling_area);
        }
        id::DELETE_VCPU => delete(guest, regs[Reg::Rcx])?,
        id::QUERY_PROTOCOL => regs[Reg::Rcx] = query(regs[Reg::Rcx], has_vtpm),
        // Asked whether it can, it says no.
        id::CONFIGURE_VTOM if regs[Reg::Rcx] & 1 != 0 => regs[Reg::Rcx] = 0,
        id::CONFIGURE_VTOM => return Err(Status::INVALID_REQUEST.into()),
        _ => return Err(Status::UNSUPPORTED_CALL.into()),
    }
    Ok(())
}

/// `SVSM_CORE_REMAP_CA`: the vCPU has its calling area elsewhere from now on.
fn remap(guest: &Guest<'_>, address: u64) -> Result<(), Status> {
    match address % 8 {
        0 => guest.write(address, &[0; 8]),
        _ => Err(Status::INVALID_PARAMETER),
    }
}

/// `SVSM_CORE_CREATE_VCPU`: makes a page the state of a vCPU, and another one its calling area.
fn create(
    guest: &Guest<'_>,
    config: &SnpConfig,
    vmsa: u64,
    calling_area: u64,
) -> Result<(), Status> {
    for address in [vmsa, calling_area] {
        if address % PAGE_SIZE != 0 {
            return Err(Status::INVALID_ADDRESS);
        }
        guest.check(address, PAGE_SIZE)?;
    }
    if vmsa == calling_area {
        return Err(Status::INVALID_ADDRESS);
    }
    let page = vmsa / PAGE_SIZE;
    let state = Vmsa::read(guest.memory, vmsa).ok_or(Status::INVALID_ADDRESS)?;
    if guest.rmp.is_vmsa(page) || !state.is_right(config.vmpl.into()) {
        return Err(Status::INVALID_PARAMETER);
    }
    let adjusted = guest.rmp.adjust(page, Size::Small, Some(true));
    adjusted.map_err(|_| Status::INVALID_PARAMETER)
}

/// `SVSM_CORE_DELETE_VCPU`: makes the state of a vCPU a page like others.
fn delete(guest: &Guest<'_>, vmsa: u64) -> Result<(), Status> {
    let page = vmsa / PAGE_SIZE;

    if vmsa % PAGE_SIZE != 0 || !guest.rmp.is_vmsa(page) {
        return Err(Status::INVALID_PARAMETER);
    }
    let adjusted = guest.rmp.adjust(page, Size::Small, Some(false));
    adjusted.map_err(|_| Status::INVALID_PARAMETER)
}

/// `SVSM_CORE_QUERY_PROTOCOL`: returns the versions of a protocol, the latest in the upper half, or 0.
fn query(protocol: u64, has_vtpm: bool) -> u64 {
    // CAST: Both halves.
    let (protocol, version) = ((protocol >> 32) as u32, protocol as u32);
    let has_protocol = match protocol {
        PROTOCOL | attest::PROTOCOL => true,
        vtpm::PROTOCOL => has_vtpm,
        _ => false,
    };

    match has_protocol && version == VERSION {
        true => (u64::from(VERSION) << 32) | u64::from(VERSION),
        false => 0,
    }
}

/// `SVSM_CORE_PVALIDATE` of a list of pages: two bytes say how long it is, two which entry is next,
/// four are reserved.
fn pvalidate(guest: &Guest<'_>, list: u64) -> Result<(), Failure> {
    let mut header = [0; 4];

    if list % 8 != 0 {
        return Err(Status::INVALID_PARAMETER.into());
    }
    guest.read(list, &mut header)?;
    let [count, count_high, next, next_high] = header;
    let count = u64::from(u16::from_le_bytes([count, count_high]));
    let next = u16::from_le_bytes([next, next_high]);
    let end = list % PAGE_SIZE + 8 + 8 * count;
    if u64::from(next) >= count || end > PAGE_SIZE {
        return Err(Status::INVALID_PARAMETER.into());
    }
    // CAST: Below what two bytes said.
    for index in next..count as u16 {
        let mut entry = [0; 8];
        guest.read(list + 8 + 8 * u64::from(index), &mut entry)?;
        pvalidate_one(guest, u64::from_le_bytes(entry))?;
        guest.write(list + 2, &(index + 1).to_le_bytes())?;
    }
    Ok(())
}

/// Does an entry: the size in bits 1:0, whether the page is to be validated in bit 2, whether it may
/// be so already in bit 3, its number from bit 12 on.
fn pvalidate_one(guest: &Guest<'_>, entry: u64) -> Result<(), Failure> {
    let (valid, ignore_unchanged) = (entry & 4 != 0, entry & 8 != 0);
    let page = entry >> 12;
    if entry & 2 != 0 {
        return Err(Status::INVALID_PARAMETER.into());
    }
    let size = Size::new(entry);
    let pages = size.pages(page).ok_or(Status::INVALID_PARAMETER)?;
    let (address, len) = (page * PAGE_SIZE, (pages.end - pages.start) * PAGE_SIZE);

    if guest.is_own(address, len) {
        return Err(Status::INVALID_ADDRESS.into());
    }
    match guest.rmp.validate(page, size, valid) {
        // What is there may be anything, so the guest does not get to see it. What is not memory has
        // nothing to clear.
        Ok(true) if valid => {
            let _: Result<(), NoMemory> = guest.memory.clear(address, len);
            Ok(())
        }
        Ok(true) => Ok(()),
        Ok(false) if ignore_unchanged => Ok(()),
        Ok(false) => Err(pvalidate_status(0x10)),
        Err(Refusal::Input) => Err(pvalidate_status(1)),
        Err(Refusal::Permission) => Err(pvalidate_status(2)),
        Err(Refusal::SizeMismatch) => Err(pvalidate_status(6)),
        Err(Refusal::NotAssigned | Refusal::NotValidated) => Err(Failure::Fault(format!(
            "PVALIDATE of {address:#x} by the SVSM: the page is the VMM's"
        ))),
    }
}

/// Makes a result code of what `PVALIDATE` returned, or of 0x10 if it changed nothing.
fn pvalidate_status(code: u32) -> Failure {
    Status::new(0x8000_1000 | code).into()
}
