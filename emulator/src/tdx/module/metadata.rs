// SPDX-License-Identifier: GPL-2.0

//! `TDG.VM.RD`, `TDG.VM.WR` and `TDG.SYS.RD`: metadata of the TD, and of the TDX module.
//!
//! ABI, metadata of TD and of global scope. Only what a guest has a use for.

mod identifier;
mod module;

use std::sync::{
    Mutex,
    MutexGuard, //
};

use tsm_proto::tdx::{
    OperandId,
    Status, //
};

use super::context::Result;
use crate::{
    machine::{
        lock::lock,
        registers::{
            Reg,
            Registers, //
        }, //
    },
    tdx::config::TdxConfig, //
};

use identifier::{
    IDENTITY,
    LIST,
    NO_FIELD, //
};

/// Bits 54:52 of an identifier, the context. They are ignored.
const CONTEXT: u64 = 7 << 52;

/// A field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// `CONFIG_FLAGS`: what the VMM set up. Nothing here.
    ConfigFlags,
    /// `TD_CTLS`: what the guest set up.
    TdCtls,
    /// `NOTIFY_ENABLES`: of which events the guest wants to be notified.
    NotifyEnables,
    /// `TOPOLOGY_ENUM_CONFIGURED`: that the VMM set up the topology.
    TopologyEnumConfigured,
    /// How large a quote may be. Not every VMM or module has it.
    QuoteSize,
}

impl Field {
    /// All of them, in the order of their classes and codes.
    const ALL: [Self; 5] = [
        Self::QuoteSize,
        Self::NotifyEnables,
        Self::ConfigFlags,
        Self::TdCtls,
        Self::TopologyEnumConfigured,
    ];

    /// Finds a field by its identifier.
    fn new(id: u64) -> Option<Self> {
        let same = |field: &Self| (field.id() ^ id) & IDENTITY == 0;

        Self::ALL.into_iter().find(same).filter(|_| id & LIST == 0)
    }

    /// Returns the identifier.
    fn id(self) -> u64 {
        match self {
            Self::ConfigFlags => 0x1110_0003_0000_0016,
            Self::TdCtls => 0x1110_0003_0000_0017,
            Self::NotifyEnables => 0x9110_0000_0000_0010,
            Self::TopologyEnumConfigured => 0x9110_0000_0000_0019,
            Self::QuoteSize => 0x9010_0002_0000_0008,
        }
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

    /// Says whether this TD has a field.
    fn has(&self, field: Field) -> bool {
        field != Field::QuoteSize || self.quote_size.is_some()
    }

    /// Returns the identifier of the first field, or of the first one after another.
    fn first(&self, after: Option<Field>) -> u64 {
        let mut fields = Field::ALL.into_iter();
        if let Some(after) = after {
            fields.find(|field| *field == after);
        }
        fields
            .find(|field| self.has(*field))
            .map_or(NO_FIELD, Field::id)
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

    /// Returns the values.
    fn values(&self) -> MutexGuard<'_, Values> {
        lock(&self.0)
    }

    /// Returns the values, if `field` is one of them.
    fn values_with(&self, field: Field) -> Result<MutexGuard<'_, Values>> {
        let values = self.values();

        if !values.has(field) {
            return Err(Status::METADATA_FIELD_ID_INCORRECT.into());
        }
        Ok(values)
    }

    /// `TDG.VM.RD`: `RDX` is the field, `R8` returns its value.
    pub(super) fn read(&self, regs: &mut Registers) -> Result {
        let field = operands(regs)?;
        let values = self.values_with(field)?;

        regs[Reg::R8] = values.get(field);
        Ok(())
    }

    /// `TDG.VM.RD` of version 1: in `RDX` it also returns the next field, and after
    /// [`NO_FIELD`] the first one.
    pub(super) fn read_and_next(&self, regs: &mut Registers) -> Result {
        let id = regs[Reg::Rdx];

        // The result until there is one, but `operands()` needs it.
        let field = operands(regs);
        regs[Reg::Rdx] = NO_FIELD;
        if regs[Reg::Rcx] == 0 && id | CONTEXT == NO_FIELD {
            regs[Reg::Rdx] = self.values().first(None);
            return Err(Status::METADATA_FIRST_FIELD_ID_IN_CONTEXT.into());
        }
        let field = field?;
        let values = self.values_with(field)?;
        regs[Reg::R8] = values.get(field);
        regs[Reg::Rdx] = values.first(Some(field));
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
        return Err(Status::OPERAND_INVALID.of(OperandId::RCX).into());
    }
    Field::new(regs[Reg::Rdx]).ok_or(Status::METADATA_FIELD_ID_INCORRECT.into())
}

/// `TDG.SYS.RD`: `RDX` is the field, `R8` returns its value, and `RDX` the next field. After
/// [`NO_FIELD`] that is the first one.
pub(super) fn read_module(regs: &mut Registers) -> Result {
    let id = regs[Reg::Rdx];

    (regs[Reg::Rdx], regs[Reg::R8]) = (NO_FIELD, 0);
    if id | CONTEXT == NO_FIELD {
        regs[Reg::Rdx] = module::first(None);
        return Err(Status::METADATA_FIRST_FIELD_ID_IN_CONTEXT.into());
    }
    let field = module::find(id).ok_or(Status::METADATA_FIELD_ID_INCORRECT)?;
    regs[Reg::R8] = field.value;
    regs[Reg::Rdx] = module::first(Some(field));
    Ok(())
}
