// SPDX-License-Identifier: GPL-2.0

//! The vfio-user server of a function: QEMU is its client.

use std::{
    fs::File,
    io,
    panic,
    path::Path,
    sync::{
        mpsc::{
            self,
            Receiver,
            RecvTimeoutError,
            Sender, //
        },
        Arc,
        Mutex, //
    },
    thread,
    time::Instant, //
};

use vfio_bindings::bindings::vfio::{
    vfio_region_info,
    VFIO_IRQ_INFO_EVENTFD,
    VFIO_IRQ_INFO_NORESIZE,
    VFIO_PCI_BAR0_REGION_INDEX,
    VFIO_PCI_BAR2_REGION_INDEX,
    VFIO_PCI_BAR4_REGION_INDEX,
    VFIO_PCI_CONFIG_REGION_INDEX,
    VFIO_PCI_MSIX_IRQ_INDEX,
    VFIO_PCI_NUM_IRQS,
    VFIO_PCI_NUM_REGIONS,
    VFIO_REGION_INFO_FLAG_READ,
    VFIO_REGION_INFO_FLAG_WRITE, //
};
use vfio_user::{
    DmaMapFlags,
    DmaUnmapFlags,
    IrqInfo,
    Server,
    ServerBackend,
    ServerRegion, //
};

use super::{
    function::{
        Function,
        Region,
        Vanished, //
    },
    layout::VECTORS, //
};
use crate::machine::lock::lock;

/// Starts the server of a function. QEMU can connect from now on. The error is for the user.
pub(super) fn start(path: &Path, function: Function) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("device at {}: {error}", path.display());
    let server =
        Server::new(path, true, interrupts(), regions()).map_err(|error| failed(&error))?;
    let function = Arc::new(Mutex::new(function));
    let (timer, dues) = mpsc::channel();
    let mut backend = Backend {
        function: function.clone(),
        timer,
    };
    let thread = |name: &str| thread::Builder::new().name(name.into());

    thread("tdi timer")
        .spawn(move || run_timer(&dues, &function))
        .map_err(|error| failed(&error))?;
    let spawned = thread("tdi").spawn(move || {
        if let Err(error) = server.run(&mut backend) {
            eprintln!("tsm-emulator: device: {error}");
        }
    });
    spawned.map(drop).map_err(|error| failed(&error))
}

/// Polls a function when an interrupt of it may be due, until its server has ended. There is one request at a
/// time, so that the time that came last counts.
fn run_timer(dues: &Receiver<Instant>, function: &Mutex<Function>) {
    let mut due: Option<Instant> = None;

    loop {
        let received = match due {
            Some(due) => dues.recv_timeout(due.saturating_duration_since(Instant::now())),
            None => dues.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };

        match received {
            Ok(next) => due = Some(next),
            Err(RecvTimeoutError::Timeout) => {
                let mut function = lock(function);
                function.poll(Instant::now());
                due = function.take_due();
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Returns what there is to read and write.
fn regions() -> Vec<ServerRegion> {
    let make = |index| ServerRegion {
        region_info: vfio_region_info {
            // CAST: The size of a small structure.
            argsz: size_of::<vfio_region_info>() as u32,
            index,
            size: region(index).map_or(0, Region::size),
            flags: region(index).map_or(0, |_| {
                VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE
            }),
            ..Default::default()
        },
        sparse_areas: vec![],
        mmap_fd: None,
    };

    (0..VFIO_PCI_NUM_REGIONS).map(make).collect()
}

/// Returns what has an index of VFIO.
fn region(index: u32) -> Option<Region> {
    match index {
        VFIO_PCI_CONFIG_REGION_INDEX => Some(Region::Config),
        VFIO_PCI_BAR0_REGION_INDEX => Some(Region::Registers),
        VFIO_PCI_BAR2_REGION_INDEX => Some(Region::Msix),
        VFIO_PCI_BAR4_REGION_INDEX => Some(Region::Memory),
        _ => None,
    }
}

/// Returns what there is of interrupts.
fn interrupts() -> Vec<IrqInfo> {
    let make = |index| match index {
        VFIO_PCI_MSIX_IRQ_INDEX => IrqInfo {
            index,
            flags: VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE,
            count: VECTORS,
        },
        _ => IrqInfo {
            index,
            flags: 0,
            count: 0,
        },
    };

    (0..VFIO_PCI_NUM_IRQS).map(make).collect()
}

/// The function behind a server.
struct Backend {
    function: Arc<Mutex<Function>>,
    /// Takes the times of interrupts that are due later.
    timer: Sender<Instant>,
}

/// Returns the error of an access to what is not there.
fn outside() -> io::Error {
    io::ErrorKind::InvalidInput.into()
}

/// Checks whether bytes are inside of a region.
fn check(index: u32, offset: u64, data: &[u8]) -> io::Result<Region> {
    let region = region(index).ok_or_else(outside)?;
    let size = u64::try_from(data.len()).map_err(|_| outside())?;
    let end = offset.checked_add(size).ok_or_else(outside)?;

    match end <= region.size() {
        true => Ok(region),
        false => Err(outside()),
    }
}

impl ServerBackend for Backend {
    fn region_read(&mut self, index: u32, offset: u64, data: &mut [u8]) -> io::Result<()> {
        let region = check(index, offset, data)?;

        lock(&self.function).read(region, offset, data, Instant::now());
        Ok(())
    }

    fn region_write(&mut self, index: u32, offset: u64, data: &[u8]) -> io::Result<()> {
        let region = check(index, offset, data)?;
        let mut function = lock(&self.function);
        let written = function.write(region, offset, data, Instant::now());
        let due = function.take_due();
        drop(function);

        if written == Err(Vanished) {
            // The server has no way to close its socket but this one. No panic is reported.
            panic::resume_unwind(Box::new(Vanished));
        }
        if let Some(due) = due {
            // Without its thread there are no late interrupts, and the kernel polls.
            let _ = self.timer.send(due);
        }
        Ok(())
    }

    fn dma_map(
        &mut self,
        _flags: DmaMapFlags,
        offset: u64,
        address: u64,
        size: u64,
        file: Option<File>,
    ) -> io::Result<()> {
        // What has no file is memory of other devices. DMA does not reach it.
        let mapped = match file {
            Some(file) => lock(&self.function)
                .memory()
                .map(address, size, file, offset),
            None => true,
        };

        match mapped {
            true => Ok(()),
            false => Err(outside()),
        }
    }

    fn dma_unmap(&mut self, flags: DmaUnmapFlags, address: u64, size: u64) -> io::Result<()> {
        let mut function = lock(&self.function);

        match flags.contains(DmaUnmapFlags::UNMAP_ALL) {
            true => function.memory().clear(),
            false => function.memory().unmap(address, size),
        }
        Ok(())
    }

    fn reset(&mut self) -> io::Result<()> {
        lock(&self.function).reset();
        Ok(())
    }

    fn set_irqs(
        &mut self,
        index: u32,
        _flags: u32,
        start: u32,
        count: u32,
        files: Vec<File>,
    ) -> io::Result<()> {
        if index == VFIO_PCI_MSIX_IRQ_INDEX {
            lock(&self.function).set_vectors(start, count, files);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
