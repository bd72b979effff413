// SPDX-License-Identifier: GPL-2.0

//! The MSR protocol and the events.

mod ap;
mod page_state;

use super::*;
use crate::{
    machine::memory::{
        FakeMemory,
        GuestMemory, //
    },
    snp::{
        config::SnpConfig,
        guest_request::GuestRequests,
        rmp::Rmp, //
    }, //
};

/// A guest with 64 KiB, its GHCB at 0x1000 registered and shared.
struct Guest {
    memory: FakeMemory,
    rmp: Rmp,
    vmm: Vmm,
    requests: GuestRequests,
}

impl Guest {
    fn new() -> Self {
        Self::with_svsm(false)
    }

    fn with_svsm(has_svsm: bool) -> Self {
        let guest = Self {
            memory: FakeMemory::new(0x1_0000),
            rmp: Rmp::default(),
            vmm: Vmm::new(cpuid::C_BIT, has_svsm),
            requests: GuestRequests::new(&SnpConfig::default()).unwrap(),
        };
        assert_eq!(guest.msr(0x1012).1, 0x1013);
        assert_eq!(guest.msr((2 << 52) | 0x1014).1, 0x15);
        guest.memory.clear(0x1000, 4096).unwrap();
        guest
    }

    fn msr(&self, mut value: u64) -> (Next, u64) {
        let context = Context {
            vcpu: 0,
            vcpus: 2,
            vmpl: 0,
            memory: &self.memory,
            rmp: &self.rmp,
            leaves: &[],
            requests: &self.requests,
        };
        let next = self.vmm.call(context, &mut value);
        (next, value)
    }

    /// Calls with fields in the GHCB. Returns both exit infos.
    fn event(&self, fields: &[(Field, u64)]) -> (u64, u64) {
        let second = (Field::ExitInfo2, 0);
        self.event_as_it_is(&[&[second], fields].concat())
    }

    /// The same, but what is missing stays so.
    fn event_as_it_is(&self, fields: &[(Field, u64)]) -> (u64, u64) {
        let ghcb = Ghcb::read(&self.memory, 0x1000).unwrap();
        ghcb.answer(&self.memory, fields).unwrap();
        let next = self.msr(0x1000).0;
        let ghcb = Ghcb::read(&self.memory, 0x1000).unwrap();
        let get = |field| ghcb.get(field).unwrap();
        let infos = (get(Field::ExitInfo1), get(Field::ExitInfo2));
        let code = fields.iter().find(|(field, _)| *field == Field::ExitCode);
        match (code.map(|(_, code)| *code), infos.0) {
            (Some(0x8000_0018), 0) => assert_eq!(next, Next::Svsm),
            (Some(0x8000_0013), 0) => assert!(matches!(next, Next::Startup(_))),
            (Some(0x8000_0004), 0) => assert_eq!(next, Next::Guest(Effect::Idle)),
            _ => assert_eq!(next, Next::Guest(Effect::Resume)),
        }
        infos
    }

    /// Changes the states of pages, by entries in the buffer.
    fn page_states(&self, end: u16, entries: &[u64]) -> (u64, u64) {
        self.page_states_at(0x1800, [0, end], entries)
    }

    /// Changes the states of pages, by a list at an address.
    fn page_states_at(&self, scratch: u64, ends: [u16; 2], entries: &[u64]) -> (u64, u64) {
        let ends = ends.iter().flat_map(|end| end.to_le_bytes());
        let entries = entries.iter().flat_map(|entry| entry.to_le_bytes());
        let bytes: Vec<u8> = ends.chain([0; 4]).chain(entries).collect();
        self.memory.write(scratch, &bytes).unwrap();
        self.event(&[
            (Field::ExitCode, 0x8000_0010),
            (Field::ExitInfo1, 0),
            (Field::Scratch, scratch),
        ])
    }
}

#[test]
fn negotiates_version_2() {
    let (_, info) = Guest::new().msr(0x002);
    assert_eq!(info, 0x0002_0002_3400_0001);
}

#[test]
fn has_features_and_prefers_no_address() {
    assert_eq!(Guest::new().msr(0x080).1, 0x3081);
    assert_eq!(Guest::new().msr(0x010).1, !0xfff | 0x11);
}

#[test]
fn refuses_events_that_it_does_not_have_or_that_lack_input() {
    let guest = Guest::new();
    let fields = [(Field::ExitCode, 0x8000_0042), (Field::ExitInfo1, 0)];
    assert_eq!(guest.event(&fields), (2, 6));
    let hold = [
        (Field::ExitCode, 0x8000_0004),
        (Field::ExitInfo1, 0),
        (Field::ExitInfo2, 0),
    ];
    for missing in 0..hold.len() {
        let mut fields = hold.to_vec();
        fields.remove(missing);
        assert_eq!(guest.event_as_it_is(&fields), (2, 4));
    }
}

#[test]
fn wants_to_know_xcr0_for_what_depends_on_it() {
    let mut fields = vec![
        (Field::ExitCode, 0x72),
        (Field::ExitInfo1, 0),
        (Field::Rax, 0xd),
        (Field::Rcx, 0),
    ];
    let guest = Guest::new();
    assert_eq!(guest.event(&fields), (2, 4));
    fields.push((Field::Xcr0, 1));
    assert_eq!(guest.event(&fields), (0, 0));
}

#[test]
fn refuses_pages_for_another_use() {
    let guest = Guest::new();
    guest.memory.write(0x1ffc, &[1]).unwrap();
    let fields = [(Field::ExitCode, 0x8000_0003), (Field::ExitInfo1, 0)];
    assert_eq!(guest.event(&fields), (2, 2));
}

#[test]
fn takes_guest_requests_to_the_secure_processor() {
    let guest = Guest::new();
    // Pages 2 to 4 are the VMM's.
    let share = |page: u64| (2 << 52) | (page << 12);
    assert_eq!(guest.page_states(0, &[share(2)]), (0, 0));
    assert_eq!(guest.page_states(0, &[share(3)]), (0, 0));
    assert_eq!(guest.page_states(0, &[share(4)]), (0, 0));
    let request = |code, response| {
        guest.event(&[
            (Field::ExitCode, code),
            (Field::ExitInfo1, 0x2000),
            (Field::ExitInfo2, response),
            (Field::Rax, 0x4000),
            (Field::Rbx, 1),
        ])
    };
    // A page of zeros is no message that the firmware takes, and it says so.
    for code in [0x8000_0011, 0x8000_0012] {
        let (understood, status) = request(code, 0x3000);
        assert_eq!(understood, 0);
        assert_ne!(status, 0);
    }
    // Not the VMM's.
    assert_eq!(request(0x8000_0011, 0x5000), (2, 5));
    // No buffer.
    let fields = [
        (Field::ExitCode, 0x8000_0012),
        (Field::ExitInfo1, 0x2000),
        (Field::ExitInfo2, 0x3000),
    ];
    assert_eq!(guest.event(&fields), (2, 4));
}

#[test]
fn refuses_a_page_that_is_not_registered() {
    let guest = Guest::new();
    assert_eq!(guest.msr(0x2012).1, 0x2013);
    let fields = [(Field::ExitCode, 0x8000_0003), (Field::ExitInfo1, 0)];
    assert_eq!(guest.event(&fields), (2, 1));
}

#[test]
fn stops_when_the_guest_terminates_itself_or_has_no_ghcb() {
    let guest = Guest::new();
    let stops = |msr, reason: &str| match guest.msr(msr).0 {
        Next::Guest(Effect::Stop(why)) => why.contains(reason),
        _ => false,
    };
    assert!(stops((1 << 12) | (2 << 16) | 0x100, "reason 1:2"));
    assert!(stops(0x3000, "not shared"));
}

#[test]
fn runs_the_svsm_if_there_is_one() {
    let run = |vmpl| [(Field::ExitCode, 0x8000_0018), (Field::ExitInfo1, vmpl)];
    let guest = Guest::with_svsm(true);
    assert_eq!(guest.msr(0x080).1, 0x2_3081);
    assert_eq!(
        guest.event(&[(Field::ExitCode, 0x8000_fffd), (Field::ExitInfo1, 0)]),
        (0, 0x23)
    );
    assert_eq!(guest.msr(0x016), (Next::Svsm, 0x017));
    assert_eq!(guest.event(&run(0)), (0, 0));
    // At VMPL 3 there is nothing.
    let refused = (Next::Guest(Effect::Resume), (1 << 32) | 0x017);
    assert_eq!(guest.msr((3 << 32) | 0x016), refused);
    assert_eq!(guest.event(&run(3)), (2, 5));
    let guest = Guest::new();
    assert_eq!(guest.msr(0x016), refused);
    assert_eq!(guest.event(&run(0)), (2, 5));
}

#[test]
fn leaves_requests_as_they_are_that_it_does_not_have() {
    for request in [0x0fe, info(cpuid::C_BIT)] {
        let left = (Next::Guest(Effect::Resume), request);
        assert_eq!(Guest::new().msr(request), left);
    }
}

#[test]
fn holds_a_vcpu_that_has_nothing_to_do() {
    let held = (Next::Guest(Effect::Idle), 0x007);
    assert_eq!(Guest::new().msr(0x006), held);
    let fields = [(Field::ExitCode, 0x8000_0004), (Field::ExitInfo1, 0)];
    assert_eq!(Guest::new().event(&fields), (0, 0));
}
