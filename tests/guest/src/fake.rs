// SPDX-License-Identifier: GPL-2.0

//! The fake TSMs of `tests/fake/`, and what they make.

mod blob;
pub mod registers;
pub mod reports;

pub use blob::Blob;

use std::{
    fmt::Display,
    fs,
    path::{
        Path,
        PathBuf, //
    },
    sync::mpsc,
    thread::{
        self,
        Scope,
        ScopedJoinHandle, //
    },
    time::{
        Duration,
        Instant, //
    }, //
};

use nix::errno::Errno;

use crate::{
    modules::{
        self,
        is_loaded,
        load_with,
        unload, //
    },
    Drivers, //
};

/// A fake TSM, in place of the provider under test, which is back when this is dropped.
pub struct Fake(&'static str);

impl Fake {
    /// Has the module `name` as the only provider, with `parameters`.
    ///
    /// # Panics
    ///
    /// If it can't be loaded.
    pub fn new(name: &'static str, parameters: &str) -> Self {
        let fake = Self::prepare(name);

        fake.load(parameters).expect("the fake loads");
        fake
    }

    /// Has no provider until [`Fake::load`].
    pub fn prepare(name: &'static str) -> Self {
        let (_, provider) = Drivers::get().modules();

        if is_loaded(provider) {
            unload(provider).expect("the provider unloads");
        }
        Self(name)
    }

    /// Loads the module.
    pub fn load(&self, parameters: &str) -> Result<(), Errno> {
        load_with(self.0, parameters)
    }

    /// Unloads the module.
    pub fn unload(&self) -> Result<(), Errno> {
        unload(self.0)
    }

    /// Sets a parameter.
    ///
    /// # Panics
    ///
    /// If there is none of that name, or it can't be set.
    pub fn set(&self, knob: &str, value: impl Display) {
        fs::write(self.knob(knob), value.to_string()).expect("the parameter can be set");
    }

    /// Returns a parameter that is a number.
    ///
    /// # Panics
    ///
    /// If there is none of that name.
    pub fn get(&self, knob: &str) -> u32 {
        let text = fs::read_to_string(self.knob(knob)).expect("the parameter can be read");

        text.trim().parse().expect("the parameter is a number")
    }

    /// Says whether the module is being unloaded.
    pub fn is_going(&self) -> bool {
        fs::read_to_string(format!("/sys/module/{}/initstate", self.0))
            .is_ok_and(|state| state == "going\n")
    }

    fn knob(&self, name: &str) -> String {
        format!("/sys/module/{}/parameters/{name}", self.0)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        // A test that failed may have left a call that waits.
        let _ = fs::write(self.knob("hold"), "0");
        let start = Instant::now();
        while is_loaded(self.0) && start.elapsed() < Duration::from_secs(60) {
            let _ = self.unload();
        }
        modules::restore();
    }
}

/// Waits until `condition` holds.
///
/// # Panics
///
/// If it does not for a minute.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();

    while !condition() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "waited for {what}"
        );
        thread::sleep(Duration::from_millis(2));
    }
}

/// Says whether the process `pid` waits for something other than a signal.
pub fn is_blocked(pid: u32) -> bool {
    is_task_blocked(&Path::new("/proc").join(pid.to_string()))
}

/// Runs `work` in a thread of `scope`, and waits until it waits for something other than a signal.
///
/// # Panics
///
/// If it ends instead, or does neither for a minute.
pub fn spawn_blocked<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> ScopedJoinHandle<'scope, T> {
    let (sender, receiver) = mpsc::channel();
    let thread = scope.spawn(move || {
        let own = fs::read_link("/proc/thread-self").expect("there is procfs");

        sender.send(own).expect("the test waits for it");
        work()
    });
    let task: PathBuf = Path::new("/proc").join(receiver.recv().expect("the thread begins"));

    wait_until("the thread", || {
        assert!(!thread.is_finished(), "the thread waits for nothing");
        is_task_blocked(&task)
    });
    thread
}

/// Says whether the task with this folder waits for something other than a signal.
fn is_task_blocked(task: &Path) -> bool {
    let stat = fs::read_to_string(task.join("stat"));

    // The name in parentheses may have spaces in it.
    stat.is_ok_and(|stat| {
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| rest.starts_with('D'))
    })
}
