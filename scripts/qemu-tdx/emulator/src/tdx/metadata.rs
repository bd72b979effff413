// SPDX-License-Identifier: GPL-2.0

//! `TDG.VM.RD` and `TDG.VM.WR`: metadata of the TD.
//!
//! ABI, metadata of TD scope. Only what a guest has a use for.

use std::sync::{
    Mutex,
    MutexGuard,
    PoisonError, //
};

use tsm_proto::tdx::{
    Operand,
    Status, //
};

use super::Result;
use crate::{
    config::TdxConfig,
    registers::{
        Reg,
        Registers, //
    }, //
};

/// A field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// `CONFIG_FLAGS`: what the VMM set up. Nothing here.
    ConfigFlags,
    /// `TD_CTLS`: what the guest set up.
    TdCtls,
    /// `NOTIFY_ENABLES`: which events the guest wants to be told.
    NotifyEnables,
    /// `TOPOLOGY_ENUM_CONFIGURED`: that the VMM set up the topology.
    TopologyEnumConfigured,
    /// How large a quote may be. Not every VMM or module has it.
    QuoteSize,
}

impl Field {
    /// Finds a field by its identifier.
    ///
    /// What identifies a field are its class and its code. The context in the identifier is
    /// ignored; element and sequence numbers have to be those of a single element.
    fn new(id: u64) -> Option<Self> {
        /// Bits 63, 61:56 and 23:0.
        const IDENTITY: u64 = 0xbf00_0000_00ff_ffff;
        /// Bits 50:34: last element in field, last field in sequence, and a flag for lists.
        const LIST: u64 = 0x0007_fffc_0000_0000;

        if id & LIST != 0 {
            return None;
        }
        Some(match id & IDENTITY {
            0x1100_0000_0000_0016 => Self::ConfigFlags,
            0x1100_0000_0000_0017 => Self::TdCtls,
            0x9100_0000_0000_0010 => Self::NotifyEnables,
            0x9100_0000_0000_0019 => Self::TopologyEnumConfigured,
            0x9000_0000_0000_0008 => Self::QuoteSize,
            _ => return None,
        })
    }

    /// Returns the bits that the guest may write.
    fn writable(self) -> u64 {
        match self {
            // PENDING_VE_DISABLE is not: CONFIG_FLAGS does not offer it.
            Self::TdCtls => td_ctls::ENUM_TOPOLOGY | td_ctls::REDUCE_VE | td_ctls::LOCK,
            Self::NotifyEnables => 1,
            Self::ConfigFlags | Self::TopologyEnumConfigured | Self::QuoteSize => 0,
        }
    }
}

/// Bits of `TD_CTLS`.
mod td_ctls {
    /// The guest may read the topology by CPUID.
    pub(super) const ENUM_TOPOLOGY: u64 = 1 << 1;
    /// Fewer instructions raise a virtualisation exception.
    pub(super) const REDUCE_VE: u64 = 1 << 3;
    /// The field can't be written any more.
    pub(super) const LOCK: u64 = 1 << 63;
}

/// The values of the fields that change.
#[derive(Debug, Default)]
struct Values {
    td_ctls: u64,
    notify_enables: u64,
    quote_size: Option<u64>,
}

impl Values {
    /// Returns the value of a field.
    fn get(&self, field: Field) -> u64 {
        match field {
            Field::ConfigFlags => 0,
            Field::TdCtls => self.td_ctls,
            Field::NotifyEnables => self.notify_enables,
            Field::TopologyEnumConfigured => 1,
            Field::QuoteSize => self.quote_size.unwrap_or(0),
        }
    }

    /// Sets the value of a field. Returns the old one.
    fn set(&mut self, field: Field, value: u64, mask: u64) -> Result<u64> {
        let old = self.get(field);
        let locked = field == Field::TdCtls && old & td_ctls::LOCK != 0;

        if field.writable() & mask == 0 || locked {
            return Err(Status::METADATA_FIELD_NOT_WRITABLE.into());
        }
        if value & mask & !field.writable() != 0 {
            return Err(Status::METADATA_FIELD_VALUE_NOT_VALID.into());
        }
        let new = old & !mask | value & mask;
        match field {
            Field::TdCtls => self.td_ctls = new,
            Field::NotifyEnables => self.notify_enables = new,
            Field::ConfigFlags | Field::TopologyEnumConfigured | Field::QuoteSize => {}
        }
        Ok(old)
    }
}

/// The metadata of the TD.
#[derive(Debug)]
pub(super) struct Metadata(Mutex<Values>);

impl Metadata {
    /// Makes the metadata of a TD that starts.
    pub(super) fn new(config: &TdxConfig) -> Self {
        Self(Mutex::new(Values {
            quote_size: config.quote_size_field,
            ..Values::default()
        }))
    }

    /// Returns the values, if `field` is one of them.
    fn values_with(&self, field: Field) -> Result<MutexGuard<'_, Values>> {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);

        match field {
            Field::QuoteSize if values.quote_size.is_none() => {
                Err(Status::METADATA_FIELD_ID_INCORRECT.into())
            }
            _ => Ok(values),
        }
    }

    /// `TDG.VM.RD`: `RDX` is the field, `R8` returns its value.
    pub(super) fn read(&self, regs: &mut Registers) -> Result {
        let field = operands(regs)?;
        let values = self.values_with(field)?;

        regs[Reg::R8] = values.get(field);
        Ok(())
    }

    /// `TDG.VM.WR`: `RDX` is the field, `R8` the value, `R9` the mask; `R8` returns the old value.
    pub(super) fn write(&self, regs: &mut Registers) -> Result {
        let (value, mask) = (regs[Reg::R8], regs[Reg::R9]);
        let field = operands(regs)?;
        let mut values = self.values_with(field)?;

        regs[Reg::R8] = values.set(field, value, mask)?;
        Ok(())
    }
}

/// Checks the operands that reading and writing have in common, and clears the result.
fn operands(regs: &mut Registers) -> Result<Field> {
    regs[Reg::R8] = 0;
    // A TD may only ask about itself.
    if regs[Reg::Rcx] != 0 {
        return Err(Status::OPERAND_INVALID.of(Operand::RCX).into());
    }
    Field::new(regs[Reg::Rdx]).ok_or(Status::METADATA_FIELD_ID_INCORRECT.into())
}
