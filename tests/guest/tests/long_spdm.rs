// SPDX-License-Identifier: GPL-2.0

//! Readers of evidence, while a device is connected again and again, or goes.

use std::{
    env, fs,
    sync::atomic::{
        AtomicBool,
        AtomicUsize,
        Ordering, //
    },
    thread::{
        self,
        Thread, //
    },
    time::{
        Duration,
        Instant, //
    },
};

use nix::{
    errno::Errno,
    time::{
        clock_gettime,
        ClockId, //
    },
};
use tsm_guest_tests::{
    errno,
    function::Function as _,
    modules::{
        load,
        unload, //
    },
    spdm::{
        Device,
        EVIDENCE,
        MODULE, //
    }, //
};

const READERS: usize = 64;

/// Ends other threads, also when the test panics, and also those that pause.
struct StopOnDrop<'a> {
    is_done: &'a AtomicBool,
    readers: Vec<Thread>,
}

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.is_done.store(true, Ordering::Relaxed);
        self.readers.iter().for_each(Thread::unpark);
    }
}

/// Returns how long this thread has had a processor.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();

    time.into()
}

#[test]
fn readers_get_whole_evidence_or_an_error() {
    let seconds = env::var("TSM_STRESS_SECONDS").map_or(5, |text| text.parse().unwrap());
    let start = Instant::now();

    // On a debug kernel, the readers leave a kernel thread little time.
    reconnects_beside_readers(
        |_| Duration::ZERO,
        |count| start.elapsed() < Duration::from_secs(seconds) || count < 3,
    );
}

#[test]
#[ignore = "takes long"]
fn readers_get_whole_evidence_or_an_error_a_thousand_times() {
    // The connects are what is to be done often. All readers together take no more than a third of a processor, however
    // slow the kernel is.
    let shares = u32::try_from(3 * READERS).unwrap();

    reconnects_beside_readers(
        |used| Duration::from_millis(500).max(used * shares),
        |count| count < 1000,
    );
}

/// Connects again and again as long as `goes_on` says so of the count. Beside that there are readers, which pause
/// after each round for what `pause` makes of the processor time that it took.
fn reconnects_beside_readers(
    pause: impl Fn(Duration) -> Duration + Copy + Send,
    goes_on: impl Fn(u64) -> bool,
) {
    let device = &Device::with_sessions();
    let (done, reads) = (&AtomicBool::new(false), &AtomicUsize::new(0));
    let _ = device.disconnect();
    device.connect(0).unwrap();
    // A reconnect does not change these.
    let constant = [
        "version",
        "slots",
        "certificates/slot0",
        "measurements/record",
    ];
    let expected = &constant.map(|file| device.read(file).unwrap());

    thread::scope(|scope| {
        let mut ended = StopOnDrop {
            is_done: done,
            readers: Vec::new(),
        };
        for number in 0..READERS {
            let reader = scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let before = processor_time();
                    for file in EVIDENCE {
                        match device.read(file) {
                            Ok(bytes) => {
                                let place = constant.iter().position(|name| *name == file);
                                if let Some(place) = place {
                                    assert_eq!(bytes, expected[place], "{number}: {file}");
                                }
                                reads.fetch_add(1, Ordering::Relaxed);
                            }
                            Err(error) => {
                                let error = error.raw_os_error().map(Errno::from_raw);
                                // A disconnect ends the first read of another slot.
                                let allowed = match file.starts_with("certificates/") {
                                    true => vec![Errno::ENODATA, Errno::ESTALE, Errno::ECANCELED],
                                    false => vec![Errno::ENODATA, Errno::ESTALE],
                                };
                                assert!(allowed.contains(&error.unwrap()), "{file}: {error:?}");
                            }
                        }
                    }
                    thread::park_timeout(pause(processor_time() - before));
                }
            });
            ended.readers.push(reader.thread().clone());
        }
        let generation = device.generation();
        let mut count = 0;
        while goes_on(count) {
            device.disconnect().unwrap();
            device.connect(0).unwrap();
            count += 1;
        }
        assert_eq!(device.generation(), generation + 2 * count);
        drop(ended);
    });
    assert!(reads.load(Ordering::Relaxed) > 0);
    device.disconnect().unwrap();
}

/// Readers of all evidence, as long as `act` runs.
fn beside_readers(act: impl FnOnce()) {
    let done = &AtomicBool::new(false);
    // There is no file, no module or no evidence any more, or other evidence.
    let gone = [Errno::ENOENT, Errno::ENODEV, Errno::ENODATA, Errno::ESTALE];
    // Of a slot that is read from the device.
    let ended = [Errno::ENXIO, Errno::ECANCELED];
    let reads = &AtomicUsize::new(0);
    // The paths are known also while the device is not there.
    let paths = &EVIDENCE.map(|file| {
        let is_slot = file.starts_with("certificates/");
        (Device::with_sessions().path(file), is_slot)
    });

    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    for (path, is_slot) in paths {
                        match errno(fs::read(path)) {
                            None => _ = reads.fetch_add(1, Ordering::Relaxed),
                            Some(error) => assert!(
                                gone.contains(&error) || *is_slot && ended.contains(&error),
                                "{}: {error}",
                                path.display()
                            ),
                        }
                    }
                }
            });
        }
        let done = StopOnDrop {
            is_done: done,
            readers: Vec::new(),
        };
        act();
        drop(done);
    });
    assert!(reads.load(Ordering::Relaxed) > 0);
}

#[test]
fn the_module_is_unloaded_beside_readers() {
    let device = Device::with_sessions();
    let _ = device.disconnect();

    beside_readers(|| {
        for _ in 0..2 {
            device.connect(0).unwrap();
            unload(MODULE).unwrap();
            load(MODULE).unwrap();
        }
    });
    assert_eq!(device.state(), "disconnected");
}

#[test]
fn a_device_is_removed_beside_readers() {
    let device = Device::with_sessions();
    let _ = device.disconnect();

    beside_readers(|| {
        for _ in 0..2 {
            device.connect(0).unwrap();
            device.remove_and_find_again().unwrap();
        }
    });
    assert_eq!(device.state(), "disconnected");
}
