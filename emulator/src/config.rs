// SPDX-License-Identifier: GPL-2.0

//! What the user asks of the emulated machine: `-plugin libtsm_emulator.so,KEY=VALUE,…`.
//!
//! | key | value | default |
//! |---|---|---|
//! | `platform` | what the guest runs on: `tdx`, `snp` | `tdx` |
//! | `count` | whether instructions are counted, for the guest to read: `on`, which is slow, `off` | `off` |
//!
//! `platform` may stand anywhere. Each platform has other keys of its own.
//!
//! A program in the guest reads the count of its vCPU by `0f 1f 80 74 73 6d 21`, a `NOP` that puts it
//! in `RAX`. It is exact, and the same for the same work: each instruction adds one when it begins.

mod snp;
mod tdx;
mod value;

pub(crate) use snp::{
    AttestService,
    CertificateService,
    MutatedPart,
    ReportVersion,
    RequestService,
    Services,
    SnpConfig,
    SvsmConfig, //
};
pub(crate) use tdx::{
    MapService,
    QuoteService,
    QuoteUntil,
    ReportService,
    TdxConfig, //
};

/// The options of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// Whether instructions are counted.
    pub(crate) count: bool,
    /// What the guest runs on, with the options of that.
    pub(crate) platform: Platform,
}

/// What a guest runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Platform {
    /// TDX of Intel.
    Tdx(Box<TdxConfig>),
    /// SEV-SNP of AMD.
    Snp(Box<SnpConfig>),
}

impl Platform {
    /// Sets one option. The error is what was expected.
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match self {
            Self::Tdx(config) => config.set(key, value),
            Self::Snp(config) => config.set(key, value),
        }
    }
}

impl Config {
    /// Parses `KEY=VALUE` arguments. The error is for the user.
    pub(crate) fn parse<'a>(args: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut config = Self {
            count: false,
            platform: Platform::Tdx(Box::default()),
        };
        let mut others = Vec::new();

        for arg in args {
            let (key, value) = arg
                .split_once('=')
                .ok_or_else(|| format!("`{arg}` is not KEY=VALUE"))?;
            match (key, value) {
                ("platform", "tdx") => config.platform = Platform::Tdx(Box::default()),
                ("platform", "snp") => config.platform = Platform::Snp(Box::default()),
                ("platform", _) => return Err(refusal(key, value, "tdx or snp")),
                ("count", "on") => config.count = true,
                ("count", "off") => config.count = false,
                ("count", _) => return Err(refusal(key, value, "on or off")),
                _ => others.push((key, value)),
            }
        }
        for (key, value) in others {
            let set = config.platform.set(key, value);
            set.map_err(|expected| refusal(key, value, &expected))?;
        }
        Ok(config)
    }
}

/// Says what was expected.
fn refusal(key: &str, value: &str, expected: &str) -> String {
    format!("{key}=`{value}`: expected {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_platform_anywhere() {
        let tdx = Platform::Tdx(Box::default());
        assert_eq!(Config::parse([]).unwrap().platform, tdx);
        assert_eq!(Config::parse(["platform=tdx"]).unwrap().platform, tdx);
        let config = Config::parse(["trace=/tmp/x", "platform=snp"]).unwrap();
        let Platform::Snp(config) = config.platform else {
            panic!("not SNP");
        };
        assert_eq!(config.trace, Some("/tmp/x".into()));
    }

    #[test]
    fn counts_on_any_platform() {
        assert!(!Config::parse(["count=off"]).unwrap().count);
        for platform in ["platform=tdx", "platform=snp"] {
            assert!(Config::parse([platform, "count=on"]).unwrap().count);
        }
    }

    #[test]
    fn refuses_other_values() {
        for (arg, expected) in [("platform=sgx", "tdx or snp"), ("count=1", "on or off")] {
            assert!(Config::parse([arg]).unwrap_err().contains(expected));
        }
    }

    #[test]
    fn refuses_a_key_of_the_other_platform() {
        for args in [
            ["platform=snp", "mrowner=00"],
            ["quote=never", "platform=snp"],
        ] {
            let error = Config::parse(args).unwrap_err();
            assert!(error.contains("another key"));
        }
    }

    #[test]
    fn refuses_a_key_without_a_value() {
        assert!(Config::parse(["trace"]).is_err());
    }
}
