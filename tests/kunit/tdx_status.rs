// SPDX-License-Identifier: GPL-2.0

//! Completion statuses. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_tdx_status))]
mod tests {
    use tsm_proto::tdx::{
        Operand,
        Status,
        VmcallStatus, //
    };

    #[test]
    fn names_the_operand() {
        let status = Status::OPERAND_INVALID.of(Operand::RCX);
        assert_eq!(status.raw(), 0xC000_0100_0000_0001);
        assert_eq!(status.detail(), Operand::RCX.raw());
    }

    #[test]
    fn compares_by_class() {
        let status = Status::new(0x8000_0200_0000_00A8);
        assert_eq!(status.class(), Status::OPERAND_BUSY);
        assert_eq!(status, Status::OPERAND_BUSY.of(Operand::RTMR));
    }

    #[test]
    fn replaces_a_detail() {
        let status = Status::PAGE_SIZE_MISMATCH.with_detail(1).with_detail(2);
        assert_eq!(status.raw(), 0xC000_0B0B_0000_0002);
    }

    #[test]
    fn tells_errors_from_remarks() {
        assert!(Status::OPERAND_INVALID.is_error());
        assert!(Status::OPERAND_BUSY.is_error());
        assert!(!Status::SUCCESS.is_error());
        assert!(!Status::PAGE_ALREADY_ACCEPTED.is_error());
    }

    #[test]
    fn keeps_an_unknown_status() {
        let raw = 0xDEAD_BEEF_1234_5678;
        assert_eq!(Status::new(raw).raw(), raw);
    }

    #[test]
    fn knows_the_statuses_of_the_vmm() {
        assert_eq!(VmcallStatus::new(0), VmcallStatus::SUCCESS);
        assert_eq!(VmcallStatus::new(1), VmcallStatus::RETRY);
        assert_eq!(VmcallStatus::ALIGN_ERROR.raw(), 0x8000_0000_0000_0002);
        assert_eq!(VmcallStatus::new(77).raw(), 77);
    }
}
