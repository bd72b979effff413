// SPDX-License-Identifier: GPL-2.0

//! Reports of `tsm_fake`, and calls of it that wait until a test lets them go on.

use std::{
    io,
    thread, //
};

use crate::{
    fake::{
        spawn_blocked,
        wait_until,
        Blob,
        Fake, //
    },
    reports::Report,
    Drivers, //
};

/// Reports whose inblob begins with this wait, in [`while_held`].
pub const HELD: u8 = 0xaa;

/// Has `tsm_fake` as the only provider, with `parameters`.
///
/// # Panics
///
/// If it can't be loaded.
pub fn fake(parameters: &str) -> Fake {
    Fake::new("tsm_fake", parameters)
}

/// Makes the report `name` and writes its inblob.
///
/// # Panics
///
/// If that fails.
pub fn report(name: &str, inblob: &[u8]) -> Report {
    let report = Report::bare(name).unwrap();

    report.set_inblob(inblob).unwrap();
    report
}

/// Returns the outblob.
///
/// # Panics
///
/// If there is none, or `tsm_fake` has not made it.
pub fn outblob(report: &Report) -> Blob {
    Blob::out(report.outblob().unwrap())
}

/// Runs `test` while a call for `held` runs, and returns what that call made.
///
/// # Panics
///
/// If the call does not begin, or ends before `test` does.
pub fn while_held<T>(
    fake: &Fake,
    held: &Report,
    test: impl FnOnce() -> T,
) -> (io::Result<Vec<u8>>, T) {
    /// Ends the call, also when the test panics: otherwise the scope would wait for ever.
    struct Release<'a>(&'a Fake);

    impl Drop for Release<'_> {
        fn drop(&mut self) {
            self.0.set("hold", 0);
        }
    }

    fake.set("hold", HELD);
    thread::scope(|scope| {
        let release = Release(fake);
        let reader = scope.spawn(|| held.outblob());

        wait_until("the call", || fake.get("running") == 1);
        let result = test();
        assert!(!reader.is_finished());
        drop(release);
        (reader.join().unwrap(), result)
    })
}

/// Runs `test` during a call that it should not wait for. With the kernel's core it waits, and ends after
/// the call.
///
/// # Panics
///
/// If `test` waits for the call where it should not, or does not where it should.
pub fn does_not_wait(fake: &Fake, held: &Report, test: impl FnOnce() + Send) {
    if Drivers::get().reports_have_their_own_lock() {
        let (blob, ()) = while_held(fake, held, test);
        Blob::out(blob.unwrap());
        return;
    }
    thread::scope(|scope| {
        let (_, waiter) = while_held(fake, held, || spawn_blocked(scope, test));
        waiter.join().unwrap();
    });
}
