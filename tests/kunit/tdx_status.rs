// SPDX-License-Identifier: GPL-2.0

//! Completion statuses. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_tdx_status))]
mod tests {
    use tsm_proto::tdx::{
        OperandId,
        Status,
        VmcallStatus, //
    };

    #[test]
    fn names_the_operand() {
        let status = Status::OPERAND_INVALID.of(OperandId::RCX);
        assert_eq!(status.raw(), 0xC000_0100_0000_0001);
        assert_eq!(status.detail(), OperandId::RCX.raw());
    }

    #[test]
    fn compares_by_class() {
        let status = Status::new(0x8000_0200_0000_00A8);
        assert_eq!(status.class(), Status::OPERAND_BUSY);
        assert_eq!(status, Status::OPERAND_BUSY.of(OperandId::RTMR));
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
    fn knows_what_the_specification_calls_it() {
        assert_eq!(Status::SUCCESS.name(), Some("SUCCESS"));
        let busy = Status::OPERAND_BUSY.of(OperandId::RTMR);
        assert_eq!(busy.name(), Some("OPERAND_BUSY"));
        assert_eq!(
            Status::new(0xC000_1001_0000_0000).name(),
            Some("INVALID_REPORTMACSTRUCT")
        );
        assert_eq!(Status::new(0xDEAD_BEEF_0000_0000).name(), None);
    }

    #[test]
    fn knows_what_to_try_again() {
        assert!(Status::OPERAND_BUSY.of(OperandId::RTMR).is_busy());
        assert!(Status::OPERAND_BUSY_HOST_PRIORITY.is_busy());
        assert!(Status::SYS_BUSY.is_busy());
        assert!(!Status::SUCCESS.is_busy());
        assert!(!Status::OPERAND_INVALID.is_busy());
        assert!(!Status::PREVIOUS_TLB_EPOCH_BUSY.is_busy());
    }

    #[cfg(not(kernel))]
    #[test]
    fn prints_the_name_and_the_value() {
        let status = Status::OPERAND_INVALID.of(OperandId::RCX);
        let unknown = Status::new(0xDEAD_BEEF_0000_0000);
        assert_eq!(
            std::format!("{status}"),
            "OPERAND_INVALID (0xc000010000000001)"
        );
        assert_eq!(std::format!("{unknown}"), "? (0xdeadbeef00000000)");
    }

    #[test]
    fn knows_the_statuses_of_the_vmm() {
        assert_eq!(VmcallStatus::new(0), VmcallStatus::SUCCESS);
        assert_eq!(VmcallStatus::new(1), VmcallStatus::RETRY);
        assert_eq!(VmcallStatus::ALIGN_ERROR.raw(), 0x8000_0000_0000_0002);
        assert_eq!(VmcallStatus::new(77).raw(), 77);
    }
}
