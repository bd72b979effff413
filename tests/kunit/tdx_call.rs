// SPDX-License-Identifier: GPL-2.0

//! Calls of the TDX module, as registers. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_tdx_call))]
mod tests {
    use tsm_proto::{
        tdx::{
            call::{
                Arguments,
                Call,
                Field,
                GetQuote,
                GpaWidth,
                Leaf,
                MrReport,
                MrRtmrExtend,
                MrVerifyReport,
                Results,
                SysRd,
                VmRd,
                VpInfo, //
            },
            Rtmr,
            VmcallStatus, //
        },
        Gpa, //
    };

    #[test]
    fn passes_addresses_where_the_module_looks() {
        let report = MrReport {
            report: Gpa::new(0x1400),
            data: Gpa::new(0x1040),
        };
        let expected = Arguments {
            rcx: 0x1400,
            rdx: 0x1040,
            ..Arguments::default()
        };
        assert_eq!(report.arguments(), expected);

        let verify = MrVerifyReport {
            mac: Gpa::new(0x1400),
        };
        let expected = Arguments {
            rcx: 0x1400,
            ..Arguments::default()
        };
        assert_eq!(verify.arguments(), expected);
    }

    #[test]
    fn names_the_register_to_extend() {
        for rtmr in Rtmr::ALL {
            let extend = MrRtmrExtend {
                digest: Gpa::new(0x40),
                rtmr,
            };
            let arguments = extend.arguments();
            assert_eq!(arguments.rcx, 0x40);
            assert_eq!(arguments.rdx, u64::from(rtmr.index()));
        }
    }

    #[test]
    fn reads_metadata_of_the_td_and_of_the_module() {
        let td = VmRd {
            field: Field::QUOTE_MAX_SIZE,
        };
        let system = SysRd {
            field: Field::TDX_FEATURES0,
        };
        let results = Results {
            r8: 77,
            rdx: 1,
            ..Results::default()
        };
        // The TD is this one.
        assert_eq!(td.arguments().rcx, 0);
        assert_eq!(td.arguments().rdx, 0x9010_0002_0000_0008);
        assert_eq!(system.arguments().rdx, 0x0A00_0003_0000_0008);
        assert_eq!(VmRd::reply(&results), 77);
        assert_eq!(SysRd::reply(&results), 77);
    }

    #[test]
    fn understands_what_kind_of_machine_it_is() {
        let results = Results {
            rcx: 0xFFFF_FFC0 | 52,
            rdx: 1 << 28,
            r8: (8 << 32) | 2,
            r9: 1,
            r10: 1,
        };
        let info = VpInfo::reply(&results);
        assert_eq!(info.gpa_width, GpaWidth::new(52));
        assert_eq!(info.attributes, 1 << 28);
        assert_eq!(info.vcpus, 2);
        assert_eq!(info.vcpu, 1);
        assert!(info.sys_rd);
        assert!(!VpInfo::reply(&Results::default()).sys_rd);
        assert_eq!(VpInfo::reply(&Results::default()).gpa_width, None);
    }

    #[test]
    fn refuses_a_width_that_no_address_has() {
        for bits in [0, 12, 65, 256 + 52, u64::MAX] {
            assert_eq!(GpaWidth::new(bits), None);
        }
        assert!(GpaWidth::new(48).is_some());
        assert!(GpaWidth::new(64).is_some());
    }

    /// Returns what the VMM would see of a buffer at this address.
    fn quote_arguments(width: u64, gpa: u64) -> Option<Arguments> {
        let buffer = GpaWidth::new(width)?.share(Gpa::new(gpa))?;

        Some(
            GetQuote {
                buffer,
                size: 0x20000,
            }
            .arguments(),
        )
    }

    #[test]
    fn shows_the_vmm_what_a_quote_needs_and_no_more() {
        let expected = Arguments {
            rcx: 0x3C00,
            r11: 0x10002,
            r12: (1 << 47) | 0x5000,
            r13: 0x20000,
            ..Arguments::default()
        };
        assert_eq!(quote_arguments(48, 0x5000), Some(expected));
    }

    #[test]
    fn shares_no_address_that_has_the_shared_bit_or_higher_ones() {
        assert!(quote_arguments(48, (1 << 47) - 1).is_some());
        assert_eq!(quote_arguments(48, 1 << 47), None);
        assert_eq!(quote_arguments(48, 1 << 52), None);
    }

    #[test]
    fn takes_the_status_that_the_vmm_returns() {
        let results = Results {
            r10: 0x8000_0000_0000_0003,
            ..Results::default()
        };
        assert_eq!(GetQuote::reply(&results), VmcallStatus::SUBFUNC_UNSUPPORTED);
    }

    #[test]
    fn knows_the_names_of_functions() {
        assert_eq!(MrReport::LEAF.name(), Some("TDG.MR.REPORT"));
        assert_eq!(SysRd::LEAF.raw(), 11);
        assert_eq!(Leaf::new(5).name(), None);
    }
}
