// SPDX-License-Identifier: GPL-2.0

//! The IDE extended capability: selective streams of Integrity and Data Encryption. PCI Express Base Specification,
//! revision 6, section 7.9.26.
//!
//! | offset | what |
//! |---|---|
//! | 4 | IDE Capability |
//! | 12 | 8 bytes for each link stream |
//! | after these | a block for each selective stream |
//!
//! | in a block | what |
//! |---|---|
//! | 0 | Selective IDE Stream Capability |
//! | 4 | Selective IDE Stream Control |
//! | 8 | Selective IDE Stream Status |
//! | 12, 16 | IDE RID Association Registers |
//! | 20 | 12 bytes for each range of addresses |

/// What reaches the registers of a capability.
pub trait Registers {
    /// Why an access failed.
    type Error;

    /// Reads a register, given its offset in the capability.
    ///
    /// # Errors
    ///
    /// Those of the access.
    fn read(&self, offset: u16) -> Result<u32, Self::Error>;

    /// Writes a register.
    ///
    /// # Errors
    ///
    /// Those of the access.
    fn write(&self, offset: u16, value: u32) -> Result<(), Self::Error>;
}

/// Offset of the first register behind the header: IDE Capability.
pub const CAPABILITY: u16 = 4;
/// Where the streams begin.
const STREAMS: u16 = 12;
/// Bytes of a link stream.
const LINK_STREAM: u16 = 8;

/// Control: Enable.
const ENABLE: u32 = 1 << 0;
/// Control: the stream is for all requests of the function.
const DEFAULT: u32 = 1 << 22;
/// The first RID Association Register: all IDs up to the last one.
const ALL_IDS: u32 = 0xffff << 8;
/// The second one: Valid, from ID 0 on.
const VALID: u32 = 1 << 0;
/// Status: the state is Secure.
const SECURE: u32 = 2;

/// IDE Capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capability(u32);

impl Capability {
    /// Takes the value of the register.
    pub const fn new(raw: u32) -> Self {
        Self(raw)
    }

    /// Tells whether there are selective streams whose keys can be programmed by IDE_KM, for AES-GCM with keys of 256
    /// bits.
    pub const fn has_streams(self) -> bool {
        let (selective, key_management) = (self.0 & (1 << 1) != 0, self.0 & (1 << 6) != 0);

        selective && key_management && self.field(8, 0x1f) == 0
    }

    const fn field(self, shift: u32, mask: u32) -> u16 {
        // CAST: No mask has more than 16 bits.
        ((self.0 >> shift) & mask) as u16
    }

    /// Returns the offset of the first selective stream.
    const fn first(self) -> u16 {
        match self.0 & 1 {
            0 => STREAMS,
            // OVERFLOW: There are 8 link streams at most.
            _ => STREAMS + LINK_STREAM * (1 + self.field(13, 7)),
        }
    }

    /// Returns how many selective streams there are, 1 to 256.
    const fn count(self) -> u16 {
        // OVERFLOW: The field has 8 bits.
        1 + self.field(16, 0xff)
    }
}

/// A selective stream of a function: where its block is, and its ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    block: u16,
    id: u8,
}

impl Stream {
    /// Finds a block that is not enabled, to be used for a stream with this ID; none if all are, or one with this ID is.
    ///
    /// # Errors
    ///
    /// Those of the accesses.
    pub fn find<R: Registers>(registers: &R, id: u8) -> Result<Option<Self>, R::Error> {
        let capability = Capability(registers.read(CAPABILITY)?);
        let (mut free, mut block) = (None, capability.first());

        for _ in 0..capability.count() {
            let ranges = registers.read(block)? & 0xf;
            // OVERFLOW: 256 blocks of 200 bytes at most end below 2^16.
            let control = registers.read(block + 4)?;
            match (control & ENABLE != 0, control >> 24 == u32::from(id)) {
                (true, true) => return Ok(None),
                (true, false) => {}
                (false, _) => free = free.or(Some(Self { block, id })),
            }
            // CAST: It has 4 bits. OVERFLOW: 256 blocks of 200 bytes at most end below 2^16.
            block += 20 + 12 * ranges as u16;
        }
        Ok(free)
    }

    /// Returns the ID.
    pub const fn id(self) -> u8 {
        self.id
    }

    /// Returns the value of Control without Enable: for all requests, traffic class 0, AES-GCM with keys of 256 bits.
    fn control(self) -> u32 {
        (u32::from(self.id) << 24) | DEFAULT
    }

    /// Prepares the stream, which is not enabled yet: it is the default one, with any other end.
    ///
    /// # Errors
    ///
    /// Those of the accesses.
    pub fn prepare<R: Registers>(self, registers: &R) -> Result<(), R::Error> {
        // OVERFLOW: The block ends below 2^16.
        registers.write(self.block + 12, ALL_IDS)?;
        registers.write(self.block + 16, VALID)?;
        registers.write(self.block + 4, self.control())
    }

    /// Enables the stream, and tells whether it is secure then.
    ///
    /// # Errors
    ///
    /// Those of the accesses.
    pub fn enable<R: Registers>(self, registers: &R) -> Result<bool, R::Error> {
        // OVERFLOW: The block ends below 2^16.
        registers.write(self.block + 4, self.control() | ENABLE)?;
        self.is_secure(registers)
    }

    /// Tells whether the stream is secure.
    ///
    /// # Errors
    ///
    /// Those of the access.
    pub fn is_secure<R: Registers>(self, registers: &R) -> Result<bool, R::Error> {
        // OVERFLOW: The block ends below 2^16.
        Ok(registers.read(self.block + 8)? & 0xf == SECURE)
    }

    /// Disables the stream.
    ///
    /// # Errors
    ///
    /// Those of the accesses.
    pub fn disable<R: Registers>(self, registers: &R) -> Result<(), R::Error> {
        // OVERFLOW: The block ends below 2^16.
        registers.write(self.block + 4, self.control())?;
        registers.write(self.block + 16, 0)
    }
}
