// SPDX-License-Identifier: GPL-2.0

//! Every key, each refusal.

use super::*;
use crate::tdx::quoting::Zeros;

/// Sets options.
fn parse<'a>(args: impl IntoIterator<Item = &'a str>) -> Result<TdxConfig, String> {
    let mut config = TdxConfig::default();

    for arg in args {
        let (key, value) = arg.split_once('=').unwrap();
        config.set(key, value)?;
    }
    Ok(config)
}

#[test]
fn has_defaults() {
    let config = parse([]).unwrap();
    assert_eq!(config, TdxConfig::default());
    assert_eq!(config.attributes, 0x1000_0000);
}

#[test]
fn takes_every_key() {
    let digits = "0f".repeat(48);
    let args = [
        "attributes=0x10000001".to_string(),
        format!("mrconfigid={digits}"),
        format!("mrowner={digits}"),
        format!("mrownerconfig={digits}"),
        format!("servtd_hash={digits}"),
        format!("qe_id={}", "0f".repeat(16)),
        format!("tee_tcb_svn2={}", "0d".repeat(16)),
        "quote=never".to_string(),
        "trace=/tmp/x=y".to_string(),
    ];
    let config = parse(args.iter().map(String::as_str)).unwrap();
    assert_eq!(config.attributes, 0x1000_0001);
    assert_eq!(config.mrconfigid, Digest384::new([0x0f; 48]));
    assert_eq!(config.mrowner, config.mrconfigid);
    assert_eq!(config.mrownerconfig, config.mrconfigid);
    assert_eq!(config.servtd_hash, config.mrconfigid);
    assert_eq!(config.qe_id, Some([0x0f; 16]));
    assert_eq!(config.tee_tcb_svn2, Some([0x0d; 16]));
    assert_eq!(config.quote, QuoteService::Never);
    assert_eq!(config.trace, Some("/tmp/x=y".into()));
}

#[test]
fn knows_every_quoting_service() {
    for (value, quote) in [
        ("quote=answer", QuoteService::Answer),
        ("quote=error", QuoteService::Error),
        ("quote=unavailable", QuoteService::Unavailable),
        ("quote=empty", QuoteService::Empty),
        ("quote=long", QuoteService::Long),
        ("quote=huge", QuoteService::Huge),
        ("quote=version", QuoteService::Version),
        ("quote=garbage", QuoteService::Garbage),
        ("quote=noise", QuoteService::Noise),
        ("quote=changing", QuoteService::Changing),
        ("quote=flipping", QuoteService::Flipping),
        ("quote=once", QuoteService::Once),
        (
            "quote_status=80000000000000ff",
            QuoteService::Status(0x8000_0000_0000_00ff),
        ),
    ] {
        assert_eq!(parse([value]).unwrap().quote, quote);
    }
}

#[test]
fn takes_a_delay_in_either_unit() {
    for value in ["quote_delay_ms=50", "quote_delay_us=50000"] {
        let config = parse([value]).unwrap();
        assert_eq!(config.quote_delay, Duration::from_millis(50));
    }
}

#[test]
fn takes_what_a_quote_is_in_flight_until() {
    for (value, until) in [
        ("extend", QuoteUntil::Extend),
        ("requests:8", QuoteUntil::Requests(8)),
        ("reads:30", QuoteUntil::Reads(30)),
    ] {
        let config = parse([format!("quote_until={value}").as_str()]).unwrap();
        assert_eq!(config.quote_until, Some(until));
    }
}

#[test]
fn takes_a_version_of_quotes() {
    for (value, version) in [
        ("4", Version::V4),
        ("5", Version::V5),
        ("5:1.0", Version::V5Td10),
        ("5:1.5ex", Version::V5Td15Ex),
    ] {
        let config = parse([format!("quote_version={value}").as_str()]).unwrap();
        assert_eq!(config.quote_version, version);
    }
}

#[test]
fn takes_measurements() {
    let digits = "0f".repeat(48);
    let args = ["mrtd", "mrseam", "mrsignerseam"].map(|key| format!("{key}={digits}"));
    let config = parse(args.iter().map(String::as_str)).unwrap();
    let expected = Digest384::new([0x0f; 48]);
    assert_eq!(config.mrtd, Some(expected));
    assert_eq!(config.mrseam, Some(expected));
    assert_eq!(config.mrsignerseam, expected);
    assert_eq!(parse(["xfam=3"]).unwrap().xfam, 3);
    let config = parse([format!("tee_tcb_svn=0b0104{:026}", 0).as_str()]).unwrap();
    assert_eq!(config.tee_tcb_svn[..4], [0x0b, 1, 4, 0]);
}

#[test]
fn takes_sizes_of_quotes() {
    let config = parse(["quote_size=4M", "quote_size_field=8K"]).unwrap();
    assert_eq!(config.quote_size, 4 << 20);
    assert_eq!(config.quote_size_field, Some(8192));
    let config = parse(["quote_nul=off", "quote_zeros=8000"]).unwrap();
    let ending = Ending {
        nul: false,
        zeros: Zeros::Count(8000),
    };
    assert_eq!(config.quote_ending, ending);
    let config = parse(["quote_zeros=up_to:8000"]).unwrap();
    assert_eq!(config.quote_ending.zeros, Zeros::UpTo(8000));
    let config = parse(["quote_size_field=absent"]).unwrap();
    assert_eq!(config.quote_size_field, None);
}

#[test]
fn takes_misbehaviour() {
    let args = [
        "busy=3",
        "refuse_after=4",
        "mr_report=reserved",
        "rtmr_extend=invalid",
        "mutate=7",
        "mutate_map=8",
    ];
    let config = parse(args.into_iter().chain(["mutate_count=9", "quote_call=1"]));
    let config = config.unwrap();
    assert_eq!((config.busy, config.extend_invalid), (3, true));
    assert_eq!(config.refuse_after, 4);
    assert_eq!(config.mr_report, ReportService::Reserved);
    assert_eq!((config.mutate, config.mutate_count), (Some(7), 9));
    assert_eq!(config.mutate_map, Some(8));
    assert_eq!(config.quote_call, Some(1));
    let config = parse(["mr_report=invalid", "rtmr_extend=answer"]).unwrap();
    assert_eq!(config.mr_report, ReportService::Invalid);
    assert!(!config.extend_invalid);
}

#[test]
fn takes_what_becomes_of_conversions() {
    for (value, map) in [
        ("map=answer", MapService::Answer),
        ("map=keep_shared", MapService::KeepShared),
        ("map=keep_private", MapService::KeepPrivate),
        ("map=refuse", MapService::Refuse),
    ] {
        assert_eq!(parse([value]).unwrap().map, map);
    }
    for (value, from) in [
        ("map_from=quote", MapFrom::Quote),
        ("map_from=report", MapFrom::Report),
        ("map_from=start", MapFrom::Start),
    ] {
        assert_eq!(parse([value]).unwrap().map_from, from);
    }
}

#[test]
fn takes_what_becomes_of_a_firmware() {
    let args = ["launch=unmeasured", "hob=less", "cpuid=empty"];
    let config = parse(args.into_iter().chain(["refuse_port=cf8"])).unwrap();
    assert_eq!(config.launch, LaunchService::Unmeasured);
    assert_eq!(config.hand_off, HandOffService::Less);
    assert_eq!(config.cpuid, CpuidService::Empty);
    assert_eq!(config.refuse_port, Some(0xcf8));
    for (value, service) in [
        ("right", LaunchService::Right),
        ("variables", LaunchService::Variables),
    ] {
        let config = parse([format!("launch={value}").as_str()]).unwrap();
        assert_eq!(config.launch, service);
    }
    for (value, service) in [
        ("right", HandOffService::Right),
        ("twice", HandOffService::Twice),
        ("accepted", HandOffService::Accepted),
    ] {
        let config = parse([format!("hob={value}").as_str()]).unwrap();
        assert_eq!(config.hand_off, service);
    }
    for (value, answer) in [
        ("fee00000", ApicBase::Value(0xfee0_0000)),
        ("refuse", ApicBase::Refused),
    ] {
        let config = parse([format!("apic_base={value}").as_str()]).unwrap();
        assert_eq!(config.apic_base, Some(answer));
    }
}

#[test]
fn refuses_an_unknown_key() {
    let error = parse(["mrtf=00"]).unwrap_err();
    assert!(error.contains("mrowner"));
}

#[test]
fn refuses_values_that_make_no_sense() {
    let long = format!("mrowner={}", "0".repeat(98));
    let sign = format!("mrowner={}", "+0".repeat(48));
    for arg in [
        "attributes=x",
        "mrowner=00",
        "quote=maybe",
        "quote_delay_us=-1",
        "quote_version=3",
        "qe_id=0",
        "tee_tcb_svn2=0d0103",
        "quote_zeros=up_to",
        "quote_zeros=to:8000",
        "quote_status=x",
        "busy=4294967296",
        "mr_report=maybe",
        "rtmr_extend=maybe",
        "map=maybe",
        "map_from=maybe",
        "launch=maybe",
        "hob=maybe",
        "cpuid=maybe",
        "apic_base=maybe",
        "refuse_port=10000",
        "refuse_port=x",
        "mutate=-1",
        "mutate_map=x",
        "quote_delay_ms=1s",
        "quote_until=extend:1",
        "quote_until=reads",
        "quote_until=requests:0",
        long.as_str(),
        sign.as_str(),
    ] {
        assert!(parse([arg]).is_err());
    }
}
