// SPDX-License-Identifier: GPL-2.0

//! Interfaces of a device, each transition, and what is left of a lock.

use super::{
    super::persona::Persona,
    *, //
};

const SESSION: SessionNumber = SessionNumber(1);
const OTHER: SessionNumber = SessionNumber(2);
const NONCE: Nonce = [7; 32];

/// Makes the interfaces of a device.
fn make(persona: Persona) -> Tdis {
    Tdis::new(&Settings {
        persona,
        functions: 3,
        ..Settings::default()
    })
}

/// Makes a lock with flags.
fn lock_with(flags: u16) -> Lock {
    Lock {
        session: SESSION,
        flags: Flags::try_new(flags).unwrap(),
        stream: 0,
        offset: 0,
        nonce: Some(NONCE),
    }
}

/// Locks an interface.
fn lock(tdi: &Tdi) {
    assert_eq!(tdi.lock(lock_with(0)), Ok(()));
    assert_eq!(tdi.state(), State::Locked);
}

/// Locks and starts an interface.
fn run(tdi: &Tdi) {
    lock(tdi);
    assert_eq!(tdi.start(SESSION, &NONCE), Ok(()));
    assert_eq!(tdi.state(), State::Run);
}

#[test]
fn names_each_function() {
    let tdis = make(Persona::Endpoint);

    for (id, expected) in [(0x3b00, Some(0)), (0x3b02, Some(2)), (0x3b03, None)] {
        let number = tdis.find(FunctionId::new(id)).map(|tdi| tdi.number);
        assert_eq!(number, expected);
    }
    let tdis = make(Persona::Integrated);
    assert!(tdis.find(FunctionId::new(0x3b00)).is_none());
    assert!(tdis.find(FunctionId::new(0x0081)).is_some());
}

#[test]
fn lives_a_whole_life_more_than_once() {
    let tdis = make(Persona::Integrated);
    let tdi = tdis.interface(1);

    for _ in 0..2 {
        assert_eq!(tdi.state(), State::Unlocked);
        run(&tdi);
        tdi.fail();
        assert_eq!(tdi.state(), State::Error);
        tdi.stop();
    }
    assert_eq!(tdis.interface(0).state(), State::Unlocked);
}

#[test]
fn refuses_to_lock_or_start_in_other_states() {
    let tdi = make(Persona::Integrated).interface(0);

    assert_eq!(tdi.start(SESSION, &NONCE), Err(Refusal::State));
    lock(&tdi);
    assert_eq!(tdi.lock(lock_with(0)), Err(Refusal::State));
    assert_eq!(tdi.start(SESSION, &NONCE), Ok(()));
    assert_eq!(tdi.lock(lock_with(0)), Err(Refusal::State));
    assert_eq!(tdi.start(SESSION, &NONCE), Err(Refusal::State));
    tdi.fail();
    assert_eq!(tdi.lock(lock_with(0)), Err(Refusal::State));
    assert_eq!(tdi.start(SESSION, &NONCE), Err(Refusal::State));
}

#[test]
fn starts_with_the_nonce_of_the_lock_over_its_session() {
    let tdi = make(Persona::Integrated).interface(0);

    lock(&tdi);
    assert_eq!(tdi.start(SESSION, &[8; 32]), Err(Refusal::Nonce));
    assert_eq!(tdi.start(OTHER, &NONCE), Err(Refusal::Session));
    assert_eq!(tdi.state(), State::Locked);
    assert_eq!(tdi.start(SESSION, &NONCE), Ok(()));
    assert_eq!(tdi.locked().unwrap().0.nonce, None);
    // There is no lock any more.
    tdi.stop();
    assert_eq!(tdi.locked(), None);
    assert_eq!(tdi.start(SESSION, &NONCE), Err(Refusal::State));
}

#[test]
fn stops_from_each_state_and_fails_only_while_it_is_locked() {
    let tdi = make(Persona::Integrated).interface(0);

    tdi.fail();
    assert_eq!(tdi.state(), State::Unlocked);
    tdi.stop();
    lock(&tdi);
    tdi.stop();
    assert_eq!(tdi.state(), State::Unlocked);
    lock(&tdi);
    tdi.fail();
    assert_eq!((tdi.state(), tdi.locked()), (State::Error, None));
    tdi.fail();
    tdi.stop();
    assert_eq!(tdi.state(), State::Unlocked);
}

#[test]
fn fails_when_the_session_of_the_lock_ends() {
    let tdis = make(Persona::Integrated);
    let all = [0, 1, 2].map(|number| tdis.interface(number));

    lock(&all[0]);
    run(&all[1]);
    tdis.end_session(OTHER);
    let states = || all.clone().map(|tdi| tdi.state());
    assert_eq!(states(), [State::Locked, State::Run, State::Unlocked]);
    tdis.end_session(SESSION);
    assert_eq!(states(), [State::Error, State::Error, State::Unlocked]);
    tdis.renew(None);
    assert_eq!(states(), [State::Unlocked; 3]);
}

#[test]
fn fails_for_msix_only_if_that_is_locked() {
    let tdi = make(Persona::Integrated).interface(0);

    tdi.fail_msix();
    lock(&tdi);
    tdi.fail_msix();
    assert_eq!(tdi.state(), State::Locked);
    tdi.stop();
    assert_eq!(tdi.lock(lock_with(4)), Ok(()));
    tdi.fail_msix();
    assert_eq!(tdi.state(), State::Error);
}

#[test]
fn locks_no_function_without_power() {
    let tdi = make(Persona::Integrated).interface(0);
    let configuration = |is_powered| Configuration {
        bars: Bars::default(),
        msix_control: 5,
        is_powered,
    };

    tdi.configure(configuration(false));
    assert_eq!(tdi.lock(lock_with(0)), Err(Refusal::Configuration));
    tdi.configure(configuration(true));
    lock(&tdi);
    // Addresses are those of the host.
    let (_, found) = tdi.locked().unwrap();
    assert_eq!(found.bars, Bars::of_host(0));
    assert_eq!(found.msix_control, 5);
}

#[test]
fn gives_access_to_memory_in_run_only() {
    let tdi = make(Persona::Integrated).interface(0);
    let access = || {
        tdi.write_memory(8, 5, u32::MAX);
        tdi.read_memory(8)
    };

    assert_eq!(access(), u32::MAX);
    lock(&tdi);
    assert_eq!(access(), u32::MAX);
    assert_eq!(tdi.start(SESSION, &NONCE), Ok(()));
    assert_eq!(tdi.read_memory(8), 0);
    assert_eq!(access(), 5);
    tdi.fail();
    assert_eq!(access(), u32::MAX);
    // Nothing is left for the next one.
    tdi.stop();
    run(&tdi);
    assert_eq!(tdi.read_memory(8), 0);
}

#[test]
fn has_ordinary_memory_without_tee_io() {
    let tdi = make(Persona::Cma).interface(0);

    tdi.write_memory(8, 5, u32::MAX);
    assert_eq!(tdi.read_memory(8), 5);
}
