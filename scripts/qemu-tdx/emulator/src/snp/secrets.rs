// SPDX-License-Identifier: GPL-2.0

//! The secrets page: SEV-SNP Firmware ABI (56860), section "Secrets Page Format".
//!
//! A real processor makes the keys at random for each launch. Here they are the same for all, and
//! public; what they protect proves nothing to anybody.

use sha2::{
    Digest as _,
    Sha256, //
};

/// Version of the format.
const VERSION: u32 = 3;

/// Where the first of the four VMPCKs is.
const KEYS: usize = 0x20;

/// Makes the page for a guest at VMPL 0.
pub(super) fn page() -> [u8; 4096] {
    let mut page = [0; 4096];

    page[..4].copy_from_slice(&VERSION.to_le_bytes());
    for (vmpl, key) in (0u8..4).zip(page[KEYS..].chunks_exact_mut(32)) {
        let hash = Sha256::new_with_prefix(b"tsm-emulator VMPCK");
        key.copy_from_slice(&hash.chain_update([vmpl]).finalize());
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_four_different_keys() {
        let page = page();
        let keys: std::collections::BTreeSet<_> = page[KEYS..].chunks_exact(32).take(4).collect();
        assert_eq!(keys.len(), 4);
        assert!(!keys.contains([0; 32].as_slice()));
        assert_eq!(page[0], 3);
    }
}
