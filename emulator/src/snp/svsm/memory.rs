// SPDX-License-Identifier: GPL-2.0

//! The core protocol: memory that the guest gives to the SVSM, and takes back.
//!
//! SVSM, "SVSM_CORE_DEPOSIT_MEM Call" and "SVSM_CORE_WITHDRAW_MEM Call". This SVSM needs none, so it
//! says at once that it can be taken back. Until then the guest must not use it, which the SVSM can see
//! only where it is asked to.

use tsm_proto::snp::svsm::Status;

use super::{
    calling_area::{
        CallingArea,
        CallingAreas, //
    },
    context::Failure,
    guest::Guest,
    list, //
};
use crate::machine::{
    gpa::PAGE_SIZE,
    lock::lock, //
};

/// `SVSM_CORE_DEPOSIT_MEM`: takes the pages of a list.
pub(super) fn deposit(guest: &Guest<'_>, areas: &CallingAreas, list: u64) -> Result<(), Failure> {
    let result = list::each(guest, list, |entry| {
        let (_, pages) = entry.pages()?;
        let is_calling_area =
            |page: &u64| areas.values().any(|area| area.address / PAGE_SIZE == *page);

        guest.check(
            pages.start * PAGE_SIZE,
            (pages.end - pages.start) * PAGE_SIZE,
        )?;
        if pages.clone().any(|page| is_calling_area(&page)) {
            return Err(Status::INVALID_ADDRESS.into());
        }
        lock(guest.deposited).extend(pages);
        Ok(())
    });

    announce(guest, areas);
    result
}

/// `SVSM_CORE_WITHDRAW_MEM`: gives back pages, whose addresses go to a list: two bytes say how many, six
/// are not used.
pub(super) fn withdraw(guest: &Guest<'_>, areas: &CallingAreas, list: u64) -> Result<(), Failure> {
    let room = usize::try_from(list::room(list)).unwrap_or(0);
    let free: Vec<u64> = lock(guest.deposited).iter().copied().take(room).collect();

    if list % list::ENTRY != 0 || room == 0 {
        return Err(Status::INVALID_PARAMETER.into());
    }
    // CAST: Below 512.
    guest.write(list, &(free.len() as u16).to_le_bytes())?;
    let addresses = free
        .iter()
        .flat_map(|page| (page * PAGE_SIZE).to_le_bytes());
    guest.write(list + list::HEADER, &addresses.collect::<Vec<_>>())?;
    lock(guest.deposited).retain(|page| !free.contains(page));
    announce(guest, areas);
    Ok(())
}

/// Says in the calling area of the first vCPU whether there is memory that can be taken back.
fn announce(guest: &Guest<'_>, areas: &CallingAreas) {
    let available = !lock(guest.deposited).is_empty();

    if let Some(area) = areas.get(&0) {
        let address = area.address + CallingArea::MEM_AVAILABLE;
        // What is not there is not there at the next call either, which says so.
        let _: Result<(), Status> = guest.write(address, &[available.into()]);
    }
}
