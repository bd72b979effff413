// SPDX-License-Identifier: GPL-2.0

//! The attestation protocol.
//!
//! SVSM, chapter "Attestation Protocol". The report is one of VMPL 0; what it binds is the SHA-512 of
//! the nonce and the manifest. Where that leaves a choice, the answer is the one that COCONUT-SVSM
//! gives.

use std::mem::offset_of;

use sha2::{
    Digest as _,
    Sha512, //
};
use tsm_proto::snp::svsm::Status;
use zerocopy::{
    little_endian::{
        U16,
        U32,
        U64, //
    },
    FromZeros as _,
    IntoBytes as _, //
};
use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

use super::{
    context::{
        Context,
        Failure, //
    },
    guest::Guest,
    inject,
    services, //
};
use crate::{
    machine::{
        gpa::PAGE_SIZE,
        mutator::Random,
        registers::{
            Reg,
            Registers, //
        }, //
    },
    snp::{
        certificates::Table,
        config::{
            svsm::AttestService,
            CertificateService,
            SnpConfig, //
        }, //
    }, //
};

/// Its number.
pub(super) const PROTOCOL: u32 = 1;

/// Its calls, in the lower half of `RAX`.
mod id {
    pub(super) const SERVICES: u32 = 0;
    pub(super) const SINGLE_SERVICE: u32 = 1;
}

/// A buffer of the guest, in whole pages.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Buffer {
    address: U64,
    size: U32,
    reserved: U32,
}

/// What a call is about. SVSM, table "Attest Services Operation", and with the fields at the end
/// "Attest Single Service Operation".
#[derive(FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Operation {
    report: Buffer,
    nonce: U64,
    nonce_size: U16,
    reserved1: [u8; 6],
    manifest: Buffer,
    certificates: Buffer,
    service: [u8; 16],
    manifest_version: U32,
    reserved2: U32,
}

const _: () = {
    assert!(size_of::<Buffer>() == 0x10);
    assert!(size_of::<Operation>() == 0x58);
    assert!(offset_of!(Operation, nonce) == 0x10);
    assert!(offset_of!(Operation, nonce_size) == 0x18);
    assert!(offset_of!(Operation, manifest) == 0x20);
    assert!(offset_of!(Operation, certificates) == 0x30);
    assert!(offset_of!(Operation, service) == 0x40);
    assert!(offset_of!(Operation, manifest_version) == 0x50);
};

impl Operation {
    /// Size of what is about all services.
    const OF_ALL: usize = offset_of!(Operation, service);

    /// Copies it in, and checks it.
    fn read(guest: &Guest<'_>, address: u64, size: usize) -> Result<Self, Status> {
        let mut operation = Self::new_zeroed();

        for to in operation.as_mut_bytes().get_mut(..size).into_iter() {
            guest.read(address, to)?;
        }
        let buffers = [
            operation.report,
            operation.manifest,
            operation.certificates, //
        ];
        let aligned = buffers
            .iter()
            .all(|buffer| buffer.address.get() % PAGE_SIZE == 0 && buffer.reserved.get() == 0);
        match aligned && operation.reserved1 == [0; 6] && operation.reserved2.get() == 0 {
            true => Ok(operation),
            false => Err(Status::INVALID_PARAMETER),
        }
    }

    /// Copies the nonce in, which is in one page.
    fn nonce(&self, guest: &Guest<'_>) -> Result<Vec<u8>, Status> {
        let (address, size) = (self.nonce.get(), u64::from(self.nonce_size.get()));
        let mut nonce = vec![0; usize::from(self.nonce_size.get())];

        if size == 0 || address % PAGE_SIZE + size > PAGE_SIZE {
            return Err(Status::INVALID_PARAMETER);
        }
        guest.read(address, &mut nonce)?;
        Ok(nonce)
    }
}

/// Does a call, and writes something else than it should if `random` says so.
pub(super) fn call(
    guest: &Guest<'_>,
    context: Context<'_>,
    config: &SnpConfig,
    call: u32,
    regs: &mut Registers,
    random: Option<&mut Random>,
) -> Result<(), Failure> {
    let all = match call {
        id::SERVICES => true,
        id::SINGLE_SERVICE => false,
        _ => return Err(Status::UNSUPPORTED_CALL.into()),
    };
    if let Some(status) = config.svsm.status {
        claim(config, regs);
        return Err(Status::new(status).into());
    }
    if config.svsm.attest == AttestService::Silent {
        return Ok(());
    }
    let size = if all {
        Operation::OF_ALL
    } else {
        size_of::<Operation>()
    };
    let operation = Operation::read(guest, regs[Reg::Rcx], size)?;
    let manifest = match all {
        true => services::manifest(&config.svsm),
        false => services::single(
            &config.svsm,
            operation.service,
            operation.manifest_version.get(),
        )?,
    };
    let data = Sha512::new()
        .chain_update(operation.nonce(guest)?)
        .chain_update(&manifest)
        .finalize();
    let report = context.processor.own_report(context.memory, data.into());
    let report = report.map_err(|status| {
        Failure::Fault(format!("the SVSM gets no report: {:#x}", status.raw()))
    })?;
    let certificates = certificates(config, context, operation.certificates);
    let mut parts = [
        (operation.manifest, manifest),
        (operation.certificates, certificates),
        (operation.report, report),
    ];

    if let Some(random) = random {
        for (_, bytes) in &mut parts {
            inject::bytes(random, bytes);
        }
    }
    write(guest, config, regs, parts)?;
    Ok(())
}

/// Writes the manifest, the certificates and the report, and says their lengths in `RCX`, `RDX` and
/// `R8`. If there is not enough room, only the lengths.
fn write(
    guest: &Guest<'_>,
    config: &SnpConfig,
    regs: &mut Registers,
    parts: [(Buffer, Vec<u8>); 3],
) -> Result<(), Status> {
    let grows = config.svsm.attest == AttestService::Growing;
    // CAST: Both widen.
    let fits = |(buffer, bytes): &(Buffer, Vec<u8>)| bytes.len() <= buffer.size.get() as usize;
    let fit = !grows && parts.iter().all(fits);

    for ((buffer, bytes), reg) in parts.iter().zip([Reg::Rcx, Reg::Rdx, Reg::R8]) {
        if fit && !bytes.is_empty() {
            guest.write(buffer.address.get(), bytes)?;
        }
        regs[reg] = match grows {
            true => u64::from(buffer.size.get()) + PAGE_SIZE,
            false => bytes.len() as u64,
        };
    }
    claim(config, regs);
    match fit {
        true => Ok(()),
        false => Err(Status::INVALID_PARAMETER),
    }
}

/// Changes lengths as options say.
fn claim(config: &SnpConfig, regs: &mut Registers) {
    for (reg, length) in [
        (Reg::Rcx, config.svsm.manifest_length),
        (Reg::Rdx, config.svsm.certs_length),
        (Reg::R8, config.svsm.report_length),
    ] {
        if let Some(length) = length {
            regs[reg] = length;
        }
    }
}

/// Returns the certificates for a buffer, if there is one: the table of extended guest requests.
fn certificates(config: &SnpConfig, context: Context<'_>, buffer: Buffer) -> Vec<u8> {
    let pages = u64::from(buffer.size.get()) / PAGE_SIZE;

    if buffer.address.get() == 0 || config.certs == CertificateService::None {
        return Vec::new();
    }
    let table = Table::new(
        config.certs,
        context.processor.certificates(),
        config.certs_size,
    );
    table.encode(pages)
}
