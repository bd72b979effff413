// SPDX-License-Identifier: GPL-2.0

//! `MapGPA`: pages that become private or shared.

use std::{
    ops::Range,
    sync::atomic::{
        AtomicBool,
        Ordering, //
    },
};

use super::context::{
    Context,
    Result, //
};
use crate::{
    machine::{
        gpa::{
            Gpa,
            PAGE_SIZE, //
        },
        memory::NoMemory,
        mutator::{
            MapAnswer,
            Mutator, //
        },
        registers::{
            Reg,
            Registers, //
        }, //
    },
    tdx::config::{
        MapFrom,
        MapService,
        TdxConfig, //
    }, //
};
use tsm_proto::tdx::VmcallStatus;

/// The VMM's side of conversions.
#[derive(Debug)]
pub(super) struct Conversions {
    service: MapService,
    mutator: Option<Mutator>,
    from: MapFrom,
    /// Whether answers are wrong by now.
    misbehaves: AtomicBool,
}

/// What the guest wants to have converted, and to what.
#[derive(Debug)]
struct Conversion {
    pages: Range<u64>,
    shared: bool,
}

impl Conversion {
    /// Takes `R13` bytes at `R12`, to be converted to what the shared bit in `R12` says.
    fn new(start: u64, size: u64) -> Result<Self> {
        let last = size
            .checked_sub(1)
            .and_then(|size| start.checked_add(size))
            .and_then(Gpa::new);
        let (Some(first), Some(last)) = (Gpa::new(start), last) else {
            return Err(VmcallStatus::INVALID_OPERAND);
        };
        if first.is_shared() != last.is_shared() {
            return Err(VmcallStatus::INVALID_OPERAND);
        }
        if start % PAGE_SIZE != 0 || size % PAGE_SIZE != 0 {
            return Err(VmcallStatus::ALIGN_ERROR);
        }
        Ok(Self {
            pages: first.page()..last.page() + 1,
            shared: first.is_shared(),
        })
    }

    /// Converts the first `count` pages.
    ///
    /// A page has other memory behind it when it is shared: what was in it is gone, and what is in it the VMM
    /// decides.
    fn convert(&self, context: Context<'_>, count: u64) {
        let pages = self.pages.start..self.pages.start + count;

        if !self.shared {
            context.pages.unshare(pages);
            return;
        }
        for run in context.pages.share(pages) {
            for part in context.pages.contents(run) {
                let len = part.end - part.start;
                // Where no memory is, nothing can be lost.
                let _: std::result::Result<(), NoMemory> = context.memory.scramble(part.start, len);
            }
        }
    }
}

impl Conversions {
    /// Makes a VMM that converts what it is asked to, until answers are to be wrong.
    pub(super) fn new(config: &TdxConfig) -> Self {
        Self {
            service: config.map,
            mutator: config.mutate_map.map(|seed| Mutator::new(seed, u64::MAX)),
            from: config.map_from,
            misbehaves: AtomicBool::new(config.map_from == MapFrom::Start),
        }
    }

    /// Has answers be wrong from now on, if the user wants that from such a call on. The kernel has booted
    /// then, which it does not with these answers, and the caller is a driver.
    pub(super) fn seen(&self, call: MapFrom) {
        if call == self.from {
            self.misbehaves.store(true, Ordering::Relaxed);
        }
    }

    /// Decides what becomes of a conversion of `count` pages.
    fn answer(&self, conversion: &Conversion, count: u64) -> MapAnswer {
        if !self.misbehaves.load(Ordering::Relaxed) {
            return MapAnswer::Right;
        }
        match (self.service, conversion.shared) {
            (MapService::KeepShared, false) | (MapService::KeepPrivate, true) => MapAnswer::Lie,
            (MapService::Refuse, true) => MapAnswer::Refused(VmcallStatus::INVALID_OPERAND.raw()),
            _ => self
                .mutator
                .as_ref()
                .and_then(Mutator::next)
                .map_or(MapAnswer::Right, |mut random| random.map_answer(count)),
        }
    }

    /// Does the call.
    pub(super) fn map_gpa(&self, context: Context<'_>, regs: &mut Registers) -> Result {
        let (start, size) = (regs[Reg::R12], regs[Reg::R13]);
        // Where it failed, if it does.
        regs[Reg::R11] = start;

        let conversion = Conversion::new(start, size)?;
        // Nothing is empty.
        let count = conversion.pages.end - conversion.pages.start;

        match self.answer(&conversion, count) {
            MapAnswer::Right => {
                conversion.convert(context, count);
                Ok(())
            }
            MapAnswer::Lie => Ok(()),
            MapAnswer::Part(pages) => {
                conversion.convert(context, pages);
                regs[Reg::R11] = start + pages * PAGE_SIZE;
                Err(VmcallStatus::RETRY)
            }
            MapAnswer::Elsewhere(address) => {
                regs[Reg::R11] = address;
                Err(VmcallStatus::RETRY)
            }
            MapAnswer::Refused(status) => Err(VmcallStatus::new(status)),
        }
    }
}
