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
    verifier: QuoteVerifier,
    collateral: QuoteCollateralV3,
    time: u64,
}

impl Trust {
    /// Reads it: what the vendor says of platforms and quoting enclaves, as JSON of `dcap-qvl`; the certificate at the root,
    /// as PEM, or that of Intel; and the time to verify for, in seconds since 1970, or now.
    ///
    /// # Errors
    ///
    /// What cannot be read.
    pub fn read(collateral: &str, root: Option<&str>, time: Option<u64>) -> Result<Self, String> {
        let collateral = serde_json::from_str(collateral)
            .map_err(|error| format!("the collateral cannot be read: {error}"))?;
        let verifier = match root {
            None => QuoteVerifier::new_prod(),
            Some(root) => {
                let (_, der) = pem::decode_vec(root.as_bytes())
                    .map_err(|error| format!("the root cannot be read: {error}"))?;
                QuoteVerifier::new(der)
            }
        };
        let time = match time {
            Some(time) => time,
            None => SystemTime::UNIX_EPOCH
                .elapsed()
                .map_err(|error| error.to_string())?
                .as_secs(),
        };
        Ok(Self {
            verifier,
            collateral,
            time,
        })
    }

    /// Verifies a quote, and returns the status of its platform.
    ///
    /// # Errors
    ///
    /// Why it is not to be trusted.
    pub fn verify(&self, quote: &[u8]) -> Result<String, String> {
        self.verifier
            .verify(quote, &self.collateral, self.time)
            .map(|verified| verified.status)
            .map_err(|error| format!("{error:#}"))
    }
}
