// SPDX-License-Identifier: GPL-2.0

//! The signatures of a quote, which `dcap-qvl` verifies.

use std::time::SystemTime;

use dcap_qvl::{
    verify::QuoteVerifier,
    QuoteCollateralV3, //
};
use x509_cert::der::pem;

/// What a verifier needs besides a quote.
pub struct Trust {
    /// The certificate at the root, as PEM. That of Intel if there is none.
    pub root: Option<String>,
    /// What the vendor says of platforms and quoting enclaves, as JSON of `dcap-qvl`.
    pub collateral: String,
    /// The time to verify for, in seconds since 1970. Now if there is none.
    pub time: Option<u64>,
}

impl Trust {
    /// Verifies a quote, and returns the status of its platform.
    ///
    /// # Errors
    ///
    /// Why it is not to be trusted, or what could not be read.
    pub fn verify(&self, quote: &[u8]) -> Result<String, String> {
        let collateral: QuoteCollateralV3 = serde_json::from_str(&self.collateral)
            .map_err(|error| format!("the collateral cannot be read: {error}"))?;
        let verifier = match &self.root {
            None => QuoteVerifier::new_prod(),
            Some(root) => {
                let (_, der) = pem::decode_vec(root.as_bytes())
                    .map_err(|error| format!("the root cannot be read: {error}"))?;
                QuoteVerifier::new(der)
            }
        };
        let time = match self.time {
            Some(time) => time,
            None => SystemTime::UNIX_EPOCH
                .elapsed()
                .map_err(|error| error.to_string())?
                .as_secs(),
        };
        verifier
            .verify(quote, &collateral, time)
            .map(|verified| verified.status)
            .map_err(|error| format!("{error:#}"))
    }
}
