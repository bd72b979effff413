// SPDX-License-Identifier: GPL-2.0

//! Requester IDs: which function a request comes from. PCIe r6 2.2.6.2.

use super::persona::Persona;

/// A requester ID: bus, device and function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequesterId(u16);

impl RequesterId {
    /// That of function 0 on a made-up host: bus 0x3b, device 0.
    pub const HOST: Self = Self::at(0x3b, 0);

    /// Takes the value as it is in a message.
    pub const fn new(raw: u16) -> Self {
        Self(raw)
    }

    /// Names function 0 of a device.
    pub const fn at(bus: u8, device: u8) -> Self {
        // CAST: Both widen.
        Self(((bus as u16) << 8) | ((device as u16) << 3))
    }

    /// Returns the value as it is in a message.
    pub const fn raw(self) -> u16 {
        self.0
    }

    /// Returns the number of a function, counted from this one.
    pub(crate) const fn distance(self, other: Self) -> u16 {
        other.0.wrapping_sub(self.0)
    }
}

/// Which requester IDs a device has, as far as it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequesterIds {
    /// Those of the guest: of bus 0. Below a root port the bus has another number, which a device at
    /// a socket does not see.
    Guest,
    /// Those of a host, which are not the guest's: [`RequesterId::HOST`] and those behind it.
    Host,
    /// This one and those behind it.
    From(RequesterId),
}

impl RequesterIds {
    /// Returns what a persona has. Only by `IDE_KM` a requester finds out those of a host.
    pub const fn of(persona: Persona) -> Self {
        match persona {
            Persona::Ide | Persona::Endpoint => Self::Host,
            Persona::Cma | Persona::Integrated => Self::Guest,
        }
    }

    /// Returns that of function 0 of a device with a number on bus 0.
    pub(crate) const fn first(self, device: u8) -> RequesterId {
        match self {
            Self::Guest => RequesterId::at(0, device),
            Self::Host => RequesterId::HOST,
            Self::From(first) => first,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_guests_or_a_hosts() {
        assert_eq!(RequesterIds::Guest.first(0x11).raw(), 0x0088);
        assert_eq!(RequesterIds::Host.first(0x11).raw(), 0x3b00);
        let other = RequesterIds::From(RequesterId::new(0x1234));
        assert_eq!(other.first(0x11).raw(), 0x1234);
    }

    #[test]
    fn counts_functions() {
        let distance = |raw| RequesterId::HOST.distance(RequesterId::new(raw));

        assert_eq!([0x3b00, 0x3b07, 0x3aff].map(distance), [0, 7, u16::MAX]);
    }
}
