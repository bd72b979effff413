// SPDX-License-Identifier: GPL-2.0

//! The measurement registers of a provider, as `tsm.ko` uses them.

use core::{
    ptr::NonNull,
    slice, //
};

use kernel::{
    error::to_result,
    ffi,
    prelude::*,
    str::CStr, //
};
use tsm_ext::{
    hash::HashAlgo,
    sysfs::BIN_FILE_MAX, //
};
use tsm_provider::Flags;

/// One register of a [`Measurement`].
///
/// # Invariants
///
/// Has passed [`Measurement::check`].
#[derive(Clone, Copy)]
pub(crate) struct Register<'a>(&'a tsm_bindings::tsm_measurement_register);

impl<'a> Register<'a> {
    /// Returns its name.
    #[inline]
    pub(crate) fn name(self) -> &'a CStr {
        // SAFETY: The name is not null, and the ABI makes it a C string that stays as long as the
        // register.
        unsafe { CStr::from_char_ptr(self.0.mr_name) }
    }

    /// Returns its size in bytes.
    #[inline]
    pub(crate) fn size(self) -> usize {
        // CAST: At most `BIN_FILE_MAX`.
        self.0.mr_size as usize
    }

    /// Returns its properties.
    #[inline]
    pub(crate) fn flags(self) -> Flags {
        Flags::from_raw(self.0.mr_flags)
    }

    /// Returns its hash algorithm, which a flat one does not have.
    #[inline]
    pub(crate) fn hash(self) -> Option<HashAlgo> {
        if self.flags().contains(Flags::FLAT) {
            return None;
        }
        HashAlgo::new(self.0.mr_hash)
    }
}

/// Says whether `name` can be that of a file.
#[inline]
fn is_file_name(name: &CStr) -> bool {
    let name = name.to_bytes();

    !matches!(name, b"" | b"." | b"..") && !name.contains(&b'/')
}

/// Returns what a callback did, most often without a call.
#[inline]
fn outcome(ret: ffi::c_int) -> Result {
    match ret {
        0 => Ok(()),
        err => to_result(err),
    }
}

/// Tells measurements apart that are registered at the same time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct MeasurementId(usize);

impl MeasurementId {
    /// Returns that of the measurement at `raw`, which need not be valid.
    #[inline]
    pub(crate) fn of(raw: *const tsm_bindings::tsm_measurement) -> Self {
        Self(raw.addr())
    }
}

/// The registers of one provider.
///
/// # Invariants
///
/// `raw` is what [`Measurement::new`] demands; it has `count` registers, and each has passed
/// [`Measurement::check`].
pub(crate) struct Measurement {
    raw: NonNull<tsm_bindings::tsm_measurement>,
    count: usize,
}

// SAFETY: The ABI demands callbacks that may be called from any thread.
unsafe impl Send for Measurement {}

impl Measurement {
    /// The most hashes that registers of one name may have.
    pub(crate) const MAX_BANKS: usize = tsm_bindings::TSM_HELPER_MR_MAXBANKS as usize;

    /// Takes what a provider registers.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if something is missing or not valid, see `include/tsm/tsm.h`.
    ///
    /// # Safety
    ///
    /// `raw` must be null or as `tsm_register_measurement()` demands it, until the returned value
    /// is dropped; and there must be no other [`Measurement`] of it meanwhile.
    #[inline]
    pub(crate) unsafe fn new(raw: *mut tsm_bindings::tsm_measurement) -> Result<Self> {
        let mut this = Self {
            raw: NonNull::new(raw).ok_or(EINVAL)?,
            count: 0,
        };
        let fields = this.fields();

        if fields.name.is_null() || fields.mrs.is_null() || !is_file_name(this.name()) {
            return Err(EINVAL);
        }

        // INVARIANT: Each register that is counted passes the check.
        let mut count = 0;
        // SAFETY: By the safety requirement, an element with a null name ends the list, and there
        // was none so far.
        while let Some(register) = unsafe { this.raw_at(count) } {
            // SAFETY: `raw_at` returns no register without a name, and the ABI makes a name a C string.
            unsafe { this.check(register)? };
            count += 1;
        }
        this.count = count;
        Ok(this)
    }

    /// Checks what can be checked of one register.
    ///
    /// # Safety
    ///
    /// The name of the register must be a C string.
    unsafe fn check(&self, raw: &tsm_bindings::tsm_measurement_register) -> Result {
        let (flags, size) = (Flags::from_raw(raw.mr_flags), raw.mr_size as usize);
        // SAFETY: By the safety requirement, the name is a C string.
        let named = is_file_name(unsafe { CStr::from_char_ptr(raw.mr_name) });
        // sysfs cuts writes off at a page, and what is cut off must not look whole.
        let limit = BIN_FILE_MAX - usize::from(flags.contains(Flags::WRITABLE));
        let extends = flags.contains(Flags::WRITABLE.with(Flags::EXTENSIBLE));

        let valid = named
            && Flags::ALL.contains(flags)
            && (1..=limit).contains(&size)
            && !raw.mr_value.is_null()
            && (flags.contains(Flags::FLAT) || HashAlgo::new(raw.mr_hash).is_some())
            && (!flags.contains(Flags::LIVE) || self.fields().refresh.is_some())
            && (!extends || self.fields().extend.is_some());

        valid.then_some(()).ok_or(EINVAL)
    }

    #[inline]
    fn fields(&self) -> &tsm_bindings::tsm_measurement {
        // SAFETY: By the type invariant, `raw` is valid and does not change.
        unsafe { self.raw.as_ref() }
    }

    /// Returns the register at `index`, or [`None`] where the list ends.
    ///
    /// # Safety
    ///
    /// The list must not end before `index`.
    #[inline]
    unsafe fn raw_at(&self, index: usize) -> Option<&tsm_bindings::tsm_measurement_register> {
        // SAFETY: By the safety requirement, the list does not end before `index`: a register is
        // there, or the element that ends the list.
        let register = unsafe { &*self.fields().mrs.add(index) };

        (!register.mr_name.is_null()).then_some(register)
    }

    /// Returns the provider's name.
    #[inline]
    pub(crate) fn name(&self) -> &CStr {
        // SAFETY: `new` refused a null pointer, and the ABI makes the name a C string.
        unsafe { CStr::from_char_ptr(self.fields().name) }
    }

    /// Tells it apart from others.
    #[inline]
    pub(crate) fn id(&self) -> MeasurementId {
        MeasurementId::of(self.raw.as_ptr())
    }

    /// Returns how many registers there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Returns the registers, in the provider's order.
    #[inline]
    pub(crate) fn registers(&self) -> impl Iterator<Item = Register<'_>> + Clone {
        (0..self.count)
            .filter_map(|index| {
                // SAFETY: By the type invariant, the list has `count` registers, and `index` is
                // less.
                unsafe { self.raw_at(index) }
            })
            // INVARIANT: By the type invariant, each register has passed the check.
            .map(Register)
    }

    /// Returns the register at `index`.
    #[inline]
    pub(crate) fn register(&self, index: usize) -> Result<Register<'_>> {
        if index >= self.count {
            return Err(EINVAL);
        }
        // SAFETY: By the type invariant, the list has `count` registers, and `index` is less.
        let register = unsafe { &*self.fields().mrs.add(index) };

        // INVARIANT: By the type invariant, each register has passed the check.
        Ok(Register(register))
    }

    /// Brings the values up to date, for the register at `index` or for all.
    #[inline]
    pub(crate) fn refresh(&mut self, index: Option<usize>) -> Result {
        let register = match index {
            Some(index) => self.register(index)?.0,
            None => core::ptr::null(),
        };
        let Some(refresh) = self.fields().refresh else {
            return Ok(());
        };

        // SAFETY: By the type invariant, the callback may be called; `&mut self` is the proof that
        // no other runs, and that no value is borrowed.
        outcome(unsafe { refresh(self.raw.as_ptr(), register) })
    }

    /// Extends the register at `index` with `data`, which has its size.
    #[inline]
    pub(crate) fn extend(&mut self, index: usize, data: &[u8]) -> Result {
        let register = self.register(index)?;
        let extend = self.fields().extend.ok_or(EINVAL)?;
        let needed = Flags::WRITABLE.with(Flags::EXTENSIBLE);

        if !register.flags().contains(needed) {
            return Err(EACCES);
        }
        if data.len() != register.size() {
            return Err(EINVAL);
        }
        // SAFETY: By the type invariant, the callback may be called; `&mut self` is the proof that
        // no other runs, and `data` has the size that the ABI promises.
        outcome(unsafe { extend(self.raw.as_ptr(), register.0, data.as_ptr()) })
    }

    /// Replaces the value of the register at `index` by `data`, which has its size.
    #[inline]
    pub(crate) fn replace(&mut self, index: usize, data: &[u8]) -> Result {
        let register = self.register(index)?;

        if !register.flags().contains(Flags::WRITABLE) {
            return Err(EACCES);
        }
        if data.len() != register.size() {
            return Err(EINVAL);
        }
        // SAFETY: By the ABI, the value of a writable register has the size of the register, and is
        // the core's to change while no callback runs, of which `&mut self` is the proof.
        unsafe {
            data.as_ptr()
                .copy_to(register.0.mr_value.cast::<u8>(), data.len())
        };
        Ok(())
    }

    /// Returns the value of the register at `index`.
    #[inline]
    pub(crate) fn value(&self, index: usize) -> Result<&[u8]> {
        let register = self.register(index)?;

        // SAFETY: By the ABI, the value is initialized and has the size of the register. It changes in
        // callbacks and in `replace`, for which `self` must not be borrowed.
        Ok(unsafe { slice::from_raw_parts(register.0.mr_value.cast::<u8>(), register.size()) })
    }
}
