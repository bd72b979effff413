// SPDX-License-Identifier: GPL-2.0

//! The attestation report. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_snp_report))]
mod tests {
    use tsm_proto::{
        snp::{
            Error,
            FirmwareVersion,
            Report, //
        },
        ReportData, //
    };
    use zerocopy::IntoBytes as _;

    const MILAN_V2: &[u8; Report::SIZE] = include_bytes!("../vectors/snp/milan-v2.bin");
    const MILAN_V3: &[u8; Report::SIZE] = include_bytes!("../vectors/snp/milan-v3.bin");
    const GENOA_V4: &[u8; Report::SIZE] = include_bytes!("../vectors/snp/genoa-v4.bin");
    const TURIN_V5: &[u8; Report::SIZE] = include_bytes!("../vectors/snp/turin-v5.bin");
    const MILAN_VLEK: &[u8; Report::SIZE] = include_bytes!("../vectors/snp/milan-vlek.bin");
    const MILAN_DEBUG: &[u8; Report::SIZE] = include_bytes!("../vectors/snp/milan-debug.bin");

    /// Makes a report of version 3 whose other bytes are all different from their neighbours.
    fn sample() -> [u8; Report::SIZE] {
        let mut raw = [0; Report::SIZE];

        for (index, byte) in raw.iter_mut().enumerate() {
            *byte = (index % 251) as u8;
        }
        for (to, from) in raw.iter_mut().zip(3u32.to_le_bytes()) {
            *to = from;
        }
        raw
    }

    /// Parses a report of this version.
    fn parse_version(version: u32) -> Result<(), Error> {
        let mut raw = sample();

        for (to, from) in raw.iter_mut().zip(version.to_le_bytes()) {
            *to = from;
        }
        Report::parse(&raw).map(|_| ())
    }

    /// Says whether `field` is what the sample has at `offset`.
    fn is_at(field: &[u8], offset: usize) -> bool {
        sample()
            .get(offset..)
            .and_then(|tail| tail.get(..field.len()))
            == Some(field)
    }

    #[test]
    fn builds_what_it_parsed() {
        let raw = sample();
        let same = Report::parse(&raw).map(|report| report.as_bytes() == raw);
        assert_eq!(same, Ok(true));
    }

    #[test]
    fn parses_what_each_processor_makes() {
        for (raw, version, family, model, tcb) in [
            (MILAN_V2, 2, 0, 0, [4, 0, 0, 0, 0, 0, 24, 219]),
            (MILAN_V3, 3, 0x19, 0x01, [4, 0, 0, 0, 0, 0, 24, 219]),
            (GENOA_V4, 4, 0x19, 0x11, [10, 0, 0, 0, 0, 0, 23, 84]),
            (TURIN_V5, 5, 0x1a, 0x02, [1, 1, 1, 4, 0, 0, 0, 82]),
        ] {
            let found = Report::parse(raw).map(|report| {
                report.version.get() == version
                    && (report.cpuid_family, report.cpuid_model) == (family, model)
                    && report.reported_tcb == tcb
                    && report.chip_id != [0; 64]
            });
            assert_eq!(found, Ok(true));
        }
    }

    #[test]
    fn tells_which_key_has_signed() {
        // Bits 4:2.
        assert_eq!(
            Report::parse(MILAN_V3).map(|report| report.flags.get()),
            Ok(0)
        );
        assert_eq!(
            Report::parse(MILAN_VLEK).map(|report| report.flags.get()),
            Ok(1 << 2)
        );
        assert_eq!(
            Report::parse(MILAN_VLEK).map(|report| report.chip_id),
            Ok([0; 64])
        );
    }

    #[test]
    fn tells_whether_the_vmm_may_debug_the_guest() {
        for (raw, policy) in [(MILAN_V3, 0x3_0000), (MILAN_DEBUG, 0xb_0000)] {
            let found = Report::parse(raw).map(|report| report.policy.get());
            assert_eq!(found, Ok(policy));
        }
    }

    #[test]
    fn has_mitigations_since_version_5() {
        for (raw, vector) in [(GENOA_V4, 0), (TURIN_V5, 0x0f)] {
            let found = Report::parse(raw).map(|report| report.launch_mit_vector.get());
            assert_eq!(found, Ok(vector));
        }
    }

    #[test]
    fn finds_what_measures_the_guest() {
        let raw = sample();
        let found = Report::parse(&raw).map(|report| {
            is_at(report.policy.as_bytes(), 0x8)
                && is_at(report.measurement.bytes(), 0x90)
                && is_at(&report.host_data, 0xc0)
                && is_at(report.id_key_digest.bytes(), 0xe0)
                && is_at(report.author_key_digest.bytes(), 0x110)
        });
        assert_eq!(found, Ok(true));
    }

    #[test]
    fn finds_what_identifies_the_guest() {
        let raw = sample();
        let found = Report::parse(&raw).map(|report| {
            is_at(report.guest_svn.as_bytes(), 0x4)
                && is_at(&report.family_id, 0x10)
                && is_at(&report.image_id, 0x20)
                && is_at(report.vmpl.as_bytes(), 0x30)
                && is_at(&report.report_id, 0x140)
                && is_at(&report.report_id_ma, 0x160)
        });
        assert_eq!(found, Ok(true));
    }

    #[test]
    fn finds_what_identifies_the_platform() {
        let raw = sample();
        let found = Report::parse(&raw).map(|report| {
            is_at(&report.current_tcb, 0x38)
                && is_at(report.platform_info.as_bytes(), 0x40)
                && is_at(&report.reported_tcb, 0x180)
                && is_at(&report.chip_id, 0x1a0)
                && is_at(&report.committed_tcb, 0x1e0)
                && is_at(&report.launch_tcb, 0x1f0)
        });
        assert_eq!(found, Ok(true));
    }

    #[test]
    fn finds_report_data_and_signature() {
        let raw = sample();
        let data = raw.get(0x50..0x90).unwrap_or_default();
        let report = Report::parse(&raw);
        assert_eq!(
            report.map(|report| report.report_data),
            ReportData::parse(data).copied().map_err(Error::from)
        );
        assert_eq!(
            report.map(|report| is_at(&report.signature, 0x2a0)),
            Ok(true)
        );
        assert_eq!(Report::SIGNED, 0x2a0);
    }

    #[test]
    fn orders_a_firmware_version_as_the_report_does() {
        assert_eq!(FirmwareVersion::new(1, 58, 7).as_bytes(), [7, 58, 1, 0]);
    }

    #[test]
    fn accepts_later_versions() {
        assert_eq!(parse_version(2), Ok(()));
        assert_eq!(parse_version(5), Ok(()));
        assert_eq!(parse_version(u32::MAX), Ok(()));
    }

    #[test]
    fn refuses_versions_of_another_layout() {
        assert_eq!(parse_version(0), Err(Error::UnknownVersion));
        assert_eq!(parse_version(1), Err(Error::UnknownVersion));
    }

    #[test]
    fn refuses_a_short_buffer() {
        let raw = sample();
        for len in [0, 1, 0x2a0, Report::SIZE - 1] {
            let short = raw.get(..len).unwrap_or_default();
            assert_eq!(Report::parse(short), Err(Error::Truncated));
        }
    }

    #[test]
    fn refuses_bytes_after_the_report() {
        let mut raw = [0; Report::SIZE + 1];
        for (to, from) in raw.iter_mut().zip(sample()) {
            *to = from;
        }
        assert_eq!(Report::parse(&raw), Err(Error::Trailing));
    }
}
