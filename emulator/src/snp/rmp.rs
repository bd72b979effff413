// SPDX-License-Identifier: GPL-2.0

//! The reverse map table: which page is the guest's, validated, and of which size.
//!
//! AMD64 Architecture Programmer's Manual, volume 2, section 15.36. What QEMU loads is there and
//! validated when the guest starts, in entries of 2 MiB. With a firmware for SEV-SNP, only the image of the firmware and the
//! sections in its metadata are.

use std::{
    collections::BTreeSet,
    ops::Range,
    sync::{
        Mutex,
        OnceLock, //
    }, //
};

use crate::machine::{
    lock::lock,
    pages::{
        PageState,
        Pages, //
    },
    private_pages::PrivatePages, //
};

/// Pages of 4 KiB in one of 2 MiB.
const LARGE: u64 = 512;

/// Size of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// 4 KiB.
    Small,
    /// 2 MiB.
    Large,
}

impl Size {
    /// Takes a size from the lowest bit. In `RCX` the kernel passes a C `bool`, above which clang
    /// leaves what was in the register.
    pub(super) fn new(raw: u64) -> Self {
        match raw & 1 {
            0 => Self::Small,
            _ => Self::Large,
        }
    }

    /// Returns the pages of 4 KiB of the one at `page`, if it is aligned.
    pub(super) fn pages(self, page: u64) -> Option<Range<u64>> {
        match self {
            Self::Small => Some(page..page + 1),
            Self::Large => (page % LARGE == 0).then_some(page..page + LARGE),
        }
    }
}

/// Why an instruction did not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `FAIL_INPUT`.
    Input,
    /// `FAIL_PERMISSION`.
    Permission,
    /// `FAIL_SIZEMISMATCH`.
    SizeMismatch,
    /// The page is not the guest's: a nested page fault, which ends in the VMM.
    NotAssigned,
    /// The page is not validated: `#VC`.
    NotValidated,
    /// There is no page at the virtual address: a page fault.
    NotMapped,
}

/// The table.
#[derive(Debug, Default)]
pub(crate) struct Rmp {
    /// The pages that are memory, since the launch. There is no entry for devices, and none is needed
    /// for QEMU's own firmware.
    memory: OnceLock<Vec<Range<u64>>>,
    pages: Pages,
    /// Entries of 2 MiB that were split, by number.
    split: Mutex<BTreeSet<u64>>,
    /// Pages that have the state of a vCPU.
    vmsa: Mutex<BTreeSet<u64>>,
}

impl Rmp {
    /// Tells whether all bytes of a range are shared with the VMM.
    pub(crate) fn is_shared(&self, address: u64, len: u64) -> bool {
        let last = address.saturating_add(len.saturating_sub(1));

        self.are_shared(address / 4096..last / 4096 + 1)
    }

    /// Tells whether all pages of a range are the VMM's.
    pub(crate) fn are_shared(&self, pages: Range<u64>) -> bool {
        self.pages.uniform(pages) == Some(PageState::Shared)
    }

    /// Tells whether all bytes of a range are the guest's, which has validated them.
    pub(crate) fn is_validated(&self, address: u64, len: u64) -> bool {
        let last = address.saturating_add(len.saturating_sub(1));
        let pages = address / 4096..last / 4096 + 1;

        self.has(&pages) && self.pages.uniform(pages) == Some(PageState::Accepted)
    }

    /// Learns the addresses of memory. A page of which a part is memory is all memory.
    pub(super) fn launch(&self, memory: &[Range<u64>]) {
        let pages = |area: &Range<u64>| area.start / 4096..area.end.div_ceil(4096);

        // A guest is launched once.
        self.memory
            .get_or_init(|| memory.iter().map(pages).collect());
    }

    /// Learns where RAM is, which is the VMM's, and the image of a firmware, which is the guest's from its start.
    pub(super) fn start(&self, ram: &[Range<u64>], image: &Range<u64>) {
        let all = [ram, std::slice::from_ref(image)].concat();

        self.launch(&all);
        for range in ram {
            // Nothing in it is the guest's yet.
            drop(
                self.pages
                    .share(range.start / 4096..range.end.div_ceil(4096)),
            );
        }
        lock(&self.split).extend(image.start / 4096 / LARGE..(image.end / 4096).div_ceil(LARGE));
    }

    /// Adds the VMM's pages to a guest that is launched: they are validated.
    pub(super) fn add(&self, pages: Range<u64>) {
        lock(&self.split).extend(pages.start / LARGE..pages.end.div_ceil(LARGE));
        drop(self.pages.unshare(pages.clone()));
        // They were shared, so all of them are to be validated now.
        let _: Result<(), Option<PageState>> = self.pages.accept(pages);
    }

    /// Tells whether pages are memory.
    fn has(&self, pages: &Range<u64>) -> bool {
        let has = |area: &Range<u64>| area.start <= pages.start && pages.end <= area.end;

        match self.memory.get() {
            Some(memory) => memory.iter().any(has),
            None => true,
        }
    }

    /// Returns the pages of 4 KiB of the one at `page`, if they are memory.
    fn pages_of(&self, page: u64, size: Size) -> Option<Range<u64>> {
        size.pages(page).filter(|pages| self.has(pages))
    }

    /// Tells whether a page has the state of a vCPU.
    pub(super) fn is_vmsa(&self, page: u64) -> bool {
        lock(&self.vmsa).contains(&page)
    }

    /// `PVALIDATE`. Returns whether it changed anything.
    pub(crate) fn validate(&self, page: u64, size: Size, valid: bool) -> Result<bool, Refusal> {
        let pages = size.pages(page).ok_or(Refusal::Input)?;
        let mut split = lock(&self.split);
        let wanted = match valid {
            true => PageState::Accepted,
            false => PageState::Pending,
        };

        // Of the first page, as the CPU looks; all of an entry is in one state.
        let state = self.pages.state(page);
        if state == PageState::Shared || !self.has(&pages) {
            return Err(Refusal::NotAssigned);
        }
        fit(&mut split, page, size)?;
        match valid {
            _ if state == wanted => Ok(false),
            true => Ok(self.pages.accept(pages).is_ok()),
            false => {
                self.pages.rescind(pages);
                Ok(true)
            }
        }
    }

    /// `RMPADJUST` for a less privileged VMPL: makes a page the state of a vCPU, or not, if that is to
    /// change. Permissions are not kept.
    pub(super) fn adjust(&self, page: u64, size: Size, vmsa: Option<bool>) -> Result<(), Refusal> {
        let pages = size.pages(page).ok_or(Refusal::Input)?;
        let mut split = lock(&self.split);

        match self.pages.state(page) {
            _ if !self.has(&pages) => return Err(Refusal::NotAssigned),
            PageState::Shared => return Err(Refusal::NotAssigned),
            PageState::Pending => return Err(Refusal::NotValidated),
            PageState::Accepted => fit(&mut split, page, size)?,
        }
        match vmsa {
            Some(true) => lock(&self.vmsa).insert(page),
            Some(false) => lock(&self.vmsa).remove(&page),
            None => false,
        };
        Ok(())
    }

    /// The VMM shares a page, if it is memory. Returns what the guest loses.
    pub(super) fn share(&self, page: u64, size: Size) -> Option<Vec<Range<u64>>> {
        let pages = self.pages_of(page, size)?;
        let mut split = lock(&self.split);

        match size {
            Size::Small => split.insert(page / LARGE),
            Size::Large => split.remove(&(page / LARGE)),
        };
        lock(&self.vmsa).retain(|page| !pages.contains(page));
        Some(self.pages.share(pages))
    }

    /// The VMM gives a page to the guest, which has to validate it. Returns what was shared before.
    pub(super) fn assign(&self, page: u64, size: Size) -> Option<Vec<Range<u64>>> {
        let pages = self.pages_of(page, size)?;
        let mut split = lock(&self.split);

        match (size, self.pages.uniform(pages.clone())) {
            (Size::Large, Some(PageState::Shared)) => split.remove(&(page / LARGE)),
            // Pages that the guest has already keep their entries.
            (Size::Large, _) => false,
            (Size::Small, _) => split.insert(page / LARGE),
        };
        Some(self.pages.unshare(pages))
    }
}

impl PrivatePages for Rmp {
    fn is_private(&self, page: u64) -> bool {
        self.pages_of(page, Size::Small).is_some() && self.pages.is_private(page)
    }
}

/// Checks the size of an entry. One of 2 MiB is split by the VMM when it is too large.
fn fit(split: &mut BTreeSet<u64>, page: u64, size: Size) -> Result<(), Refusal> {
    match (size, split.contains(&(page / LARGE))) {
        (Size::Large, true) => Err(Refusal::SizeMismatch),
        (Size::Large, false) => Ok(()),
        (Size::Small, _) => {
            split.insert(page / LARGE);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_round_the_states() {
        let rmp = Rmp::default();
        assert_eq!(rmp.validate(5, Size::Small, false), Ok(true));
        let lost = rmp.share(5, Size::Small).unwrap();
        assert_eq!(lost.first(), Some(&(5..6)));
        assert!(rmp.is_shared(0x5000, 4096) && !rmp.is_shared(0x5000, 4097));
        assert!(rmp.is_validated(0x6000, 8) && !rmp.is_validated(0x4ff9, 8));
        assert_eq!(rmp.assign(5, Size::Small).unwrap().first(), Some(&(5..6)));
        assert!(!rmp.is_validated(0x5000, 1));
        assert_eq!(rmp.validate(5, Size::Small, true), Ok(true));
        assert!(rmp.is_validated(0x4ff9, 8) && !rmp.is_shared(0x5000, 1));
    }

    #[test]
    fn says_when_a_page_is_validated_twice() {
        let rmp = Rmp::default();
        assert_eq!(rmp.validate(5, Size::Small, true), Ok(false));
        assert_eq!(rmp.validate(512, Size::Large, false), Ok(true));
        assert_eq!(rmp.validate(512, Size::Large, false), Ok(false));
    }

    #[test]
    fn refuses_a_large_page_of_small_entries() {
        let rmp = Rmp::default();
        assert_eq!(rmp.validate(513, Size::Small, true), Ok(false));
        let mismatch = Err(Refusal::SizeMismatch);
        assert_eq!(rmp.validate(512, Size::Large, true), mismatch);
        assert_eq!(
            rmp.adjust(512, Size::Large, None),
            Err(Refusal::SizeMismatch)
        );
        rmp.share(512, Size::Large);
        rmp.assign(512, Size::Large);
        assert_eq!(rmp.validate(512, Size::Large, true), Ok(true));
    }

    #[test]
    fn refuses_pages_that_are_not_aligned() {
        let rmp = Rmp::default();
        assert_eq!(rmp.validate(1, Size::Large, true), Err(Refusal::Input));
        assert_eq!(rmp.share(1, Size::Large), None);
        assert_eq!(rmp.assign(1, Size::Large), None);
    }

    #[test]
    fn refuses_pages_of_the_vmm_and_unvalidated_ones() {
        let rmp = Rmp::default();
        rmp.share(7, Size::Small);
        let refused = Err(Refusal::NotAssigned);
        assert_eq!(rmp.validate(7, Size::Small, true), refused);
        assert_eq!(rmp.adjust(7, Size::Small, None), Err(Refusal::NotAssigned));
        rmp.assign(7, Size::Small);
        assert_eq!(rmp.adjust(7, Size::Small, None), Err(Refusal::NotValidated));
        rmp.validate(7, Size::Small, true).unwrap();
        assert_eq!(rmp.adjust(7, Size::Small, None), Ok(()));
    }

    #[test]
    fn looks_at_the_first_page_of_a_large_one() {
        let rmp = Rmp::default();
        rmp.share(513, Size::Small);
        let mismatch = Err(Refusal::SizeMismatch);
        assert_eq!(rmp.validate(512, Size::Large, true), mismatch);
        assert_eq!(rmp.adjust(512, Size::Large, None), mismatch.map(|_| ()));
        rmp.share(512, Size::Small);
        let refused = Err(Refusal::NotAssigned);
        assert_eq!(rmp.validate(512, Size::Large, true), refused);
        assert_eq!(rmp.adjust(512, Size::Large, None), refused.map(|_| ()));
    }

    #[test]
    fn has_nothing_but_memory() {
        let rmp = Rmp::default();
        rmp.launch(&[0..0x9_fc00, 0x10_0000..0x40_0000]);
        assert!(rmp.is_validated(0x9_f000, 4096) && !rmp.is_validated(0xa_0000, 1));
        assert!(!rmp.is_validated(0x3f_f000, 4097));
        let refused = Err(Refusal::NotAssigned);
        assert_eq!(rmp.validate(0xfee00, Size::Small, true), refused);
        assert_eq!(rmp.validate(0, Size::Large, true), refused);
        assert_eq!(rmp.adjust(0xfee00, Size::Small, None), refused.map(|_| ()));
        assert_eq!(rmp.share(0xfee00, Size::Small), None);
        assert_eq!(rmp.assign(0xfee00, Size::Small), None);
        assert!(!rmp.is_shared(0xfee0_0000, 1));
        assert!(rmp.assign(0x200, Size::Large).is_some());
    }

    #[test]
    fn starts_with_what_was_added() {
        let rmp = Rmp::default();
        rmp.start(
            &[0..0x40_0000, 0x60_0000..0x80_0000],
            &(0xffe0_0000..0x1_0000_0000),
        );
        assert!(rmp.are_shared(0..0x400) && rmp.are_shared(0x600..0x800));
        assert!(rmp.is_validated(0xffe0_0000, 0x20_0000));
        assert_eq!(rmp.adjust(0xf_fe05, Size::Small, None), Ok(()));
        let mismatch = Err(Refusal::SizeMismatch);
        assert_eq!(rmp.adjust(0xf_fe00, Size::Large, None), mismatch);
        rmp.add(0x210..0x220);
        assert!(rmp.is_validated(0x21_0000, 0x1_0000));
        assert!(rmp.are_shared(0x200..0x210) && rmp.are_shared(0x220..0x400));
        assert!(rmp.assign(0x200, Size::Large).is_some());
        assert_eq!(rmp.validate(0x210, Size::Small, true), Ok(false));
        assert_eq!(rmp.validate(0x211, Size::Small, true), Ok(false));
        assert_eq!(rmp.validate(0x200, Size::Small, true), Ok(true));
        let mismatch = Err(Refusal::SizeMismatch);
        assert_eq!(rmp.validate(0x200, Size::Large, true), mismatch);
        assert!(rmp.assign(0, Size::Large).is_some());
        assert_eq!(rmp.validate(0, Size::Large, true), Ok(true));
        assert_eq!(rmp.assign(0x500, Size::Small), None);
    }

    #[test]
    fn has_memory_private_that_is_not_shared() {
        let rmp = Rmp::default();
        rmp.launch(&[0..0x9_fc00, 0x10_0000..0x40_0000]);
        rmp.share(7, Size::Small);
        rmp.share(8, Size::Small);
        rmp.assign(8, Size::Small);
        let private = [6, 7, 8, 0x400].map(|page| rmp.is_private(page));
        assert_eq!(private, [true, false, true, false]);
    }

    #[test]
    fn keeps_which_pages_are_states_of_vcpus() {
        let rmp = Rmp::default();
        let adjust = |vmsa| rmp.adjust(7, Size::Small, vmsa).unwrap();
        adjust(Some(true));
        adjust(None);
        assert!(rmp.is_vmsa(7));
        adjust(Some(false));
        assert!(!rmp.is_vmsa(7));
        // The VMM takes it away.
        adjust(Some(true));
        rmp.share(7, Size::Small);
        assert!(!rmp.is_vmsa(7));
    }
}
