// SPDX-License-Identifier: GPL-2.0

//! Tables of algorithms. DSP0274 1.4, tables "Algorithm request structure" and those after it.

use super::{
    set::is_one_of,
    Aead,
    Dhe,
    KeySchedule, //
};
use crate::spdm::{
    Error,
    Reader,
    Result,
    Writer, //
};

/// What a table is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table(u8);

impl Table {
    /// Key exchange.
    pub const DHE: Self = Self(2);
    /// Authenticated encryption.
    pub const AEAD: Self = Self(3);
    /// Signatures of the requester.
    pub const REQUESTER_ASYM: Self = Self(4);
    /// The key schedule.
    pub const KEY_SCHEDULE: Self = Self(5);

    /// Takes the type of a table.
    pub const fn new(raw: u8) -> Self {
        Self(raw)
    }

    /// Returns the place of the table in [`Tables`].
    fn index(self) -> Option<usize> {
        self.0.checked_sub(FIRST).map(usize::from)
    }
}

/// The lowest type.
const FIRST: u8 = 2;
/// Types 2 to 7. The last two came with 1.4: post-quantum signatures of the requester, and KEM.
const COUNT: usize = 6;
/// `AlgCount`: two bytes of a fixed set, no external algorithms.
const FIXED_ONLY: u8 = 0x20;
/// Bytes of a table.
const SIZE: usize = 4;

/// A set of algorithms for each type of table, if there is such a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tables([Option<u16>; COUNT]);

impl Tables {
    /// No tables.
    pub const NONE: Self = Self([None; COUNT]);

    /// Adds a table. A type that is not known is left out.
    pub fn with(mut self, table: Table, algorithms: u16) -> Self {
        if let Some(place) = table.index().and_then(|index| self.0.get_mut(index)) {
            *place = Some(algorithms);
        }
        self
    }

    /// Returns the algorithms in a table.
    pub fn get(&self, table: Table) -> Option<u16> {
        table.index().and_then(|index| *self.0.get(index)?)
    }

    /// Returns the key exchange, if one is selected.
    pub fn dhe(&self) -> Option<Dhe> {
        self.get(Table::DHE).filter(|raw| *raw != 0).map(Dhe::new)
    }

    /// Returns the authenticated encryption, if one is selected.
    pub fn aead(&self) -> Option<Aead> {
        self.get(Table::AEAD).filter(|raw| *raw != 0).map(Aead::new)
    }

    /// Returns the key schedule, if one is selected.
    pub fn key_schedule(&self) -> Option<KeySchedule> {
        self.get(Table::KEY_SCHEDULE)
            .filter(|raw| *raw != 0)
            .map(KeySchedule::new)
    }

    /// Returns how many tables there are, and how many bytes they have.
    pub(super) fn size(&self) -> (u8, usize) {
        let count = self.0.iter().flatten().count();

        // CAST: At most `COUNT`.
        (count as u8, count * SIZE)
    }

    /// Writes the tables, in the order of their types: E refuses another order.
    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result {
        for (table, algorithms) in (FIRST..).zip(&self.0) {
            if let Some(algorithms) = algorithms {
                writer.bytes(&[table, FIXED_ONLY])?;
                writer.u16(*algorithms)?;
            }
        }
        Ok(())
    }

    /// Reads `count` tables in the ascending order of their types.
    pub(super) fn read(reader: &mut Reader<'_>, count: u8) -> Result<Self> {
        let mut tables = Self::NONE;
        let mut last = 0;

        for _ in 0..count {
            let [table, counts] = *reader.array()?;
            let algorithms = reader.u16()?;
            let index = Table(table).index().filter(|index| *index < COUNT);

            if table <= last || counts != FIXED_ONLY || index.is_none() {
                return Err(Error::AlgorithmTable);
            }
            last = table;
            tables = tables.with(Table(table), algorithms);
        }
        Ok(tables)
    }

    /// Checks that of each table at most one algorithm was selected, which was offered.
    ///
    /// E answers each type that was offered, with 0 where nothing is selected.
    pub(super) fn check(&self, selected: &Self) -> Result {
        let is_fine = |(offered, selected): (&Option<u16>, &Option<u16>)| match selected {
            None | Some(0) => true,
            Some(one) => is_one_of((*one).into(), offered.unwrap_or(0).into()),
        };

        match self.0.iter().zip(&selected.0).all(is_fine) {
            true => Ok(()),
            false => Err(Error::NotOffered),
        }
    }
}
