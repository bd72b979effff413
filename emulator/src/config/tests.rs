// SPDX-License-Identifier: GPL-2.0

//! Options of any platform, and the help.

mod machine;

use super::*;

#[test]
fn takes_a_platform_anywhere() {
    let tdx = Guest::Tdx(Box::default());
    assert_eq!(Config::parse([]).unwrap().platform, tdx);
    assert_eq!(Config::parse(["platform=tdx"]).unwrap().platform, tdx);
    let config = Config::parse(["trace=/tmp/x", "platform=snp"]).unwrap();
    let Guest::Snp(config) = config.platform else {
        panic!("not SNP");
    };
    assert_eq!(config.trace, Some("/tmp/x".into()));
}

#[test]
fn counts_on_any_platform() {
    let count = |args| Config::parse::<'_>(args).unwrap().count;

    assert_eq!(count(["platform=tdx", "count=off"]), None);
    for platform in ["platform=tdx", "platform=snp"] {
        assert_eq!(count([platform, "count=on"]), Some(Granularity::Page));
        assert_eq!(count([platform, "count=blocks"]), Some(Granularity::Block));
    }
}

#[test]
fn refuses_other_values() {
    for (arg, expected) in [
        ("platform=sgx", "tdx, snp or plain"),
        ("count=1", "on, blocks or off"),
        ("arguments=1", "on or off"),
        ("device=gpu", "tdi"),
        ("device=tdi,functions=9", "1 to 8"),
        ("device=tdi", "`sockets`"),
    ] {
        assert!(Config::parse([arg]).unwrap_err().contains(expected));
    }
}

#[test]
fn refuses_a_key_of_the_other_platform() {
    for args in [
        ["platform=snp", "mrowner=00"],
        ["quote=never", "platform=snp"],
        ["quote=never", "platform=plain"],
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
        ("plain", vec![]),
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
fn helps_on_devices() {
    let text = help(&["platform=plain", "help=device"]).unwrap().unwrap();
    assert_eq!(text, pci::Options::help());
}

#[test]
fn tells_the_arguments_of_all_devices_if_asked() {
    let device = "device=tdi,functions=1";
    let args = [device, "device=tdi,persona=cma", "sockets=/run/a"];
    assert_eq!(Config::parse(args).unwrap().arguments(), None);
    let config = Config::parse(args.into_iter().chain(["arguments=on"])).unwrap();
    let arguments = config.arguments().unwrap();
    for path in ["device0.0", "device1.0", "device1.1"] {
        assert!(arguments.contains(&format!("\"path\":\"/run/a/{path}\"")));
    }
    assert_eq!(arguments.lines().count(), 8);
    let none = Config::parse(["arguments=on"]).unwrap();
    assert_eq!(none.arguments(), Some(String::new()));
}

#[test]
fn starts_all_devices() {
    let sockets = std::env::temp_dir().join(format!("tsm-devices-{}", std::process::id()));
    std::fs::create_dir_all(&sockets).unwrap();
    let folder = format!("sockets={}", sockets.display());
    let device = "device=tdi,functions=1";
    let config = Config::parse([device, device, &folder]).unwrap();
    config.start_devices(None).unwrap();
    for path in ["device0.0", "device1.0"] {
        assert!(sockets.join(path).exists());
    }
    assert!(config.start_devices(None).is_err());
    std::fs::remove_dir_all(&sockets).unwrap();
}

#[test]
fn refuses_a_key_without_a_value() {
    assert!(Config::parse(["trace"]).is_err());
}
