// SPDX-License-Identifier: GPL-2.0

//! IDE of a device: its registers, and the keys of its streams. PCIe r6 6.33.3, 7.9.26.
//!
//! There is no link, so no key is used: of each there is over which session it came, and whether it is in
//! use. Keys are kept to tell whether one comes again.

use std::collections::{
    BTreeMap,
    BTreeSet, //
};

use super::SessionNumber;

/// How many registers there are from IDE Capability on.
pub(crate) const REGISTERS: usize = 10;

/// IDE Capability and what is behind it, to the end of the only selective stream: the value of each
/// register after a reset, and the bits that can be written.
pub(crate) const LAYOUT: [(u32, u32); REGISTERS] = [
    // Selective streams, IDE_KM, configuration requests, TEE-limited streams; AES-GCM-256.
    ((1 << 1) | (1 << 6) | (1 << 7) | (1 << 24), 0),
    (0, 0),
    // The stream: one range of addresses.
    (1, 0),
    // Enable, configuration requests, traffic class, default, TEE-limited, stream ID.
    (0, 0xfff8_0201),
    (0, 0),
    // Requester IDs: limit, base, valid, segment.
    (0, 0x00ff_ff00),
    (0, 0xffff_ff01),
    // Addresses: lower parts and valid, upper limit, upper base.
    (0, 0xffff_ff01),
    (0, u32::MAX),
    (0, u32::MAX),
];

/// The control register of the stream.
pub(crate) const CONTROL: usize = 3;
/// The status register of the stream.
pub(crate) const STATUS: usize = 4;

/// Control: the stream is enabled.
const ENABLE: u32 = 1 << 0;
/// Status: the stream is secure. An insecure one has 0.
const SECURE: u32 = 2;

/// A key of a stream: key set, direction and sub-stream, as they are in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyName(u8);

impl KeyName {
    /// The second key set.
    const SECOND_SET: u8 = 1 << 0;
    /// The direction.
    const TRANSMIT: u8 = 1 << 1;
    /// Reserved bits.
    const RESERVED: u8 = 0b1100;
    /// Posted requests, non-posted requests, completions.
    const SUB_STREAMS: u8 = 3;

    /// Takes the value as it is in a message, if there is such a key.
    pub(crate) fn try_new(raw: u8) -> Option<Self> {
        (raw & Self::RESERVED == 0 && raw >> 4 < Self::SUB_STREAMS).then_some(Self(raw))
    }

    /// Returns all keys of a set.
    fn of_set(set: u8) -> impl Iterator<Item = Self> {
        (0..Self::SUB_STREAMS).flat_map(move |stream| {
            [0, Self::TRANSMIT].map(|direction| Self((stream << 4) | direction | set))
        })
    }
}

/// The value of a key of AES-GCM-256.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyValue(pub(crate) [u8; 32]);

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    /// The session that it came over.
    session: SessionNumber,
    /// Whether it is in use.
    go: bool,
}

/// The IDE of a device.
#[derive(Debug)]
pub(super) struct Ide {
    registers: [u32; REGISTERS],
    /// By stream ID.
    keys: BTreeMap<(u8, KeyName), Key>,
    /// All keys that were ever programmed, whatever happened to them.
    known: BTreeSet<KeyValue>,
    /// Whether no stream is ever secure.
    pub(super) stays_insecure: bool,
    /// Whether interfaces can be locked without keys.
    pub(super) is_optional: bool,
}

impl Ide {
    /// Makes one without keys.
    pub(super) fn new() -> Self {
        Self {
            registers: LAYOUT.map(|(initial, _)| initial),
            keys: BTreeMap::new(),
            known: BTreeSet::new(),
            stays_insecure: false,
            is_optional: false,
        }
    }

    /// Destroys all keys.
    pub(super) fn clear(&mut self) {
        self.keys.clear();
    }

    /// Returns the registers.
    pub(super) fn registers(&self) -> [u32; REGISTERS] {
        let mut registers = self.registers;

        registers[STATUS] = match self.is_secure() {
            true => SECURE,
            false => 0,
        };
        registers
    }

    /// Learns what the registers are. The keys of a stream that is no longer enabled are destroyed.
    pub(super) fn set_registers(&mut self, registers: [u32; REGISTERS]) {
        let before = self.enabled();
        self.registers = registers;

        if let Some(stream) = before.filter(|_| self.enabled() != before) {
            self.keys.retain(|(it, _), _| *it != stream);
        }
    }

    /// Returns the ID of the stream, if that is enabled.
    fn enabled(&self) -> Option<u8> {
        let control = self.registers[CONTROL];

        // CAST: The upper eight bits.
        (control & ENABLE != 0).then_some((control >> 24) as u8)
    }

    /// Tells whether the stream is secure.
    fn is_secure(&self) -> bool {
        let is_keyed = self.enabled().is_some_and(|id| self.is_keyed(id, None));

        is_keyed && !self.stays_insecure
    }

    /// Tells whether an interface can be locked over a session, with a default stream, and stay so.
    pub(super) fn permits_lock(&self, stream: u8, session: SessionNumber) -> bool {
        self.is_optional || self.is_keyed(stream, Some(session))
    }

    /// Tells whether all keys of a set of a stream are in use, and came over a session if there is to be
    /// a certain one.
    pub(super) fn is_keyed(&self, stream: u8, session: Option<SessionNumber>) -> bool {
        let is_there = |name| {
            self.keys
                .get(&(stream, name))
                .is_some_and(|key| key.go && session.is_none_or(|session| key.session == session))
        };

        [0, KeyName::SECOND_SET]
            .into_iter()
            .any(|set| KeyName::of_set(set).all(is_there))
    }

    /// Returns how many keys were programmed.
    pub(super) fn programmed(&self) -> usize {
        self.known.len()
    }

    /// Takes a key. Returns whether it did: not in place of one that an enabled stream uses, and not one
    /// that there was before, in any place. AES-GCM is not safe with a key that is used twice.
    pub(super) fn program(
        &mut self,
        stream: u8,
        name: KeyName,
        session: SessionNumber,
        value: KeyValue,
    ) -> bool {
        let is_enabled = self.enabled() == Some(stream);
        let in_use = self.keys.get(&(stream, name)).is_some_and(|key| key.go);

        if (is_enabled && in_use) || !self.known.insert(value) {
            return false;
        }
        self.keys.insert((stream, name), Key { session, go: false });
        true
    }

    /// Uses a key. Returns whether there is one, of this session.
    pub(super) fn go(&mut self, stream: u8, name: KeyName, session: SessionNumber) -> bool {
        let key = self.keys.get_mut(&(stream, name));

        match key.filter(|key| key.session == session) {
            Some(key) => {
                key.go = true;
                true
            }
            None => false,
        }
    }

    /// Destroys a key.
    pub(super) fn stop(&mut self, stream: u8, name: KeyName) {
        self.keys.remove(&(stream, name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: SessionNumber = SessionNumber(1);

    /// Programs a key that there was not before.
    fn program(ide: &mut Ide, stream: u8, name: KeyName) -> bool {
        // CAST: There are few keys.
        let value = KeyValue([ide.programmed() as u8; 32]);

        ide.program(stream, name, SESSION, value)
    }

    /// Makes one whose stream 5 has all keys of a set.
    fn keyed(set: u8) -> Ide {
        let mut ide = Ide::new();

        for name in KeyName::of_set(set) {
            assert!(program(&mut ide, 5, name));
            assert!(!ide.is_keyed(5, None));
            assert!(ide.go(5, name, SESSION));
        }
        ide
    }

    /// Writes the control register.
    fn control(ide: &mut Ide, value: u32) {
        let mut registers = ide.registers();

        registers[CONTROL] = value;
        ide.set_registers(registers);
    }

    #[test]
    fn permits_a_lock_with_keys_of_the_session() {
        let (mut none, some) = (Ide::new(), keyed(0));

        assert!(some.permits_lock(5, SESSION));
        assert!(!some.permits_lock(4, SESSION) && !some.permits_lock(5, SessionNumber(2)));
        assert!(!none.permits_lock(5, SESSION));
        none.is_optional = true;
        assert!(none.permits_lock(5, SESSION));
    }

    #[test]
    fn has_six_keys_in_each_of_two_sets() {
        let names: Vec<u8> = (0..=255)
            .filter(|raw| KeyName::try_new(*raw).is_some())
            .collect();

        let expected = [0, 1, 2, 3, 0x10, 0x11, 0x12, 0x13, 0x20, 0x21, 0x22, 0x23];
        assert_eq!(names, expected);
        assert_eq!(KeyName::of_set(0).count(), 6);
    }

    #[test]
    fn is_secure_with_all_keys_of_a_set_while_it_is_enabled() {
        for set in [0, 1] {
            let mut ide = keyed(set);
            assert!(ide.is_keyed(5, Some(SESSION)));
            assert!(!ide.is_keyed(5, Some(SessionNumber(2))) && !ide.is_keyed(4, None));
            assert_eq!(ide.registers()[STATUS], 0);
            control(&mut ide, 0x0500_0001);
            assert_eq!(ide.registers()[STATUS], SECURE);
            ide.stop(5, KeyName(0x10 | set));
            assert_eq!(ide.registers()[STATUS], 0);
            assert!(!ide.is_keyed(5, None));
        }
    }

    #[test]
    fn is_not_secure_with_keys_of_both_sets_or_another_stream() {
        let mut ide = keyed(0);
        control(&mut ide, 0x0400_0001);
        assert_eq!(ide.registers()[STATUS], 0);

        let mut ide = keyed(0);
        ide.stop(5, KeyName(0));
        assert!(program(&mut ide, 5, KeyName(1)) && ide.go(5, KeyName(1), SESSION));
        assert!(!ide.is_keyed(5, None));
    }

    #[test]
    fn destroys_keys_of_a_stream_that_is_disabled() {
        let mut ide = keyed(0);

        control(&mut ide, 0x0500_0000);
        assert!(ide.is_keyed(5, None));
        control(&mut ide, 0x0500_0001);
        control(&mut ide, 0x0500_0000);
        assert!(!ide.is_keyed(5, None));
        let mut ide = keyed(0);
        ide.clear();
        assert!(!ide.is_keyed(5, None));
    }

    #[test]
    fn does_not_replace_a_key_in_use_or_use_one_of_another_session() {
        let mut ide = keyed(0);

        // It is not enabled yet.
        assert!(program(&mut ide, 5, KeyName(0)));
        assert!(!ide.go(5, KeyName(0), SessionNumber(2)));
        assert!(!ide.go(5, KeyName(1), SESSION));
        assert!(ide.go(5, KeyName(0), SESSION));
        control(&mut ide, 0x0500_0001);
        assert!(!program(&mut ide, 5, KeyName(0)));
        assert!(program(&mut ide, 5, KeyName(1)));
    }

    #[test]
    fn does_not_take_a_key_that_there_was_before() {
        let mut ide = keyed(0);
        let first = || KeyValue([0; 32]);
        assert_eq!(ide.programmed(), 6);

        // In the same place, in another one, of another stream and session, and after all are gone.
        assert!(!ide.program(5, KeyName(0), SESSION, first()));
        assert!(!ide.program(5, KeyName(2), SESSION, first()));
        assert!(!ide.program(6, KeyName(0), SessionNumber(2), first()));
        ide.clear();
        assert!(!ide.program(5, KeyName(0), SESSION, first()));
        assert!(!ide.go(5, KeyName(0), SESSION));
        assert_eq!(ide.programmed(), 6);
        // One bit is enough.
        let mut other = first();
        other.0[31] ^= 1;
        assert!(ide.program(5, KeyName(0), SESSION, other));
        assert_eq!(ide.programmed(), 7);
    }
}
