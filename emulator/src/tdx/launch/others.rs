// SPDX-License-Identifier: GPL-2.0

//! The vCPUs besides the first one, which start with it.
//!
//! The VMM of a TD runs all of them from the beginning. Those of QEMU wait for a startup IPI. The first vCPU sends it, and does
//! not go on before the others have started: they need the descriptors that are in memory meanwhile (`state.rs`).

use std::{
    collections::BTreeSet,
    sync::{
        Condvar,
        Mutex, //
    },
    time::Duration, //
};

use crate::machine::{
    lapic,
    lock::lock,
    memory::{
        GuestMemory,
        NoMemory, //
    }, //
};

/// The page that a startup IPI sends them to. Each PC has a part of the firmware's image there, so there is code to execute.
const PAGE: u8 = 0xf0;

/// The longest that they may take. On a busy machine a thread may have to wait.
const MOST: Duration = Duration::from_secs(60);

/// The vCPUs that have not started yet.
#[derive(Debug, Default)]
pub(super) struct Others {
    awaited: Mutex<Awaited>,
    started: Condvar,
}

#[derive(Debug, Default)]
struct Awaited {
    /// Their numbers, which are those of their APICs too.
    vcpus: BTreeSet<u8>,
    /// Where the hand-off blocks are.
    hand_off: u64,
}

impl Others {
    /// Starts them, and waits until they have. The error is for the user.
    pub(super) fn start(
        &self,
        vcpus: usize,
        memory: &dyn GuestMemory,
        hand_off: u64,
    ) -> Result<(), String> {
        self.begin(vcpus, hand_off);
        let all = lock(&self.awaited).vcpus.clone();

        for vcpu in all {
            lapic::start(memory, vcpu, PAGE)
                .map_err(|NoMemory| "the first vCPU has no local APIC")?;
        }
        self.wait(MOST)
    }

    /// Notes that they are about to start.
    fn begin(&self, vcpus: usize, hand_off: u64) {
        let mut awaited = lock(&self.awaited);

        awaited.vcpus = (1..=u8::MAX).take(vcpus.saturating_sub(1)).collect();
        awaited.hand_off = hand_off;
    }

    /// Returns the address of the hand-off blocks to a vCPU that is to start.
    pub(super) fn hand_off(&self, vcpu: usize) -> Option<u64> {
        let awaited = lock(&self.awaited);
        let vcpu = u8::try_from(vcpu).ok()?;

        awaited.vcpus.contains(&vcpu).then_some(awaited.hand_off)
    }

    /// Notes that a vCPU has started.
    pub(super) fn started(&self, vcpu: usize) {
        // CAST: There are few vCPUs.
        lock(&self.awaited).vcpus.remove(&(vcpu as u8));
        self.started.notify_one();
    }

    /// Waits until all have started. The error is for the user.
    fn wait(&self, most: Duration) -> Result<(), String> {
        let waits = |awaited: &mut Awaited| !awaited.vcpus.is_empty();
        let (awaited, _) = self
            .started
            .wait_timeout_while(lock(&self.awaited), most, waits)
            .unwrap_or_else(std::sync::PoisonError::into_inner);

        match awaited.vcpus.first() {
            None => Ok(()),
            Some(vcpu) => Err(format!(
                "vCPU {vcpu} does not start: each needs a thread, as with -accel tcg,thread=multi"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::memory::FakeMemory;

    #[test]
    fn waits_until_all_have_started() {
        let others = Others::default();
        others.begin(4, 0x9000);
        assert_eq!(others.hand_off(0), None);
        assert_eq!(others.hand_off(4), None);
        assert_eq!(others.hand_off(256 + 1), None);
        std::thread::scope(|scope| {
            for vcpu in 1..4 {
                let others = &others;
                scope.spawn(move || {
                    assert_eq!(others.hand_off(vcpu), Some(0x9000));
                    others.started(vcpu);
                });
            }
            assert_eq!(others.wait(MOST), Ok(()));
        });
        // Each starts once.
        assert_eq!(others.hand_off(1), None);
    }

    #[test]
    fn names_one_that_does_not_start() {
        let others = Others::default();
        others.begin(3, 0);
        others.started(1);
        let no = others.wait(Duration::ZERO).unwrap_err();
        assert!(no.starts_with("vCPU 2 does not start: "));
    }

    #[test]
    fn has_none_with_one_vcpu() {
        let others = Others::default();
        assert_eq!(others.start(1, &FakeMemory::new(0), 0), Ok(()));
        assert_eq!(others.hand_off(0), None);
        assert_eq!(others.hand_off(1), None);
    }

    #[test]
    fn needs_a_local_apic() {
        let no = Others::default().start(2, &FakeMemory::new(0), 0);
        assert_eq!(no, Err("the first vCPU has no local APIC".into()));
    }
}
