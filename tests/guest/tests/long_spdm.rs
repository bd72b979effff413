// SPDX-License-Identifier: GPL-2.0

//! Readers of evidence, while a device is connected again and again.

use std::{
    env,
    sync::atomic::{
        AtomicBool,
        AtomicUsize,
        Ordering, //
    },
    thread,
    time::{
        Duration,
        Instant, //
    },
};

use nix::errno::Errno;
use tsm_guest_tests::spdm::{
    Device,
    EVIDENCE, //
};

const READERS: usize = 64;

/// Ends other threads, also when the test panics.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn readers_get_whole_evidence_or_an_error() {
    let seconds = env::var("TSM_STRESS_SECONDS").map_or(5, |text| text.parse().unwrap());
    let start = Instant::now();

    // The readers leave a kernel thread little of a debug kernel.
    reconnects_beside_readers(Duration::ZERO, |count| {
        start.elapsed() < Duration::from_secs(seconds) || count < 3
    });
}

#[test]
#[ignore = "takes long"]
fn readers_get_whole_evidence_or_an_error_a_thousand_times() {
    // With pauses, because the connects are what is to be done often.
    reconnects_beside_readers(Duration::from_millis(500), |count| count < 1000);
}

/// Connects again and again as long as `goes_on` says so of the count, beside readers that pause after each round.
fn reconnects_beside_readers(pause: Duration, goes_on: impl Fn(u64) -> bool) {
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
        let ended = Done(done);
        for number in 0..READERS {
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
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
                    thread::sleep(pause);
                }
            });
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
