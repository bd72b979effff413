// SPDX-License-Identifier: GPL-2.0

//! Calls that a TDX guest makes of the TDX module. Only KUnit runs this, and there is something to see
//! only where the kernel is such a guest.

use kernel::prelude::*;

#[kunit_tests(tsm_tdx_guest)]
mod tests {
    use kernel::{
        cpu::nr_cpu_ids,
        error::{
            code::ENODEV,
            Result, //
        },
    };
    use tsm_ext::tdx::{
        Error,
        Guest,
        Operand, //
    };
    use tsm_proto::{
        tdx::{
            call::Field,
            ReportMac,
            Status,
            TdReport, //
        },
        ReportData, //
    };

    /// A field that neither the TD nor the module has.
    const NO_FIELD: Field = Field::new(0x9010_0003_0000_0FFF);

    /// Returns the guest, if the kernel is one.
    fn guest() -> Result<Option<Guest>> {
        match Guest::new() {
            Err(ENODEV) => Ok(None),
            guest => guest.map(Some),
        }
    }

    /// Makes a report that binds this data.
    fn report(guest: Guest, data: u8) -> Result<Operand<TdReport>> {
        let mut chosen = Operand::new()?;
        let mut report = Operand::new()?;

        *chosen = ReportData::new([data; 64]);
        guest.report(&chosen, &mut report)?;
        Ok(report)
    }

    /// Has the header of a report checked, changed by `change`.
    fn verify(
        guest: Guest,
        report: &TdReport,
        change: impl FnOnce(&mut ReportMac),
    ) -> Result<Result<(), Error>> {
        let mut header = Operand::new()?;

        *header = report.mac;
        change(&mut header);
        Ok(guest.verify(&header))
    }

    /// Returns the status that a call was refused with, without what it says of the operand.
    fn refusal<T>(result: Result<T, Error>) -> Option<Status> {
        match result {
            Err(Error::Status(status)) => Some(status.class()),
            _ => None,
        }
    }

    #[test]
    fn tells_what_kind_of_machine_it_is() -> Result {
        let Some(guest) = guest()? else {
            return Ok(());
        };
        let info = guest.info()?;
        let report = report(guest, 0)?;

        assert!(info.gpa_width.is_some());
        assert_eq!(info.attributes, report.info.attributes.get());
        assert!(info.vcpus >= nr_cpu_ids());
        assert!(info.vcpu < info.vcpus);
        Ok(())
    }

    #[test]
    fn reads_metadata_of_the_td() -> Result {
        let Some(guest) = guest()? else {
            return Ok(());
        };

        // The kernel has to know this one to boot, whatever its value.
        assert!(guest.read_td(Field::TD_CTLS).is_ok());
        let unknown = refusal(guest.read_td(NO_FIELD));
        assert_eq!(unknown, Some(Status::METADATA_FIELD_ID_INCORRECT));
        Ok(())
    }

    #[test]
    fn reads_metadata_of_the_module() -> Result {
        let Some(guest) = guest()? else {
            return Ok(());
        };

        if !guest.info()?.sys_rd {
            return Ok(());
        }
        assert!(guest
            .read_system(Field::MAJOR_VERSION)
            .is_ok_and(|version| version >= 1));
        assert!(guest.read_system(Field::TDX_FEATURES0).is_ok());
        let unknown = refusal(guest.read_system(NO_FIELD));
        assert_eq!(unknown, Some(Status::METADATA_FIELD_ID_INCORRECT));
        Ok(())
    }

    #[test]
    fn makes_reports_that_bind_their_data() -> Result {
        let Some(guest) = guest()? else {
            return Ok(());
        };
        let (first, second) = (report(guest, 1)?, report(guest, 2)?);

        assert_eq!(first.mac.report_data, ReportData::new([1; 64]));
        assert_eq!(second.mac.report_data, ReportData::new([2; 64]));
        assert!(first.mac.mac != second.mac.mac);
        Ok(())
    }

    #[test]
    fn verifies_a_report_of_this_cpu() -> Result {
        let Some(guest) = guest()? else {
            return Ok(());
        };
        let report = report(guest, 3)?;

        assert_eq!(verify(guest, &report, |_| ())?, Ok(()));
        Ok(())
    }

    #[test]
    fn refuses_a_report_with_a_bit_changed() -> Result {
        let Some(guest) = guest()? else {
            return Ok(());
        };
        let report = report(guest, 4)?;
        let changes: [fn(&mut ReportMac); 4] = [
            |header| header.mac.reverse(),
            |header| header.cpu_svn = header.cpu_svn.map(|byte| byte ^ 1),
            |header| header.report_data = ReportData::new([5; 64]),
            |header| core::mem::swap(&mut header.tee_tcb_info_hash, &mut header.tee_info_hash),
        ];

        for change in changes {
            let refused = refusal(verify(guest, &report, change)?);
            assert_eq!(refused, Some(Status::INVALID_REPORTMACSTRUCT));
        }
        Ok(())
    }
}
