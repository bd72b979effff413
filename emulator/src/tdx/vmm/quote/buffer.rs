// SPDX-License-Identifier: GPL-2.0

//! What a guest shares for a request, and for what it is answered with.

use std::ops::Range;

use tsm_proto::tdx::{
    quote::Header,
    VmcallStatus, //
};

use zerocopy::FromBytes as _;

use super::answer::{
    field,
    Answer, //
};
use crate::{
    machine::{
        gpa::{
            Gpa,
            PAGE_SIZE, //
        },
        memory::NoMemory,
        pages::PageState, //
    },
    tdx::vmm::context::{
        Context,
        Result, //
    }, //
};

/// Size of what a buffer begins with.
// CAST: 24.
pub(super) const HEADER: u64 = Header::SIZE as u64;

/// The version of a request.
const VERSION: u64 = 1;

/// A buffer that the guest shares for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Buffer {
    gpa: Gpa,
    size: u64,
}

impl Buffer {
    /// Takes the operands of the call, if they are a buffer.
    pub(super) fn new(gpa: u64, size: u64, max: u64) -> Result<Self> {
        let invalid = VmcallStatus::INVALID_OPERAND;
        let gpa = Gpa::new(gpa).filter(|gpa| gpa.is_shared()).ok_or(invalid)?;

        if size == 0 || size > max {
            return Err(invalid);
        }
        if gpa.address() % PAGE_SIZE != 0 || size % PAGE_SIZE != 0 {
            return Err(VmcallStatus::ALIGN_ERROR);
        }
        Ok(Self { gpa, size })
    }

    /// Tells whether the VMM has what the guest has: all of it is shared.
    pub(super) fn is_shared(self, context: Context<'_>) -> bool {
        let pages = self.gpa.page()..self.gpa.page() + self.size / PAGE_SIZE;

        context.pages.uniform(pages) == Some(PageState::Shared)
    }

    /// Copies the request out, and takes its header.
    pub(super) fn request(self, context: Context<'_>) -> Result<(Header, Vec<u8>)> {
        let invalid = VmcallStatus::INVALID_OPERAND;

        // What the VMM has behind pages that are not shared is not what the guest wrote.
        if !self.is_shared(context) {
            return Err(invalid);
        }
        // CAST: Limited by `new()`.
        let mut request = vec![0; self.size as usize];
        let read = context.memory.read(self.gpa.address(), &mut request);
        read.map_err(|NoMemory| invalid)?;

        let (header, _) = Header::read_from_prefix(&request).map_err(|_| invalid)?;
        if request[field::VERSION] != VERSION.to_le_bytes() {
            return Err(invalid);
        }
        if u64::from(header.in_len()) > self.size - HEADER {
            return Err(invalid);
        }
        Ok((header, request))
    }

    /// Tells whether it begins where another one does.
    pub(super) fn is_at(self, other: Self) -> bool {
        self.gpa == other.gpa
    }

    /// Returns where it is in guest memory.
    pub(super) fn range(self) -> Range<u64> {
        self.gpa.address()..self.gpa.address() + self.size
    }

    /// Returns the address of the last byte of its status, which the guest reads last.
    pub(super) fn last_of_status(self) -> u64 {
        // CAST: Widens.
        self.gpa.address() + field::STATUS.end as u64 - 1
    }

    /// Returns how much data fits behind the header.
    pub(super) fn room(self) -> usize {
        // CAST: Limited by `new()`.
        (self.size as usize).saturating_sub(Header::SIZE)
    }

    /// Writes an answer. The guest may look at the header at any time, so it comes last.
    pub(super) fn write(self, context: Context<'_>, answer: &Answer) -> Result {
        let data = self.gpa.address() + HEADER;
        let written = context.memory.write(data, &answer.data);

        written.map_err(|NoMemory| VmcallStatus::INVALID_OPERAND)?;
        self.write_header(context, &answer.header)
    }

    /// Writes the header of an answer.
    pub(super) fn write_header(self, context: Context<'_>, header: &[u8; Header::SIZE]) -> Result {
        let written = context.memory.write(self.gpa.address(), header);

        written.map_err(|NoMemory| VmcallStatus::INVALID_OPERAND)
    }
}
