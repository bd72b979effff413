// SPDX-License-Identifier: GPL-2.0

//! Which keys of a stream a message is about.

/// A sub-stream: a kind of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubStream {
    /// Posted requests.
    Posted,
    /// Non-posted requests.
    NonPosted,
    /// Completions.
    Completions,
}

impl SubStream {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Posted, Self::NonPosted, Self::Completions];

    const fn raw(self) -> u8 {
        match self {
            Self::Posted => 0,
            Self::NonPosted => 1,
            Self::Completions => 2,
        }
    }
}

/// A direction, as the port sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// What the port receives.
    Receive,
    /// What the port sends.
    Transmit,
}

impl Direction {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Receive, Self::Transmit];
}

/// Keys of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// Whether they are the second set of keys, and not the first.
    pub second_set: bool,
    /// The direction.
    pub direction: Direction,
    /// The sub-stream.
    pub sub_stream: SubStream,
}

impl Keys {
    /// Returns the value as it is in a message: the set in bit 0, the direction in bit 1, the sub-stream from bit 4 on.
    pub const fn raw(self) -> u8 {
        let set = if self.second_set { 1 } else { 0 };
        let direction = match self.direction {
            Direction::Receive => 0,
            Direction::Transmit => 1 << 1,
        };

        (self.sub_stream.raw() << 4) | direction | set
    }
}
