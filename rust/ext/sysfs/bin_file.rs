// SPDX-License-Identifier: GPL-2.0

//! Binary files.

use core::{
    pin::Pin,
    ptr,
    slice, //
};

use kernel::{
    bindings,
    container_of,
    error::to_result,
    ffi,
    page::PAGE_SIZE,
    prelude::*,
    static_lock_class,
    str::{
        CStr,
        CString, //
    },
    sync::LockClassKey,
    types::Opaque, //
};

use super::Directory;
use crate::output_buffer::OutputBuffer;

/// The most that a [`BinFile`] gives in one read or takes in one write.
pub const BIN_FILE_MAX: usize = PAGE_SIZE;

/// Permission bits of a file.
///
/// # Examples
///
/// ```
/// use tsm_ext::sysfs::Mode;
///
/// let mode = Mode::READ_ALL.with(Mode::WRITE_OWNER);
/// assert!(mode.has(Mode::READ_OWNER));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mode(u16);

impl Mode {
    /// No access.
    pub const NONE: Self = Self(0);
    /// All may read.
    pub const READ_ALL: Self = Self(0o444);
    /// The owner may read.
    pub const READ_OWNER: Self = Self(0o400);
    /// The owner may write.
    pub const WRITE_OWNER: Self = Self(0o200);

    /// Says whether all bits of `other` are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns `self` and the bits of `other`.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Where a reader of an open file has begun, for a file whose contents change between two reads.
///
/// # Examples
///
/// ```
/// use tsm_ext::sysfs::Mark;
///
/// let mut mark = Mark::default();
/// assert!(mark.is(7, 0));
/// // The rest has to come from the same contents, until the reader begins again.
/// assert!(!mark.is(8, 4096));
/// assert!(mark.is(8, 0));
/// // Contents that can be made again for an old version can be read to their end.
/// assert_eq!(mark.keep(9, 4096), 8);
/// assert_eq!(mark.keep(9, 0), 9);
/// ```
#[derive(Default)]
pub struct Mark(usize);

impl Mark {
    /// Returns the version of the contents that a read at `offset` continues. A read at offset 0 begins with
    /// `version`. No version is 0.
    pub fn keep(&mut self, version: usize, offset: usize) -> usize {
        if offset == 0 || self.0 == 0 {
            self.0 = version;
        }
        self.0
    }

    /// Tells whether a read at `offset` goes on with the contents that `version` stands for, or begins with
    /// them. No version is 0.
    pub fn is(&mut self, version: usize, offset: usize) -> bool {
        self.keep(version, offset) == version
    }
}

/// What a binary file does. Several reads and writes may run at the same time.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::{
///     output_buffer::OutputBuffer,
///     sysfs::{
///         BinFile,
///         BinFileOps,
///         Directory,
///         Mark,
///         Mode, //
///     }, //
/// };
///
/// struct Digest([u8; 48]);
///
/// impl BinFileOps for Digest {
///     fn read<'a>(&self, _: &mut Mark, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
///         let rest = self.0.get(offset..).unwrap_or_default();
///
///         out.limit(rest.len()).fill(rest)
///     }
/// }
///
/// let dir = Directory::new_in_kernel(c"example")?;
/// let file = BinFile::new(&dir, c"digest", Mode::READ_ALL, 48, Digest([0; 48]))?;
/// # Ok::<(), Error>(())
/// ```
pub trait BinFileOps: Send + Sync + 'static {
    /// Whether a reader's mark is kept as long as its file is open. Otherwise each read has a new one, which costs
    /// nothing.
    const KEEPS_MARK: bool = false;

    /// Returns the class by which lockdep knows the file. Calls of a file, and its removal, must not wait for
    /// each other through files of the same class.
    fn lock_class() -> Pin<&'static LockClassKey> {
        static_lock_class!()
    }

    /// Fills the start of `out` with the contents from `offset` on, and returns what it has filled.
    /// If that is nothing, it is the end of the file. See [`Self::KEEPS_MARK`] for `mark`.
    ///
    /// By default the file can't be read.
    fn read<'a>(&self, mark: &mut Mark, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
        let _ = (mark, offset, out);
        Err(EPERM)
    }

    /// Takes a write, all of it or nothing. By default the file can't be written.
    fn write(&self, offset: usize, data: &[u8]) -> Result {
        let _ = (offset, data);
        Err(EPERM)
    }
}

/// A binary file, removed when dropped. A read or write that runs then is waited for; a task that
/// still has the file open gets `ENODEV`.
///
/// # Invariants
///
/// The file exists in its directory.
///
/// # Examples
///
/// See [`BinFileOps`].
pub struct BinFile<T: BinFileOps>(Pin<KBox<Inner<T>>>);

#[pin_data]
struct Inner<T> {
    #[pin]
    file: File,
    ops: T,
}

impl<T: BinFileOps> BinFile<T> {
    /// Makes the file `name` in `dir`.
    ///
    /// `size` is the size that the file shows. The kernel cuts reads and writes off there, before
    /// they reach `ops`; zero leaves that to `ops`.
    ///
    /// The kernel complains in its log when `name` is there already.
    pub fn new(dir: &Directory, name: &CStr, mode: Mode, size: usize, ops: T) -> Result<Self> {
        // Without a callback no task can open the file that way, whatever mode root gives it.
        let callbacks = Callbacks {
            read: mode
                .has(Mode::READ_OWNER)
                .then_some(Inner::<T>::read as Callback),
            write: mode
                .has(Mode::WRITE_OWNER)
                .then_some(Inner::<T>::write as Callback),
        };
        let file = |slot: *mut File| {
            // SAFETY: `slot` is valid for writes and pinned. `ops` is initialized already, and stays until
            // `BinFile` has removed the file.
            unsafe { File::make(slot, dir, name, mode, size, callbacks, T::lock_class()) }
        };
        // SAFETY: `make` initializes the file, or drops what it has initialized.
        let file = unsafe { pin_init::pin_init_from_closure::<_, Error>(file) };

        // INVARIANT: The file was made just now.
        Ok(Self(KBox::try_pin_init(
            // In this order: reads and writes use `ops`.
            try_pin_init!(Inner { ops, file <- file }? Error),
            GFP_KERNEL,
        )?))
    }
}

impl<T: BinFileOps> Drop for BinFile<T> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, the file exists, and it is dropped once. No callback of it
        // runs afterwards.
        unsafe { self.0.file.remove() };
    }
}

/// What reads or writes a file.
type Callback = unsafe extern "C" fn(
    *mut bindings::file,
    *mut bindings::kobject,
    *const bindings::bin_attribute,
    *mut ffi::c_char,
    bindings::loff_t,
    usize,
) -> isize;

struct Callbacks {
    read: Option<Callback>,
    write: Option<Callback>,
}

/// What each [`BinFile`] has. It is not generic, so that a module has its code once.
struct File {
    attr: Opaque<bindings::bin_attribute>,
    /// What `attr` points to.
    _name: CString,
    dir: Directory,
}

// SAFETY: The raw pointer in `attr` is to `_name`, which moves along; `dir` is `Send`.
unsafe impl Send for File {}

// SAFETY: `attr` does not change, and `dir` is `Sync`.
unsafe impl Sync for File {}

impl File {
    /// Makes the file in sysfs, and initializes `slot` unless that fails.
    ///
    /// # Safety
    ///
    /// `slot` must be valid for writes, and pinned. Until the file is removed, `callbacks` must accept the
    /// attribute in it.
    unsafe fn make(
        slot: *mut Self,
        dir: &Directory,
        name: &CStr,
        mode: Mode,
        size: usize,
        callbacks: Callbacks,
        class: Pin<&'static LockClassKey>,
    ) -> Result {
        let name = CString::try_from(name)?;
        let mut attr: bindings::bin_attribute = pin_init::zeroed();

        attr.attr.name = name.as_char_ptr();
        attr.attr.mode = mode.0;
        attr.size = size;
        attr.read = callbacks.read;
        attr.write = callbacks.write;
        // SAFETY: `attr` is valid, and the lock class lives forever.
        unsafe { tsm_bindings::tsm_helper_sysfs_bin_attr_init(&mut attr, class.as_ptr()) };

        let file = Self {
            attr: Opaque::new(attr),
            _name: name,
            dir: dir.clone(),
        };
        // SAFETY: By the safety requirement, `slot` is valid for writes.
        unsafe { slot.write(file) };
        // SAFETY: `slot` was initialized just now.
        let file = unsafe { &*slot };

        // SAFETY: The directory is valid. By the safety requirement, `attr` is pinned, and the callbacks accept it.
        to_result(unsafe { bindings::sysfs_create_bin_file(dir.as_raw(), file.attr.get()) })
            // SAFETY: `slot` was initialized above, and nothing uses it.
            .inspect_err(|_| unsafe { ptr::drop_in_place(slot) })
    }

    /// # Safety
    ///
    /// The file must exist, and this is called once.
    unsafe fn remove(&self) {
        // SAFETY: By the safety requirement, the file exists, and this is called once.
        unsafe { bindings::sysfs_remove_bin_file(self.dir.as_raw(), self.attr.get()) };
    }
}

impl<T: BinFileOps> Inner<T> {
    /// # Safety
    ///
    /// `attr` must be the attribute of an `Inner<T>` whose file exists.
    unsafe fn from_attr<'a>(attr: *const bindings::bin_attribute) -> &'a Self {
        let attr = Opaque::cast_from(attr);

        // SAFETY: By the safety requirement, `attr` is this field of an `Inner<T>`.
        let this = unsafe { container_of!(attr, Self, file.attr) };
        // SAFETY: By the safety requirement, `attr` is that of an `Inner<T>` whose file exists.
        // `BinFile` frees it after the file is gone, which waits for callbacks.
        unsafe { &*this }
    }

    /// # Safety
    ///
    /// To be called by kernfs only, for a file of a `BinFile<T>`: `file` is open, `attr` is its attribute,
    /// and `buf` is writable for `count` bytes.
    unsafe extern "C" fn read(
        file: *mut bindings::file,
        _kobj: *mut bindings::kobject,
        attr: *const bindings::bin_attribute,
        buf: *mut ffi::c_char,
        offset: bindings::loff_t,
        count: usize,
    ) -> isize {
        // SAFETY: By the safety requirement, kernfs calls for a file of a `BinFile<T>`, and `attr`
        // is its attribute.
        let this = unsafe { Self::from_attr(attr) };
        let mut unkept = 0;
        let mark = match T::KEEPS_MARK {
            // SAFETY: By the safety requirement, kernfs has opened `file`. It leaves this word to the files of
            // sysfs, which do not use it for binary ones, and calls for one open file do not run at the same time.
            true => unsafe { &mut *tsm_bindings::tsm_helper_kernfs_private(file) },
            false => &mut unkept,
        };
        let start: *mut u8 = buf.cast();
        // SAFETY: By the safety requirement, `buf` is writable for `count` bytes; kernfs lets
        // nothing else use it meanwhile.
        let out = unsafe { OutputBuffer::new(start, count) };

        let read = |at: usize| {
            let mut here = Mark(*mark);
            let filled = this.ops.read(&mut here, at, out);
            *mark = here.0;
            let filled = filled?;

            // What starts there is a part of `out`: there is no reference to more.
            if filled.as_ptr() != start.cast_const() {
                return Err(EINVAL);
            }
            Ok(filled.len())
        };

        len_or_errno(usize::try_from(offset).map_err(|_| EINVAL).and_then(read))
    }

    /// # Safety
    ///
    /// To be called by kernfs only, for a file of a `BinFile<T>`: `attr` is its attribute, and
    /// `buf` is readable for `count` bytes.
    unsafe extern "C" fn write(
        _file: *mut bindings::file,
        _kobj: *mut bindings::kobject,
        attr: *const bindings::bin_attribute,
        buf: *mut ffi::c_char,
        offset: bindings::loff_t,
        count: usize,
    ) -> isize {
        // SAFETY: By the safety requirement, kernfs calls for a file of a `BinFile<T>`, and `attr`
        // is its attribute.
        let this = unsafe { Self::from_attr(attr) };
        // SAFETY: By the safety requirement, `buf` is readable for `count` bytes; kernfs lets
        // nothing else use it meanwhile.
        let data = unsafe { slice::from_raw_parts(buf.cast::<u8>(), count) };

        let write = |at: usize| this.ops.write(at, data).map(|()| count);

        len_or_errno(usize::try_from(offset).map_err(|_| EINVAL).and_then(write))
    }
}

/// Turns the result of a callback into what C expects.
fn len_or_errno(result: Result<usize>) -> isize {
    match result {
        // CAST: A length is at most that of a page.
        Ok(len) => len as isize,
        // CAST: An errno fits.
        Err(err) => err.to_errno() as isize,
    }
}
