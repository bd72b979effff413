// SPDX-License-Identifier: GPL-2.0

//! What an SVSM attests.
//!
//! C header: [`arch/x86/include/asm/sev.h`](srctree/arch/x86/include/asm/sev.h)
//!
//! An SVSM runs at VMPL 0 and may do with the guest's memory what it likes, so that it is trusted not to
//! write elsewhere than it is asked to. What it says of lengths is checked nevertheless.
//!
//! The kernel makes a call with interrupts disabled, and again as long as the SVSM says that it is busy.

use kernel::{
    page::PAGE_SIZE,
    prelude::*, //
};
use tsm_proto::{
    snp::{
        svsm::{
            Lengths,
            Service,
            Sizes,
            Status, //
        },
        Vmpl, //
    },
    ReportData, //
};

use super::Guest;
use crate::pages::PrivatePages;

/// The proof that the kernel runs under an SVSM.
///
/// # Invariants
///
/// The kernel runs as an SNP guest under an SVSM.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::sev::{
///     Guest,
///     Svsm,
///     SvsmBuffers, //
/// };
/// use tsm_proto::{
///     snp::svsm::Sizes,
///     ReportData, //
/// };
///
/// let svsm = Svsm::new(Guest::new()?).ok_or(ENODEV)?;
/// let mut buffers = SvsmBuffers::new(Sizes {
///     report: 4096,
///     manifest: 4096,
///     certificates: 4 * 4096,
/// })?;
///
/// let data = ReportData::new([7; ReportData::SIZE]);
/// let (status, lengths) = svsm.attest(None, data, &mut buffers)?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Svsm(());

/// Buffers for what an SVSM writes.
///
/// # Examples
///
/// See [`Svsm`].
pub struct SvsmBuffers {
    /// For the attestation report.
    pub report: PrivatePages,
    /// For the manifest.
    pub manifest: PrivatePages,
    /// For the certificates.
    pub certificates: PrivatePages,
}

impl SvsmBuffers {
    /// Makes buffers of these sizes, in whole pages.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`].
    pub fn new(sizes: Sizes) -> Result<Self> {
        let pages = |size: usize| PrivatePages::zeroed(size.div_ceil(PAGE_SIZE));

        Ok(Self {
            report: pages(sizes.report)?,
            manifest: pages(sizes.manifest)?,
            certificates: pages(sizes.certificates)?,
        })
    }

    /// Returns the sizes.
    pub fn sizes(&self) -> Sizes {
        Sizes {
            report: self.report.size(),
            manifest: self.manifest.size(),
            certificates: self.certificates.size(),
        }
    }
}

impl Svsm {
    /// Returns the proof, if there is an SVSM.
    pub fn new(guest: Guest) -> Option<Self> {
        // INVARIANT: An SNP guest that does not run at VMPL 0 has an SVSM there, and the kernel does not
        // boot without.
        match guest.vmpl() {
            Ok(vmpl) if vmpl != Vmpl::MOST_PRIVILEGED => Some(Self(())),
            _ => None,
        }
    }

    /// Has a service attested, or all, with a report that binds `nonce`. Returns what the SVSM says of
    /// it and of the lengths; what it has written is in `buffers`.
    ///
    /// # Errors
    ///
    /// [`EIO`] if the VMM does not run the SVSM, [`ENOMEM`].
    pub fn attest(
        self,
        service: Option<&Service>,
        nonce: ReportData,
        buffers: &mut SvsmBuffers,
    ) -> Result<(Status, Lengths)> {
        // Not on the stack, which need not be in the direct map.
        let nonce = KBox::new(nonce, GFP_KERNEL)?;
        let mut operation: tsm_bindings::svsm_attest_call = pin_init::zeroed();
        let mut call: tsm_bindings::svsm_call = pin_init::zeroed();
        let mut id = tsm_bindings::TSM_HELPER_SVSM_ATTEST_SERVICES;

        operation.report_buf = location(&mut buffers.report)?;
        operation.manifest_buf = location(&mut buffers.manifest)?;
        operation.certificates_buf = location(&mut buffers.certificates)?;
        let start = (&raw const *nonce).cast();
        // SAFETY: A box is in the direct map. It is not across pages, since memory of a size that is a
        // power of two is aligned to that.
        operation.nonce.pa = unsafe { tsm_bindings::tsm_helper_virt_to_phys(start) };
        operation.nonce.len = u32::try_from(ReportData::SIZE)?;
        if let Some(service) = service {
            id = tsm_bindings::TSM_HELPER_SVSM_ATTEST_SINGLE_SERVICE;
            operation.service_guid = service.guid;
            operation.service_manifest_ver = service.manifest_version;
        }

        // SAFETY: By the type invariant, there is an SVSM. The buffers have the sizes given, and `buffers`
        // is exclusive until this returns, when the SVSM is done; the nonce stays as long.
        let ret = unsafe {
            tsm_bindings::snp_issue_svsm_attest_req(id, &raw mut call, &raw mut operation)
        };
        let lengths = Lengths {
            // What the kernel has put there was an address.
            manifest: match call.rcx_out == call.rcx {
                true => Lengths::UNSET,
                false => call.rcx_out,
            },
            certificates: call.rdx_out,
            report: call.r8_out,
        };
        // What the kernel has put there was the number of the call, which is longer.
        let status = u32::try_from(call.rax_out).map(Status::new);

        match (ret, status) {
            (0, _) => Ok((Status::SUCCESS, lengths)),
            (_, Ok(status)) if status != Status::SUCCESS => Ok((status, lengths)),
            _ => Err(EIO),
        }
    }
}

/// Says where a buffer is, and how long.
fn location(pages: &mut PrivatePages) -> Result<tsm_bindings::svsm_loc_entry> {
    let mut location: tsm_bindings::svsm_loc_entry = pin_init::zeroed();

    location.pa = pages.physical();
    location.len = u32::try_from(pages.size())?;
    Ok(location)
}
