// SPDX-License-Identifier: GPL-2.0

//! What providers call, see `include/tsm/tsm.h`.
//!
//! The C ABI has no context parameter, so this is where the module's only variable is.

use kernel::{
    error::from_result,
    ffi,
    prelude::*,
    str::CStr,
    sync::{
        global_lock,
        Arc, //
    }, //
};
use tsm_bindings as bindings;
use tsm_ext::sysfs::Directory;

use crate::{
    call::PendingReport,
    measurement::{
        Measurement,
        MeasurementId, //
    },
    registers::Tree,
    slot::Slot, //
};

/// What providers register with.
struct Core {
    registers: Tree,
    provider: Arc<Slot>,
}

global_lock! {
    // SAFETY: `CoreGuard::new` initializes it, once and before any provider can call, because a
    // module's exported functions can't be called before its initializer has returned.
    unsafe(uninit) static CORE: Mutex<Option<Core>> = None;
}

/// Lets providers register until it is dropped.
pub(crate) struct CoreGuard(());

impl CoreGuard {
    /// Sets [`static@CORE`].
    ///
    /// # Safety
    ///
    /// To be called once, by the initializer of the module.
    pub(crate) unsafe fn new(registers: Tree, provider: Arc<Slot>) -> Self {
        // SAFETY: By the safety requirement, this is called once.
        unsafe { CORE.init() };
        *CORE.lock() = Some(Core {
            registers,
            provider,
        });
        Self(())
    }
}

impl Drop for CoreGuard {
    fn drop(&mut self) {
        *CORE.lock() = None;
    }
}

/// Calls `f` with what is registered.
fn with_core(f: impl FnOnce(&mut Core) -> Result) -> ffi::c_int {
    from_result(|| {
        f(CORE.lock().as_mut().ok_or(ENODEV)?)?;
        Ok(0)
    })
}

/// Checks that a definition has the type that the C header declares.
macro_rules! assert_abi {
    ($($name:ident),* $(,)?) => {
        $(const _: () = {
            if true {
                bindings::$name
            } else {
                $name
            };
        };)*
    };
}

assert_abi!(
    tsm_register_measurement,
    tsm_unregister_measurement,
    tsm_show_measurement,
    tsm_report_register,
    tsm_report_unregister,
    tsm_report_explain,
    tsm_report_id,
);

/// Publishes measurement registers.
///
/// # Safety
///
/// `tmr` must be null, or as `include/tsm/tsm.h` demands it until it is unregistered.
#[no_mangle]
pub(crate) unsafe extern "C" fn tsm_register_measurement(
    tmr: *mut bindings::tsm_measurement,
) -> ffi::c_int {
    with_core(|core| {
        // SAFETY: By the safety requirement, `tmr` is null, or as `include/tsm/tsm.h` demands it
        // until it is unregistered. `Tree` drops the `Measurement` before unregistering returns,
        // and refuses a second one of the same name, which one of the same `tmr` has.
        let measurement = unsafe { Measurement::new(tmr) }?;

        core.registers.register(measurement)
    })
}

/// Takes published measurement registers back.
///
/// # Safety
///
/// `tmr` must be null, or valid with a name that is null or a C string.
#[no_mangle]
pub(crate) unsafe extern "C" fn tsm_unregister_measurement(
    tmr: *mut bindings::tsm_measurement,
) -> ffi::c_int {
    with_core(|core| {
        // SAFETY: By the safety requirement, `tmr` is null, or valid with a name that is null or a
        // C string.
        let name = unsafe { name_of(tmr) }?;

        core.registers.unregister(name, MeasurementId::of(tmr))
    })
}

/// Shows published measurement registers in another place as well.
///
/// # Safety
///
/// `tmr` must be null, or valid with a name that is null or a C string. `kobj` must be null, or valid
/// and in sysfs until `tmr` is unregistered.
#[no_mangle]
pub(crate) unsafe extern "C" fn tsm_show_measurement(
    tmr: *mut bindings::tsm_measurement,
    kobj: *mut kernel::bindings::kobject,
) -> ffi::c_int {
    with_core(|core| {
        // SAFETY: By the safety requirement, `tmr` is null, or valid with a name that is null or a
        // C string.
        let name = unsafe { name_of(tmr) }?;
        let provider = core.registers.provider(name, MeasurementId::of(tmr))?;

        if provider.is_shown() {
            return Err(EEXIST);
        }
        // SAFETY: By the safety requirement, `kobj` is null, or in sysfs until `tmr` is
        // unregistered; the directory goes with the provider.
        let dir = unsafe { Directory::new_in(kobj, c"measurements") }?;

        provider.show_in(dir)
    })
}

/// Returns the name of a measurement.
///
/// # Safety
///
/// `tmr` must be null, or valid with a name that is null or a C string, for as long as `'a`.
unsafe fn name_of<'a>(tmr: *const bindings::tsm_measurement) -> Result<&'a CStr> {
    // SAFETY: By the safety requirement, `tmr` is null or valid.
    let name = unsafe { tmr.as_ref() }.ok_or(EINVAL)?.name;

    if name.is_null() {
        return Err(EINVAL);
    }
    // SAFETY: By the safety requirement, a name that is not null is a C string for as long as `'a`.
    Ok(unsafe { CStr::from_char_ptr(name) })
}

/// Registers the provider of reports, see `linux/tsm.h`.
///
/// # Safety
///
/// `ops` must be null, or valid and unchanged until it is unregistered, with a name that is null or
/// a C string, and with callbacks that accept `data`, from any thread and several at a time, as
/// `include/tsm/tsm.h` demands.
#[no_mangle]
pub(crate) unsafe extern "C" fn tsm_report_register(
    ops: *const bindings::tsm_report_ops,
    data: *mut ffi::c_void,
) -> ffi::c_int {
    with_core(|core| {
        // SAFETY: By the safety requirement, `ops` is null, or valid and unchanged until it is
        // unregistered, with callbacks that accept `data`.
        unsafe { core.provider.register(ops, data) }
    })
}

/// Unregisters the provider of reports, see `linux/tsm.h`. Waits until no callback runs.
///
/// # Safety
///
/// None; it is `unsafe` because the C declaration is.
#[no_mangle]
pub(crate) unsafe extern "C" fn tsm_report_unregister(
    ops: *const bindings::tsm_report_ops,
) -> ffi::c_int {
    from_result(|| {
        // Not under the lock: a task that waits for a callback must not keep others from registering.
        let provider = CORE.lock().as_ref().ok_or(ENODEV)?.provider.clone();

        provider.unregister(ops)?;
        Ok(0)
    })
}

/// Takes down what the platform has answered, for the trace.
///
/// # Safety
///
/// As `include/tsm/tsm.h` has it: `report` must be what a provider was called with, by that call, and
/// `source` a C string that stays valid until the provider is unregistered.
#[no_mangle]
pub(crate) unsafe extern "C" fn tsm_report_explain(
    report: *mut bindings::tsm_report,
    source: *const ffi::c_char,
    status: u64,
) {
    // SAFETY: By the safety requirement, `report` is what this call was made with, and `source`
    // stays valid; `Call::report` calls providers with what begins a `PendingReport`.
    unsafe { PendingReport::set_status(report, source, status) };
}

/// Returns the number of a report, which no other one has.
///
/// # Safety
///
/// As `include/tsm/tsm.h` has it: `report` must be what a provider was called with, by that call.
#[no_mangle]
pub(crate) unsafe extern "C" fn tsm_report_id(report: *const bindings::tsm_report) -> u64 {
    // SAFETY: By the safety requirement, `report` is what this call was made with; `Call::report`
    // calls providers with what begins a `PendingReport`.
    unsafe { PendingReport::id(report) }.get()
}
