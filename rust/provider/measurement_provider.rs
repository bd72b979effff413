// SPDX-License-Identifier: GPL-2.0

//! Providers of measurement registers.

use core::{
    cell::UnsafeCell,
    pin::Pin,
    slice, //
};

use kernel::{
    bindings,
    container_of,
    error::{
        from_result,
        to_result, //
    },
    ffi,
    prelude::*,
    str::{
        as_char_ptr_in_const_context,
        CStr, //
    },
    types::Opaque, //
};
use tsm_ext::hash::HashAlgo;

use crate::flags::Flags;

/// What a register is.
pub struct RegisterSpec {
    /// Its name.
    pub name: &'static CStr,
    /// Its hash algorithm, which is not shown with [`Flags::FLAT`].
    pub hash: HashAlgo,
    /// Its size in bytes.
    pub size: u32,
    /// Its properties.
    pub flags: Flags,
}

/// A source of measurement registers.
pub trait MeasurementProvider: Send + Sync + 'static {
    /// Name of the directory in `/sys/kernel/tsm`.
    const NAME: &'static CStr;
    /// The registers. Below, a number is a position in this list.
    const REGISTERS: &'static [RegisterSpec];

    /// Returns the properties of register `number`, if they are not those in the list.
    fn flags(&self, number: usize) -> Option<Flags> {
        let _ = number;
        None
    }

    /// Sets the values.
    fn refresh(&self, values: &mut Values<'_>) -> Result;

    /// Extends register `number` with `data`, which has its size.
    fn extend(&self, number: usize, data: &[u8]) -> Result;
}

/// The values that a [`MeasurementProvider`] sets.
pub struct Values<'a> {
    registers: &'static [RegisterSpec],
    bytes: &'a mut [u8],
}

impl<'a> Values<'a> {
    /// Has `bytes` be where the values of `registers` are, one after the other.
    pub fn new(registers: &'static [RegisterSpec], bytes: &'a mut [u8]) -> Self {
        Self { registers, bytes }
    }

    /// Sets all registers, to values of their sizes that are in `bytes` in their order.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there are more or fewer bytes.
    pub fn set_bytes(&mut self, bytes: &[u8]) -> Result {
        if bytes.len() != self.bytes.len() {
            return Err(EINVAL);
        }
        self.bytes.copy_from_slice(bytes);
        Ok(())
    }

    /// Sets all registers, to `values` in their order, each of which has the size of its register.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there are too few, or one has another size. Those before it are set then.
    pub fn set_all<'v>(&mut self, values: impl IntoIterator<Item = &'v [u8]>) -> Result {
        let mut values = values.into_iter();
        let mut rest = &mut *self.bytes;

        for register in self.registers {
            let value = values.next().ok_or(EINVAL)?;
            let (bytes, after) = rest.split_at_mut_checked(register.len()).ok_or(EINVAL)?;

            if value.len() != bytes.len() {
                return Err(EINVAL);
            }
            bytes.copy_from_slice(value);
            rest = after;
        }
        Ok(())
    }
}

impl RegisterSpec {
    const fn len(&self) -> usize {
        // CAST: `usize` has at least 32 bits where confidential guests exist.
        self.size as usize
    }
}

/// A registered [`MeasurementProvider`]; dropping it takes the registers back.
///
/// # Invariants
///
/// The measurement is registered.
pub struct MeasurementRegistration<P: MeasurementProvider>(Pin<KBox<Inner<P>>>);

#[pin_data]
struct Inner<P> {
    #[pin]
    measurement: Opaque<tsm_bindings::tsm_measurement>,
    /// What `measurement` points to.
    registers: KVec<tsm_bindings::tsm_measurement_register>,
    /// What `registers` points to. Belongs to `tsm.ko`, or to the callback that it calls.
    values: UnsafeCell<KVec<u8>>,
    provider: P,
}

// SAFETY: The pointers are to memory that `self` owns, and `P` is `Send`.
unsafe impl<P: Send> Send for Inner<P> {}

// SAFETY: `values` is only touched by the one callback at a time that the ABI has; a shared
// reference gives out `&P`, and `P` is `Sync`.
unsafe impl<P: Sync> Sync for Inner<P> {}

impl<P: MeasurementProvider> MeasurementRegistration<P> {
    /// Publishes the registers of `provider`.
    ///
    /// # Errors
    ///
    /// Those of `tsm_register_measurement()`.
    pub fn new(provider: P) -> Result<Self> {
        let total = P::REGISTERS.iter().map(RegisterSpec::len).sum();
        let mut values = KVec::from_elem(0u8, total, GFP_KERNEL)?;
        let mut registers = KVec::with_capacity(P::REGISTERS.len() + 1, GFP_KERNEL)?;
        let mut value = values.as_mut_ptr();

        for (number, spec) in P::REGISTERS.iter().enumerate() {
            let flags = provider.flags(number).unwrap_or(spec.flags);

            registers.push_within_capacity(tsm_bindings::tsm_measurement_register {
                mr_name: as_char_ptr_in_const_context(spec.name),
                mr_value: value.cast(),
                mr_size: spec.size,
                mr_flags: flags.as_raw(),
                mr_hash: spec.hash.as_raw(),
            })?;
            value = value.wrapping_add(spec.len());
        }
        registers.push_within_capacity(pin_init::zeroed())?;

        let inner = KBox::pin(
            Inner {
                measurement: Opaque::new(tsm_bindings::tsm_measurement {
                    name: as_char_ptr_in_const_context(P::NAME),
                    mrs: registers.as_ptr(),
                    refresh: Some(Inner::<P>::refresh),
                    extend: Some(Inner::<P>::extend),
                }),
                registers,
                values: UnsafeCell::new(values),
                provider,
            },
            GFP_KERNEL,
        )?;

        // SAFETY: All that it points to is owned by `inner`, which is pinned and freed after it is
        // unregistered. The callbacks are those for it.
        to_result(unsafe { tsm_bindings::tsm_register_measurement(inner.measurement.get()) })?;

        // INVARIANT: The measurement was registered just now.
        Ok(Self(inner))
    }
}

impl<P: MeasurementProvider> MeasurementRegistration<P> {
    /// Shows the registers in the directory of a device as well, unless `device` is null. If that fails,
    /// the log says so.
    ///
    /// # Safety
    ///
    /// `device` must be null, or in sysfs until `self` is dropped.
    pub(super) unsafe fn show_at(&self, device: *mut bindings::kobject) {
        if device.is_null() {
            return;
        }
        // SAFETY: By the type invariant, the measurement is registered, and by the safety requirement the
        // device stays until that is no more the case.
        let ret = unsafe { tsm_bindings::tsm_show_measurement(self.0.measurement.get(), device) };

        if ret != 0 {
            pr_err!("the registers can't be shown at the device: error {ret}\n");
        }
    }
}

impl<P: MeasurementProvider> Drop for MeasurementRegistration<P> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, the measurement is registered, so this can't fail.
        unsafe { tsm_bindings::tsm_unregister_measurement(self.0.measurement.get()) };
    }
}

impl<P: MeasurementProvider> Inner<P> {
    /// # Safety
    ///
    /// `measurement` must be that of an `Inner<P>`, which lives as long as `'a`.
    unsafe fn from_raw<'a>(measurement: *mut tsm_bindings::tsm_measurement) -> &'a Self {
        let measurement = Opaque::cast_from(measurement);

        // SAFETY: By the safety requirement, `measurement` is this field of an `Inner<P>`.
        let this = unsafe { container_of!(measurement, Self, measurement) };
        // SAFETY: By the safety requirement, the `Inner<P>` lives as long as `'a`.
        unsafe { &*this }
    }

    /// # Safety
    ///
    /// To be called by `tsm.ko` only, with the measurement of an `Inner<P>` that is registered.
    unsafe extern "C" fn refresh(
        measurement: *mut tsm_bindings::tsm_measurement,
        _register: *const tsm_bindings::tsm_measurement_register,
    ) -> ffi::c_int {
        // SAFETY: By the safety requirement, `measurement` is that of an `Inner<P>`, which stays
        // registered while a callback runs.
        let this = unsafe { Self::from_raw(measurement) };
        // SAFETY: By the ABI, no other callback runs, and `tsm.ko` does not read meanwhile.
        let bytes = unsafe { &mut *this.values.get() };

        from_result(|| {
            this.provider
                .refresh(&mut Values::new(P::REGISTERS, bytes))?;
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// To be called by `tsm.ko` only, with the measurement of an `Inner<P>` that is registered, one
    /// of its registers, and as many bytes as that register has.
    unsafe extern "C" fn extend(
        measurement: *mut tsm_bindings::tsm_measurement,
        register: *const tsm_bindings::tsm_measurement_register,
        data: *const u8,
    ) -> ffi::c_int {
        // SAFETY: By the safety requirement, `measurement` is that of an `Inner<P>`, which stays
        // registered while a callback runs.
        let this = unsafe { Self::from_raw(measurement) };
        let offset = register.addr().wrapping_sub(this.registers.as_ptr().addr());
        // By the safety requirement, it is one of them.
        let number = offset / size_of::<tsm_bindings::tsm_measurement_register>();

        from_result(|| {
            let register = P::REGISTERS.get(number).ok_or(EINVAL)?;
            // SAFETY: By the safety requirement, `data` has as many bytes as the register.
            let data = unsafe { slice::from_raw_parts(data, register.len()) };

            this.provider.extend(number, data)?;
            Ok(0)
        })
    }
}
