// SPDX-License-Identifier: GPL-2.0

//! The core protocol.
//!
//! SVSM, chapter "Core Protocol".

use tsm_proto::snp::svsm::Status;

use super::{
    attest,
    calling_area::{
        CallingArea,
        CallingAreas, //
    },
    context::{
        Context,
        Failure, //
    },
    guest::Guest,
    list::{
        self,
        Entry, //
    },
    memory,
    vtpm, //
};
use crate::{
    machine::{
        gpa::PAGE_SIZE,
        memory::NoMemory,
        registers::{
            Reg,
            Registers, //
        }, //
    },
    snp::{
        config::{
            svsm::Services,
            SnpConfig, //
        },
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
    pub(super) const DEPOSIT_MEM: u32 = 4;
    pub(super) const WITHDRAW_MEM: u32 = 5;
    pub(super) const QUERY_PROTOCOL: u32 = 6;
    pub(super) const CONFIGURE_VTOM: u32 = 7;
}

/// Does a call.
pub(super) fn call(
    guest: &Guest<'_>,
    context: Context<'_>,
    areas: &mut CallingAreas,
    config: &SnpConfig,
    call: u32,
    regs: &mut Registers,
) -> Result<(), Failure> {
    let has_vtpm = config.svsm.services == Services::Vtpm;
    let operand = regs[Reg::Rcx];

    match call {
        id::REMAP_CA => {
            remap(guest, operand)?;
            if let Some(area) = areas.get_mut(&context.vcpu) {
                area.address = operand;
            }
        }
        id::PVALIDATE => return list::each(guest, operand, |entry| pvalidate(guest, entry)),
        id::CREATE_VCPU => {
            let area = CallingArea {
                address: regs[Reg::Rdx],
                vmsa: Some(operand / PAGE_SIZE),
            };
            let vcpu = usize::try_from(regs[Reg::R8])
                .ok()
                .filter(|vcpu| *vcpu < context.vcpus && *vcpu != context.vcpu)
                .ok_or(Status::INVALID_PARAMETER)?;
            create(guest, config, areas, vcpu, operand, area.address)?;
            areas.insert(vcpu, area);
        }
        id::DELETE_VCPU => {
            delete(guest, operand)?;
            // A vCPU that was made again has another state, and may have the same calling area.
            areas.retain(|_, area| area.vmsa != Some(operand / PAGE_SIZE));
        }
        id::DEPOSIT_MEM => return memory::deposit(guest, areas, operand),
        id::WITHDRAW_MEM => return memory::withdraw(guest, areas, operand),
        id::QUERY_PROTOCOL => regs[Reg::Rcx] = query(operand, has_vtpm),
        id::CONFIGURE_VTOM => regs[Reg::Rcx] = configure_vtom(operand)?,
        _ => return Err(Status::UNSUPPORTED_CALL.into()),
    }
    Ok(())
}

/// `SVSM_CORE_REMAP_CA`: the vCPU has its calling area elsewhere from now on.
fn remap(guest: &Guest<'_>, address: u64) -> Result<(), Status> {
    match address % PAGE_SIZE {
        0 => guest.write(address, &[0; 8]),
        _ => Err(Status::INVALID_PARAMETER),
    }
}

/// `SVSM_CORE_CREATE_VCPU`: makes a page the state of a vCPU, and another one its calling area. Neither
/// may have another use already, but that a vCPU which is made again can keep its calling area.
fn create(
    guest: &Guest<'_>,
    config: &SnpConfig,
    areas: &CallingAreas,
    vcpu: usize,
    vmsa: u64,
    calling_area: u64,
) -> Result<(), Status> {
    for address in [vmsa, calling_area] {
        if address % PAGE_SIZE != 0 {
            return Err(Status::INVALID_PARAMETER);
        }
        guest.check(address, PAGE_SIZE)?;
    }
    let conflicts = areas.iter().any(|(other, area)| {
        area.address == vmsa || (area.address == calling_area && *other != vcpu)
    });
    if vmsa == calling_area || conflicts {
        return Err(Status::INVALID_ADDRESS);
    }
    let state = Vmsa::read(guest.memory, vmsa).ok_or(Status::INVALID_ADDRESS)?;
    if !state.is_right(config.vmpl.into()) {
        return Err(Status::INVALID_PARAMETER);
    }
    let adjusted = guest.rmp.adjust(vmsa / PAGE_SIZE, Size::Small, Some(true));
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

/// `SVSM_CORE_CONFIGURE_VTOM`: asked in bit 0 whether it can, it says no.
fn configure_vtom(operand: u64) -> Result<u64, Status> {
    const QUERY: u64 = 1;
    const RESERVED: u64 = 0xfe0;

    match operand {
        QUERY => Ok(0),
        _ if operand & (QUERY | RESERVED) != 0 => Err(Status::INVALID_PARAMETER),
        _ => Err(Status::INVALID_REQUEST),
    }
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

/// Does an entry of `SVSM_CORE_PVALIDATE`: bit 2 says whether the page is to be validated, bit 3 whether
/// it may be so already.
fn pvalidate(guest: &Guest<'_>, entry: Entry) -> Result<(), Failure> {
    let (valid, ignore_unchanged) = (entry.has(2), entry.has(3));
    let (size, pages) = entry.pages()?;
    let (address, len) = (
        pages.start * PAGE_SIZE,
        (pages.end - pages.start) * PAGE_SIZE,
    );

    if guest.is_own(address, len) {
        return Err(Status::INVALID_ADDRESS.into());
    }
    match guest.rmp.validate(pages.start, size, valid) {
        // What is there may be anything, so the guest does not get to see it. There is memory, by the RMP.
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
        Err(Refusal::NotAssigned | Refusal::NotValidated | Refusal::NotMapped) => {
            Err(Failure::Fault(format!(
                "PVALIDATE of {address:#x} by the SVSM: the page is the VMM's"
            )))
        }
    }
}

/// Makes a result code of what `PVALIDATE` returned, or of 0x10 if it changed nothing.
fn pvalidate_status(code: u32) -> Failure {
    Status::new(0x8000_1000 | code).into()
}
