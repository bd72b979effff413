// SPDX-License-Identifier: GPL-2.0

//! Options of the SVSM that runs a guest at another VMPL than 0: see `options` for each.

/// What services there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Services {
    /// A vTPM.
    #[default]
    Vtpm,
    /// None.
    None,
}

/// How an attestation call is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum AttestService {
    /// Rightly.
    #[default]
    Answer,
    /// With success, but no answer.
    Silent,
    /// That more room is needed.
    Growing,
    /// Not at all: the VMM does not run the SVSM.
    Skipped,
}

/// The options.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SvsmConfig {
    /// The services.
    pub(crate) services: Services,
    /// The least size of the vTPM's manifest.
    pub(crate) manifest_size: u32,
    /// How attestation calls are answered.
    pub(crate) attest: AttestService,
    /// What attestation calls are answered with.
    pub(crate) status: Option<u32>,
    /// How often it is busy.
    pub(crate) busy: u32,
    /// The length of a report.
    pub(crate) report_length: Option<u64>,
    /// The length of a manifest.
    pub(crate) manifest_length: Option<u64>,
    /// The length of the certificates.
    pub(crate) certs_length: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sets some options.
    fn parse(args: &[(&str, &str)]) -> Result<SvsmConfig, String> {
        let mut config = SvsmConfig::default();
        for (key, value) in args {
            assert!(config.set(key, value)?);
        }
        Ok(config)
    }

    #[test]
    fn takes_each_option() {
        let config = parse(&[
            ("svsm_services", "none"),
            ("svsm_manifest_size", "5K"),
            ("svsm_attest", "growing"),
            ("svsm_status", "80000004"),
            ("svsm_busy", "3"),
            ("svsm_report_length", "18446744073709551615"),
            ("svsm_manifest_length", "4097"),
            ("svsm_certs_length", "0"),
        ]);
        let expected = SvsmConfig {
            services: Services::None,
            manifest_size: 5 << 10,
            attest: AttestService::Growing,
            status: Some(0x8000_0004),
            busy: 3,
            report_length: Some(u64::MAX),
            manifest_length: Some(4097),
            certs_length: Some(0),
        };
        assert_eq!(config, Ok(expected));
        for (value, attest) in [
            ("silent", AttestService::Silent),
            ("skipped", AttestService::Skipped),
        ] {
            let config = parse(&[("svsm_attest", value)]).unwrap();
            assert_eq!(config.attest, attest);
        }
        let default = parse(&[("svsm_services", "vtpm"), ("svsm_attest", "answer")]);
        assert_eq!(default, Ok(SvsmConfig::default()));
    }

    #[test]
    fn refuses_values_that_make_no_sense() {
        for arg in [
            ("svsm_services", "tpm"),
            ("svsm_manifest_size", "65M"),
            ("svsm_attest", "maybe"),
            ("svsm_status", "100000000"),
            ("svsm_busy", "-1"),
            ("svsm_report_length", "x"),
        ] {
            assert!(parse(&[arg]).is_err());
        }
    }

    #[test]
    fn knows_its_keys() {
        for key in SvsmConfig::keys() {
            assert_ne!(SvsmConfig::default().set(key, "0"), Ok(false));
        }
        assert_eq!(SvsmConfig::default().set("busy", "0"), Ok(false));
    }
}
