// SPDX-License-Identifier: GPL-2.0

//! What the user asks of the emulated machine: `-plugin libtsm_emulator.so,KEY=VALUE,…`.
//!
//! `platform=tdx`, the default, or `platform=snp` says what the guest runs on. It may stand anywhere.
//! Each platform has options of its own, besides [`OPTIONS`]. `help=on` has the plugin print them all.
//!
//! A program in the guest reads the count of its vCPU by `0f 1f 80 74 73 6d 21`, a `NOP` that puts it
//! in `RAX`. It is exact, and the same for the same work: each instruction adds one when it begins.

use crate::{
    option::{
        self,
        choice::{
            choose,
            name,
            Choice, //
        },
        put,
        Opt,
        Values, //
    },
    snp::SnpConfig,
    tdx::TdxConfig, //
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

/// Makes a platform that has all defaults.
type NewPlatform = fn() -> Platform;

/// Values of `platform`.
const PLATFORMS: [Choice<NewPlatform>; 2] = [
    Choice::new("tdx", || Platform::Tdx(Box::default()), "TDX of Intel"),
    Choice::new("snp", || Platform::Snp(Box::default()), "SEV-SNP of AMD"),
];

/// Values of `count`.
const COUNT: [Choice<bool>; 2] = [
    Choice::new("on", true, "which is slow"),
    Choice::new("off", false, ""),
];

/// Options of any platform.
const OPTIONS: &[Opt<Config>] = &[Opt {
    key: "count",
    meaning: "whether instructions are counted, for the guest to read",
    values: Values::Line(&COUNT),
    default: |c| name(&COUNT, &c.count),
    set: |c, v| put(&mut c.count, choose(&COUNT, v)),
}];

impl Platform {
    /// Sets one option. The error is what was expected.
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match self {
            Self::Tdx(config) => config.set(key, value),
            Self::Snp(config) => config.set(key, value),
        }
    }

    /// Returns the help on its options.
    fn help(&self) -> String {
        match self {
            Self::Tdx(_) => TdxConfig::help(),
            Self::Snp(_) => SnpConfig::help(),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            count: false,
            platform: Platform::Tdx(Box::default()),
        }
    }
}

impl Config {
    /// Parses `KEY=VALUE` arguments. The error is for the user.
    pub(crate) fn parse<'a>(args: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut config = Self::default();
        let mut others = Vec::new();

        for arg in args {
            let (key, value) = arg
                .split_once('=')
                .ok_or_else(|| format!("`{arg}` is not KEY=VALUE"))?;
            let set = match key {
                "platform" => choose(&PLATFORMS, value).map(|new| {
                    config.platform = new();
                    true
                }),
                _ => option::set(OPTIONS, &mut config, key, value),
            };
            if !set.map_err(|expected| refusal(key, value, &expected))? {
                others.push((key, value));
            }
        }
        for (key, value) in others {
            let set = config.platform.set(key, value);
            set.map_err(|expected| refusal(key, value, &expected))?;
        }
        Ok(config)
    }
}

/// Returns the help on the options of a platform, if the arguments ask for it. The error is for the user.
pub(crate) fn help(args: &[&str]) -> Result<Option<String>, String> {
    let (asks, others) = args
        .iter()
        .partition::<Vec<&str>, _>(|arg| **arg == "help=on");

    if asks.is_empty() {
        return Ok(None);
    }
    let options = Config::parse(others)?.platform.help();
    let title = "KEY=VALUE [default]";
    Ok(Some(format!("{title}\n{}{options}", option::help(OPTIONS))))
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
    fn helps_only_if_asked() {
        assert_eq!(help(&["platform=snp", "count=on"]), Ok(None));
        assert!(help(&["help=on", "platform=sgx"]).is_err());
        let tdx = help(&["help=on"]).unwrap();
        assert_eq!(help(&["platform=tdx", "help=on"]), Ok(tdx.clone()));
        assert!(help(&["help=on", "platform=snp"]).unwrap() != tdx);
    }

    #[test]
    fn helps_on_the_options_that_it_takes_and_on_no_other() {
        for (platform, keys) in [
            ("tdx", TdxConfig::keys().collect::<Vec<_>>()),
            ("snp", SnpConfig::keys().collect()),
        ] {
            let platform = format!("platform={platform}");
            let text = help(&[&platform, "help=on"]).unwrap().unwrap();
            // An option's line ends with its default, a value's does not.
            let helped = text.lines().filter(|line| line.ends_with(']')).skip(1);
            let helped = helped.map(|line| line.split_whitespace().next().unwrap());
            let mut helped = helped.collect::<Vec<_>>();
            for key in &helped {
                // A known key refuses the value, or takes it, but names no other keys.
                let refused = Config::parse([platform.as_str(), &format!("{key}=~")]);
                assert!(!refused.is_err_and(|error| error.contains("another key")));
            }
            let mut taken = option::keys(OPTIONS).chain(keys).collect::<Vec<_>>();
            taken.sort_unstable();
            helped.sort_unstable();
            assert_eq!(helped, taken);
            taken.dedup();
            assert_eq!(helped.len(), taken.len());
        }
    }

    #[test]
    fn refuses_a_key_without_a_value() {
        assert!(Config::parse(["trace"]).is_err());
    }
}
