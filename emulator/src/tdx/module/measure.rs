// SPDX-License-Identifier: GPL-2.0

//! `TDG.MR.RTMR.EXTEND`, `TDG.MR.REPORT` and `TDG.MR.VERIFYREPORT`.

use std::sync::{
    OnceLock,
    RwLock, //
};

use tsm_proto::{
    tdx::{
        OperandId,
        ReportMac,
        ReportType,
        Rtmr,
        Status,
        TdInfo,
        TdReport,
        TeeTcbInfo, //
    },
    Digest384,
    ReportData, //
};
use zerocopy::{
    FromBytes as _,
    FromZeros as _,
    IntoBytes as _, //
};

use super::{
    context::{
        Access,
        Context,
        Failure,
        Result, //
    },
    mrtd,
    refusal::Refusal, //
};
use crate::{
    machine::{
        memory::NoMemory,
        registers::{
            Reg,
            Registers, //
        }, //
    },
    tdx::{
        config::{
            ReportService,
            TdxConfig, //
        },
        cpu::sha384, //
    }, //
};

/// How many RTMRs a TD has.
const RTMRS: usize = 4;

/// The measurement registers of the TD.
#[derive(Debug)]
pub(super) struct Measurements {
    /// What does not change; the RTMRs in it are not used.
    info: TdInfo,
    module: TeeTcbInfo,
    mrtd: OnceLock<Digest384>,
    report_refusal: Refusal,
    extend_refusal: Refusal,
    reserved: bool,
    /// Never held over an access to guest memory.
    rtmrs: RwLock<[Digest384; RTMRS]>,
}

impl Measurements {
    /// Makes the registers of a TD that starts.
    pub(super) fn new(config: &TdxConfig) -> Self {
        let mut info = TdInfo::new_zeroed();

        info.attributes.set(config.attributes);
        info.xfam.set(config.xfam);
        info.mrconfigid = config.mrconfigid;
        info.mrowner = config.mrowner;
        info.mrownerconfig = config.mrownerconfig;
        info.servtd_hash = config.servtd_hash;
        Self {
            info,
            module: module_info(config),
            mrtd: config.mrtd.map_or_else(OnceLock::new, OnceLock::from),
            report_refusal: refusal(config, config.mr_report == ReportService::Invalid),
            extend_refusal: refusal(config, config.extend_invalid),
            reserved: config.mr_report == ReportService::Reserved,
            rtmrs: RwLock::new([Digest384::ZERO; RTMRS]),
        }
    }

    /// Sets `MRTD`, if it has no value yet.
    pub(super) fn measured(&self, mrtd: Digest384) {
        self.mrtd.get_or_init(|| mrtd);
    }

    /// `TDG.MR.RTMR.EXTEND`.
    ///
    /// `RCX` is the address of 48 bytes, aligned to 64, in private memory; `RDX` is the register.
    pub(super) fn extend(&self, context: Context<'_>, regs: &Registers) -> Result {
        let gpa = aligned(regs[Reg::Rcx], 64, OperandId::RCX)?;
        let gpa = context.check(gpa, OperandId::RCX, Access::Private)?;
        let data: [u8; Digest384::SIZE] = context.read(gpa)?;
        let rtmr = usize::try_from(regs[Reg::Rdx]).ok();
        let rtmr = rtmr
            .filter(|rtmr| *rtmr < RTMRS)
            .ok_or(Status::OPERAND_INVALID.of(OperandId::RDX))?;

        self.extend_refusal.check()?;
        // The module does not wait for another vCPU either.
        let mut rtmrs = self.rtmrs.try_write().map_err(|_| busy())?;
        let value = &mut rtmrs[rtmr];
        *value = sha384(&[value.bytes(), &data]);
        Ok(())
    }

    /// `TDG.MR.REPORT`.
    ///
    /// `RCX` is the address of the report, `RDX` that of the report data, both aligned to their
    /// size; `R8` is the subtype, zero. Later modules take shared addresses too, so does this one.
    pub(super) fn report(&self, context: Context<'_>, regs: &Registers) -> Result {
        // CAST: Constants.
        let to = aligned(regs[Reg::Rcx], TdReport::SIZE as u64, OperandId::RCX)?;
        let from = aligned(regs[Reg::Rdx], ReportData::SIZE as u64, OperandId::RDX)?;
        let from = context.check(from, OperandId::RDX, Access::Any)?;
        let data = ReportData::new(context.read(from)?);

        if regs[Reg::R8] != 0 {
            return Err(Status::OPERAND_INVALID.of(OperandId::R8).into());
        }
        self.report_refusal.check()?;
        let report = self.make_report(context, data)?;
        let to = context.check(to, OperandId::RCX, Access::Any)?;
        context.write(to, report.as_bytes())
    }

    /// Makes a report of the registers as they are.
    fn make_report(&self, context: Context<'_>, data: ReportData) -> Result<TdReport> {
        let mut report = TdReport::new_zeroed();
        let rtmrs = *self.rtmrs.try_read().map_err(|_| busy())?;

        report.mac.report_type = ReportType::tdx(match self.info.servtd_hash {
            Digest384::ZERO => ReportType::PLAIN,
            _ => ReportType::WITH_SERVICE_TD,
        });
        report.mac.report_data = data;
        report.tee_tcb_info = self.module;
        report.info = self.info;
        report.info.mrtd = self.mrtd(context)?;
        for (rtmr, value) in Rtmr::ALL.into_iter().zip(rtmrs) {
            report.info.set_rtmr(rtmr, value);
        }
        if self.reserved {
            set_reserved(&mut report);
        }
        context.cpu.seal(&mut report);
        Ok(report)
    }

    /// Returns the measurement of the firmware, which no guest can change.
    fn mrtd(&self, context: Context<'_>) -> Result<Digest384> {
        if let Some(mrtd) = self.mrtd.get() {
            return Ok(*mrtd);
        }
        let mrtd = mrtd::measure(context.memory)
            .map_err(|NoMemory| Failure::EptViolation("no firmware to measure".into()))?;

        Ok(*self.mrtd.get_or_init(|| mrtd))
    }
}

/// `TDG.MR.VERIFYREPORT`.
///
/// `RCX` is the address of the header of a report, aligned to its size. The two hashes in it are
/// for the guest to compare.
pub(super) fn verify(context: Context<'_>, regs: &Registers) -> Result {
    // CAST: A constant.
    let gpa = aligned(
        regs[Reg::Rcx],
        size_of::<ReportMac>() as u64,
        OperandId::RCX,
    )?;
    let gpa = context.check(gpa, OperandId::RCX, Access::Any)?;
    let bytes: [u8; size_of::<ReportMac>()] = context.read(gpa)?;
    let invalid = Status::INVALID_REPORTMACSTRUCT;
    let header = ReportMac::ref_from_bytes(&bytes).map_err(|_| invalid)?;

    match context.cpu.verify_header(header) {
        true => Ok(()),
        false => Err(invalid.into()),
    }
}

/// Makes the refusals of a leaf, which may be invalid for a while.
fn refusal(config: &TdxConfig, invalid: bool) -> Refusal {
    let invalid = if invalid { config.refuse_count } else { 0 };

    Refusal::new(
        config.refuse_after,
        config.busy,
        config.busy_status,
        invalid,
    )
}

/// Describes the emulated TDX module: measured as its name and version, if nothing else is said.
fn module_info(config: &TdxConfig) -> TeeTcbInfo {
    let mut info = TeeTcbInfo::new_zeroed();
    let name = concat!("tsm-emulator ", env!("CARGO_PKG_VERSION"));

    info.valid.set(TeeTcbInfo::VALID);
    info.tee_tcb_svn = config.tee_tcb_svn;
    info.tee_tcb_svn2 = config.tee_tcb_svn2.unwrap_or(config.tee_tcb_svn);
    info.mrseam = config.mrseam.unwrap_or_else(|| sha384(&[name.as_bytes()]));
    info.mrsignerseam = config.mrsignerseam;
    info
}

/// Sets what is reserved in a report: in its type, in the rest of its header, and behind what it says
/// of the TDX module and of the TD.
fn set_reserved(report: &mut TdReport) {
    for (offset, byte) in report.as_mut_bytes().iter_mut().enumerate() {
        if matches!(offset, 3..16 | 192..224 | 400..512 | 960..1024) {
            *byte = 0xa5;
        }
    }
}

/// Checks the alignment of an address.
fn aligned(gpa: u64, alignment: u64, operand: OperandId) -> Result<u64> {
    match gpa % alignment {
        0 => Ok(gpa),
        _ => Err(Status::OPERAND_INVALID.of(operand).into()),
    }
}

/// The failure when another vCPU has the registers.
fn busy() -> Failure {
    Status::OPERAND_BUSY.of(OperandId::RTMR).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        machine::{
            memory::FakeMemory,
            pages::Pages, //
        },
        tdx::cpu::Cpu, //
    };

    #[test]
    fn is_busy_while_another_vcpu_has_the_registers() {
        let measurements = Measurements::new(&TdxConfig::default());
        let context = Context {
            memory: &FakeMemory::new(8192),
            pages: &Pages::default(),
            cpu: &Cpu::default(),
            vcpu: 0,
        };
        let regs = Registers::default();
        let busy = Err(Failure::Status(Status::new(0x8000_0200_0000_00a8)));

        let held = measurements.rtmrs.write();
        assert_eq!(measurements.extend(context, &regs), busy);
        assert_eq!(measurements.report(context, &regs), busy);
        drop(held);
        assert_eq!(measurements.extend(context, &regs), Ok(()));
    }
}
