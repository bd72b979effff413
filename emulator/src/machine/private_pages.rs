// SPDX-License-Identifier: GPL-2.0

//! Which pages are private, for devices: an address of DMA does not say so.

use std::fmt::Debug;

use super::pages::{
    PageState,
    Pages, //
};

/// The private pages of a guest. Devices look a page up on threads of their own.
pub(crate) trait PrivatePages: Debug + Send + Sync {
    /// Tells whether a page, by its number, is private: not shared with the VMM.
    fn is_private(&self, page: u64) -> bool;
}

impl PrivatePages for Pages {
    fn is_private(&self, page: u64) -> bool {
        self.state(page) != PageState::Shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_all_pages_private_that_are_not_shared() {
        let pages = Pages::default();

        pages.share(5..7);
        pages.unshare(6..7);
        assert_eq!(
            [4, 5, 6].map(|page| pages.is_private(page)),
            [true, false, true]
        );
    }
}
