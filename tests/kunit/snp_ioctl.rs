// SPDX-License-Identifier: GPL-2.0

//! What user space passes to the device. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_snp_ioctl))]
mod tests {
    use tsm_proto::snp::{
        ioctl::{
            ExtendedReportRequest,
            GuestRequest, //
        },
        ExitInfo2, //
    };
    use zerocopy::{
        FromBytes as _,
        FromZeros as _,
        IntoBytes as _, //
    };

    /// Makes bytes that are all different.
    fn sample<const LEN: usize>() -> [u8; LEN] {
        let mut raw = [0; LEN];

        for (index, byte) in raw.iter_mut().enumerate() {
            *byte = index as u8;
        }
        raw
    }

    #[test]
    fn finds_what_a_call_points_to() {
        let raw = sample::<{ GuestRequest::SIZE }>();
        let call = GuestRequest::read_from_bytes(&raw).ok();
        let found = call.map(|call| {
            (
                call.msg_version,
                call.req_data.get(),
                call.resp_data.get(),
                call.exit_info(),
            )
        });
        assert_eq!(
            found,
            Some((
                0,
                0x0f0e_0d0c_0b0a_0908,
                0x1716_1514_1312_1110,
                ExitInfo2::new(0x1f1e_1d1c_1b1a_1918),
            ))
        );
    }

    #[test]
    fn hands_back_what_it_was_given() {
        let raw = sample::<{ GuestRequest::SIZE }>();
        let mut call = GuestRequest::new_zeroed();
        for (to, from) in call.as_mut_bytes().iter_mut().zip(raw) {
            *to = from;
        }
        call.set_exit_info(ExitInfo2::new(u64::MAX));
        assert_eq!(call.as_bytes().get(..24), raw.get(..24));
        assert_eq!(call.as_bytes().get(24..), Some([0xff; 8].as_slice()));
    }

    #[test]
    fn puts_the_exit_information_where_user_space_looks() {
        let mut call = GuestRequest::new_zeroed();
        call.set_exit_info(ExitInfo2::BUSY);
        assert_eq!(call.exit_info(), ExitInfo2::BUSY);
        assert_eq!(call.as_bytes().get(28).copied(), Some(2));
        assert_eq!(call.as_bytes().iter().filter(|byte| **byte != 0).count(), 1);
    }

    #[test]
    fn finds_the_room_for_certificates() {
        let raw = sample::<{ ExtendedReportRequest::SIZE }>();
        let request = ExtendedReportRequest::read_from_bytes(&raw).ok();
        let found = request.map(|request| (request.certs_address.get(), request.certs_len.get()));
        assert_eq!(found, Some((0x6766_6564_6362_6160, 0x6b6a_6968)));
    }

    #[test]
    fn finds_the_request_for_the_report() {
        let raw = sample::<{ ExtendedReportRequest::SIZE }>();
        let request = ExtendedReportRequest::read_from_bytes(&raw).ok();
        let report = request.map(|request| request.report);
        assert_eq!(
            report.as_ref().map(|report| report.as_bytes()),
            raw.get(..96)
        );
        let found = report.map(|report| (report.vmpl.get(), report.key_select.get()));
        assert_eq!(found, Some((0x4342_4140, 0x4746_4544)));
    }

    #[test]
    fn refuses_another_length() {
        let raw = sample::<{ ExtendedReportRequest::SIZE }>();
        let short = raw.get(..GuestRequest::SIZE - 1).unwrap_or_default();
        assert!(GuestRequest::read_from_bytes(short).is_err());
        let short = raw
            .get(..ExtendedReportRequest::SIZE - 1)
            .unwrap_or_default();
        assert!(ExtendedReportRequest::read_from_bytes(short).is_err());
    }
}
