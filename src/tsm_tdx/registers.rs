// SPDX-License-Identifier: GPL-2.0

//! The measurement registers of a TDX guest.
//!
//! MRTD and the run-time registers are digests; the other three are values that were chosen when the
//! guest was made, with no algorithm to name.

use kernel::{
    prelude::*,
    str::CStr,
    sync::Arc, //
};
use tsm_ext::{
    hash::HashAlgo,
    miscdevice::{
        Ioctl,
        MiscDevice, //
    },
    mutex::KillableMutex,
    tdx::Measurements, //
};
use tsm_proto::{
    tdx::Rtmr,
    Digest384, //
};
use tsm_provider::{
    DeviceRegisters,
    Failure,
    Flags,
    LateRegistration,
    MeasurementProvider,
    RegisterSpec,
    Values, //
};

/// The registers, read with TDG.MR.REPORT and extended with TDG.MR.RTMR.EXTEND.
#[derive(Clone)]
pub(crate) struct Registers {
    measurements: Arc<KillableMutex<Measurements>>,
    writable: RtmrMask,
}

/// Publishes the registers, as soon as the TDX module makes a report.
#[derive(Clone)]
pub(crate) struct Publisher {
    registers: Registers,
    registration: Arc<LateRegistration<Registers>>,
}

impl Publisher {
    pub(crate) fn new(
        measurements: Arc<KillableMutex<Measurements>>,
        writable: RtmrMask,
    ) -> Result<Self> {
        let registers = Registers {
            measurements,
            writable,
        };

        Ok(Self {
            registers,
            registration: Arc::pin_init(LateRegistration::new(), GFP_KERNEL)?,
        })
    }

    /// Publishes the registers, unless they are. To be called without the lock of the measurements.
    #[inline]
    pub(crate) fn publish(&self) -> Result<(), Failure> {
        self.registration.publish(|| Ok(self.registers.clone()))
    }

    /// Shows the registers in the directory of a device as well.
    pub(crate) fn show_in<D: Ioctl>(self, device: MiscDevice<D>) -> DeviceRegisters<Registers, D> {
        DeviceRegisters::new(self.registration, device)
    }
}

/// A set of run-time registers, bit 0 for `rtmr0`.
#[derive(Clone, Copy)]
pub(crate) struct RtmrMask(u8);

impl RtmrMask {
    /// Takes a mask, unless it has bits for registers that there are not.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if it has.
    pub(crate) fn new(mask: u8) -> Result<Self> {
        if mask >> Rtmr::ALL.len() != 0 {
            return Err(EINVAL);
        }
        Ok(Self(mask))
    }

    fn contains(self, rtmr: Rtmr) -> bool {
        self.0 >> rtmr.index() & 1 != 0
    }
}

/// Returns which run-time register has this number in the list.
fn rtmr_of(number: usize) -> Option<Rtmr> {
    let index = u64::try_from(number.checked_sub(FIRST_RTMR)?).ok()?;

    Rtmr::try_from(index).ok()
}

/// Number of registers before `rtmr0` in the list.
const FIRST_RTMR: usize = 4;

const fn fixed(name: &'static CStr, flags: Flags) -> RegisterSpec {
    RegisterSpec {
        name,
        hash: HashAlgo::SHA384,
        // CAST: 48.
        size: Digest384::SIZE as u32,
        flags: flags.with(Flags::READABLE),
    }
}

const fn rtmr(name: &'static CStr) -> RegisterSpec {
    fixed(
        name,
        Flags::LIVE.with(Flags::EXTENSIBLE).with(Flags::WRITABLE),
    )
}

impl MeasurementProvider for Registers {
    const NAME: &'static CStr = c"tdx";
    // In the order in which a report has them.
    const REGISTERS: &'static [RegisterSpec] = &[
        fixed(c"mrtd", Flags::READABLE),
        fixed(c"mrconfigid", Flags::FLAT),
        fixed(c"mrowner", Flags::FLAT),
        fixed(c"mrownerconfig", Flags::FLAT),
        rtmr(c"rtmr0"),
        rtmr(c"rtmr1"),
        rtmr(c"rtmr2"),
        rtmr(c"rtmr3"),
    ];

    fn flags(&self, number: usize) -> Option<Flags> {
        let refused = rtmr_of(number).filter(|rtmr| !self.writable.contains(*rtmr));

        refused
            .and(Self::REGISTERS.get(number))
            .map(|spec| spec.flags.without(Flags::WRITABLE))
    }

    #[inline]
    fn refresh(&self, registers: &mut Values<'_>) -> Result {
        registers.set_bytes(self.measurements.lock_killable()?.read()?.registers())
    }

    #[inline]
    fn extend(&self, number: usize, data: &[u8]) -> Result {
        let rtmr = rtmr_of(number).ok_or(EINVAL)?;
        let digest = Digest384::parse(data)?;

        self.measurements.lock_killable()?.extend(rtmr, digest)?;
        Ok(())
    }
}
