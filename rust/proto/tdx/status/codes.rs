// SPDX-License-Identifier: GPL-2.0

//! Every completion status code that is documented.
//!
//! ABI, table "Interface Functions Completion Status Codes". Most of them only a host gets to see. Those of
//! TDX Connect are from the software that [`connect`](crate::tdx::connect) names.

use super::Status;

/// Makes a constant of each code, which is bits 63:32 of the status, and lists of the codes and their
/// names in one order.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        impl Status {
            $(
                $(#[$doc])*
                pub const $name: Self = Self($code << 32);
            )*

            pub(super) const CODES: &[u32] = &[$($code,)*];
            /// One string, because each string would have to be relocated when a module is loaded.
            pub(super) const NAMES: &str = concat!($(stringify!($name), "\n",)*);
        }
    };
}

codes! {
    /// The call did what it was asked to do.
    SUCCESS = 0x0000_0000,
    /// The vCPU can't run any more.
    NON_RECOVERABLE_VCPU = 0x4000_0001,
    /// The TD can't run any more.
    NON_RECOVERABLE_TD = 0x6000_0002,
    /// An interrupt came in between; the call goes on when it is made again.
    INTERRUPTED_RESUMABLE = 0x8000_0003,
    /// An interrupt came in between; nothing was done.
    INTERRUPTED_RESTARTABLE = 0x8000_0004,
    /// The TD can't run any more, and its memory can't be read.
    NON_RECOVERABLE_TD_NON_ACCESSIBLE = 0x6000_0005,
    /// The call that was interrupted was another one.
    INVALID_RESUMPTION = 0xC000_0006,
    /// The TD can't run any more: a vCPU left x2APIC mode.
    NON_RECOVERABLE_TD_WRONG_APIC_MODE = 0xE000_0007,
    /// A service TD has faulted on memory of its target.
    CROSS_TD_FAULT = 0x8000_0008,
    /// A service TD has trapped on its target.
    CROSS_TD_TRAP = 0x9000_0009,
    /// The TD can't run any more: its metadata are corrupted.
    NON_RECOVERABLE_TD_CORRUPTED_MD = 0x6000_000A,
    /// An operand has a value that it must not have.
    OPERAND_INVALID = 0xC000_0100,
    /// An address is not in a range where it may be.
    OPERAND_ADDR_RANGE_ERROR = 0xC000_0101,
    /// An event filter is not valid.
    EVENT_FILTER_INVALID = 0xC000_0102,
    /// Event filters are not in order.
    EVENT_FILTER_ORDER_INVALID = 0xC000_0103,
    /// Something that the call needs is in use by another one; it can be made again.
    OPERAND_BUSY = 0x8000_0200,
    /// vCPUs still run that know the translations of the epoch before.
    PREVIOUS_TLB_EPOCH_BUSY = 0x8000_0201,
    /// Another call has the whole module.
    SYS_BUSY = 0x8000_0202,
    /// The random number generator has none left for now.
    RND_NO_ENTROPY = 0x8000_0203,
    /// Something that the call needs is in use, and the host comes first.
    OPERAND_BUSY_HOST_PRIORITY = 0x8000_0204,
    /// The guest has kept from the host for too long what it comes first at.
    HOST_PRIORITY_BUSY_TIMEOUT = 0x9000_0205,
    /// A call that was interrupted is in the way.
    INTERRUPTED_BUSY = 0x8000_0206,
    /// The page is not of the kind that the call needs.
    PAGE_METADATA_INCORRECT = 0xC000_0300,
    /// The page was free before.
    PAGE_ALREADY_FREE = 0x0000_0301,
    /// The page belongs to another TD.
    PAGE_NOT_OWNED_BY_TD = 0xC000_0302,
    /// The page is not free.
    PAGE_NOT_FREE = 0xC000_0303,
    /// Some of the physical memory is not free.
    HPA_RANGE_NOT_FREE = 0xC000_0304,
    /// There is no pair of pages for the memory's metadata.
    NO_PAMT_PAGE_PAIR = 0xC000_0305,
    /// The pages with the memory's metadata are not empty.
    PAMT_PAGE_NOT_EMPTY = 0xC000_0306,
    /// An interrupt came in between the work on the memory's metadata.
    INTERRUPTED_PAMT = 0x8000_0307,
    /// A pair of pages for the memory's metadata has to be added first.
    MISSING_PAMT_PAGE_PAIR = 0x8000_0308,
    /// The TD still has pages.
    TD_ASSOCIATED_PAGES_EXIST = 0xC000_0400,
    /// The module was initialized before.
    SYS_INIT_NOT_PENDING = 0xC000_0500,
    /// This processor was not initialized.
    SYS_LP_INIT_NOT_DONE = 0xC000_0502,
    /// This processor was initialized before.
    SYS_LP_INIT_DONE = 0xC000_0503,
    /// The module is not configured yet.
    SYS_NOT_READY = 0xC000_0505,
    /// The module is shut down.
    SYS_SHUTDOWN = 0xC000_0506,
    /// The module's key is not to be configured now.
    SYS_KEY_CONFIG_NOT_PENDING = 0xC000_0507,
    /// The module is in a state in which this can't be done.
    SYS_STATE_INCORRECT = 0xC000_0508,
    /// What the module before has handed over is not valid.
    SYS_INVALID_HANDOFF = 0xC000_0509,
    /// The module's signature does not go with the one before.
    SYS_INCOMPATIBLE_SIGSTRUCT = 0xC000_050A,
    /// This processor is not to be initialized now.
    SYS_LP_INIT_NOT_PENDING = 0xC000_050B,
    /// The module is not to be configured now.
    SYS_CONFIG_NOT_PENDING = 0xC000_050C,
    /// The processor's capabilities are not enough for the module.
    INCOMPATIBLE_SEAM_CAPABILITIES = 0xC000_050D,
    /// The test of the module's cryptography failed.
    CRYPTO_SELF_TEST_FAILED = 0xC000_0511,
    /// An update of the module would break what is under way.
    UPDATE_COMPATIBILITY_SENSITIVE = 0x8000_0512,
    /// The TD had a fatal error before.
    TD_FATAL = 0xE000_0604,
    /// The TD must not be debugged.
    TD_NON_DEBUG = 0xC000_0605,
    /// The TD has no control structure yet.
    TDCS_NOT_ALLOCATED = 0xC000_0606,
    /// The TD's keys are in a state in which this can't be done.
    LIFECYCLE_STATE_INCORRECT = 0xC000_0607,
    /// The TD is in a state in which this can't be done.
    OP_STATE_INCORRECT = 0xC000_0608,
    /// The TD has no vCPU.
    NO_VCPUS = 0xC000_0609,
    /// The memory can't be written for debugging.
    DEBUG_MEM_NOT_WRITABLE = 0xC000_060A,
    /// The control structure has not the number of pages that it needs.
    TDCX_NUM_INCORRECT = 0xC000_0610,
    /// Two vCPUs would have one x2APIC identifier.
    X2APIC_ID_NOT_UNIQUE = 0xC000_0621,
    /// The module before measured the TD's contents in another way.
    INCOMPATIBLE_MRTD_CONTEXT = 0xC000_0622,
    /// The vCPU is in a state in which this can't be done.
    VCPU_STATE_INCORRECT = 0xC000_0700,
    /// The vCPU belongs to another processor.
    VCPU_ASSOCIATED = 0x8000_0701,
    /// The vCPU belongs to no processor.
    VCPU_NOT_ASSOCIATED = 0x8000_0702,
    /// No virtualisation exception waits to be read.
    NO_VALID_VE_INFO = 0xC000_0704,
    /// The TD has as many vCPUs as it may.
    MAX_VCPUS_EXCEEDED = 0xC000_0705,
    /// The time stamp counter went back.
    TSC_ROLLBACK = 0xC000_0706,
    /// The vCPU can't take an interrupt now.
    INTERRUPTIBILITY_BLOCKED = 0xC000_0707,
    /// A field of the vCPU's VMCS has no value.
    TD_VMCS_FIELD_NOT_INITIALIZED = 0xC000_0730,
    /// A field of the vCPU's VMCS can't have this value.
    TD_VMCS_FIELD_ERROR = 0xC000_0731,
    /// The processor could not make a random key.
    KEY_GENERATION_FAILED = 0x8000_0800,
    /// The TD has no key on this package.
    TD_KEYS_NOT_CONFIGURED = 0x8000_0810,
    /// The key is in a state in which this can't be done.
    KEY_STATE_INCORRECT = 0xC000_0811,
    /// The key was configured before.
    KEY_CONFIGURED = 0x0000_0815,
    /// The cache is not yet written back.
    WBCACHE_NOT_COMPLETE = 0x8000_0817,
    /// The key identifier is in use.
    HKID_NOT_FREE = 0xC000_0820,
    /// There is no key whose cache is to be written back.
    NO_HKID_READY_TO_WBCACHE = 0x0000_0821,
    /// Writing back the cache can't go on.
    WBCACHE_RESUME_ERROR = 0xC000_0823,
    /// vCPUs of the TD are still associated with processors.
    FLUSHVP_NOT_DONE = 0x8000_0824,
    /// Too many key identifiers are active.
    NUM_ACTIVATED_HKIDS_NOT_SUPPORTED = 0xC000_0825,
    /// CPUID has not the value that the module needs.
    INCORRECT_CPUID_VALUE = 0xC000_0900,
    /// The firmware has CPUID limited.
    LIMIT_CPUID_MAXVAL_SET = 0xC000_0901,
    /// CPUID differs between processors.
    INCONSISTENT_CPUID_FIELD = 0xC000_0902,
    /// CPUID has more sub-leaves than are known.
    CPUID_MAX_SUBLEAVES_UNRECOGNIZED = 0xC000_0903,
    /// CPUID leaf 0x1F is of no known format.
    CPUID_LEAF_1F_FORMAT_UNRECOGNIZED = 0xC000_0904,
    /// WBINVD reaches other processors than it should.
    INVALID_WBINVD_SCOPE = 0xC000_0905,
    /// There are more packages than are supported.
    INVALID_PKG_ID = 0xC000_0906,
    /// MONITOR is disabled.
    ENABLE_MONITOR_FSM_NOT_SET = 0xC000_0907,
    /// The CPUID leaf is not supported.
    CPUID_LEAF_NOT_SUPPORTED = 0xC000_0908,
    /// The SMRRs are not locked.
    SMRR_NOT_LOCKED = 0xC000_0910,
    /// The SMRRs are not valid.
    INVALID_SMRR_CONFIGURATION = 0xC000_0911,
    /// An SMRR overlaps convertible memory.
    SMRR_OVERLAPS_CMR = 0xC000_0912,
    /// The SMRRs can't be locked.
    SMRR_LOCK_NOT_SUPPORTED = 0xC000_0913,
    /// There are no SMRRs.
    SMRR_NOT_SUPPORTED = 0xC000_0914,
    /// An MSR differs between processors.
    INCONSISTENT_MSR = 0xC000_0920,
    /// An MSR has not the value that the module needs.
    INCORRECT_MSR_VALUE = 0xC000_0921,
    /// The processor can't make reports.
    SEAMREPORT_NOT_AVAILABLE = 0xC000_0930,
    /// The processor has no SEAM database.
    SEAMDB_GETREF_NOT_AVAILABLE = 0xC000_0931,
    /// The processor can't make reports of the SEAM database.
    SEAMDB_REPORT_NOT_AVAILABLE = 0xC000_0932,
    /// The processor can't verify reports.
    SEAMVERIFYREPORT_NOT_AVAILABLE = 0xC000_0933,
    /// A memory region of TDX is not valid.
    INVALID_TDMR = 0xC000_0A00,
    /// The memory regions of TDX are not in order.
    NON_ORDERED_TDMR = 0xC000_0A01,
    /// A memory region of TDX is not convertible memory.
    TDMR_OUTSIDE_CMRS = 0xC000_0A02,
    /// The memory region of TDX was initialized before.
    TDMR_ALREADY_INITIALIZED = 0x0000_0A03,
    /// The place for a region's metadata is not valid.
    INVALID_PAMT = 0xC000_0A10,
    /// The place for a region's metadata is not convertible memory.
    PAMT_OUTSIDE_CMRS = 0xC000_0A11,
    /// The place for a region's metadata overlaps with another one.
    PAMT_OVERLAP = 0xC000_0A12,
    /// A reserved area of a region is not valid.
    INVALID_RESERVED_IN_TDMR = 0xC000_0A20,
    /// The reserved areas of a region are not in order.
    NON_ORDERED_RESERVED_IN_TDMR = 0xC000_0A21,
    /// The list of convertible memory is not valid.
    CMR_LIST_INVALID = 0xC000_0A22,
    /// The secure EPT has no entry at the level that was asked for.
    EPT_WALK_FAILED = 0xC000_0B00,
    /// The entry of the secure EPT is free.
    EPT_ENTRY_FREE = 0xC000_0B01,
    /// The entry of the secure EPT is not free.
    EPT_ENTRY_NOT_FREE = 0xC000_0B02,
    /// The entry of the secure EPT is not present.
    EPT_ENTRY_NOT_PRESENT = 0xC000_0B03,
    /// The entry of the secure EPT is not that of a page.
    EPT_ENTRY_NOT_LEAF = 0xC000_0B04,
    /// The entry of the secure EPT is that of a page.
    EPT_ENTRY_LEAF = 0xC000_0B05,
    /// The guest's addresses are not blocked.
    GPA_RANGE_NOT_BLOCKED = 0xC000_0B06,
    /// The guest's addresses were blocked before.
    GPA_RANGE_ALREADY_BLOCKED = 0x0000_0B07,
    /// Some vCPU may still know the translation.
    TLB_TRACKING_NOT_DONE = 0xC000_0B08,
    /// The pages can't be made one larger page.
    EPT_INVALID_PROMOTE_CONDITIONS = 0xC000_0B09,
    /// The page had been accepted before.
    PAGE_ALREADY_ACCEPTED = 0x0000_0B0A,
    /// The page is mapped in smaller pieces than the size that was asked for.
    PAGE_SIZE_MISMATCH = 0xC000_0B0B,
    /// The guest's addresses are blocked.
    GPA_RANGE_BLOCKED = 0xC000_0B0C,
    /// The entry of the secure EPT is in a state in which this can't be done.
    EPT_ENTRY_STATE_INCORRECT = 0xC000_0B0D,
    /// The page of the secure EPT is not free.
    EPT_PAGE_NOT_FREE = 0xC000_0B0E,
    /// The nested VM's secure EPT has no entry at that level.
    L2_SEPT_WALK_FAILED = 0xC000_0B0F,
    /// The entry of the nested VM's secure EPT is not free.
    L2_SEPT_ENTRY_NOT_FREE = 0xC000_0B10,
    /// A page can't have these attributes.
    PAGE_ATTR_INVALID = 0xC000_0B11,
    /// The nested VM's secure EPT lacks a page.
    L2_SEPT_PAGE_NOT_PROVIDED = 0xC000_0B12,
    /// No metadata field has this identifier.
    METADATA_FIELD_ID_INCORRECT = 0xC000_0C00,
    /// The caller must not write this metadata field.
    METADATA_FIELD_NOT_WRITABLE = 0xC000_0C01,
    /// The caller must not read this metadata field.
    METADATA_FIELD_NOT_READABLE = 0xC000_0C02,
    /// The metadata field can't have this value.
    METADATA_FIELD_VALUE_NOT_VALID = 0xC000_0C03,
    /// The list of metadata is longer than its page.
    METADATA_LIST_OVERFLOW = 0xC000_0C04,
    /// The list of metadata has a header that is not valid.
    INVALID_METADATA_LIST_HEADER = 0xC000_0C05,
    /// A metadata field that is needed is not in the list.
    REQUIRED_METADATA_FIELD_MISSING = 0xC000_0C06,
    /// The metadata field has elements of another size.
    METADATA_ELEMENT_SIZE_INCORRECT = 0xC000_0C07,
    /// The metadata field has another number of elements.
    METADATA_LAST_ELEMENT_INCORRECT = 0xC000_0C08,
    /// The metadata field can't be written in this state.
    METADATA_FIELD_CURRENTLY_NOT_WRITABLE = 0xC000_0C09,
    /// The metadata field can't be written with this mask.
    METADATA_WR_MASK_NOT_VALID = 0xC000_0C0A,
    /// The answer is the identifier of the first metadata field.
    METADATA_FIRST_FIELD_ID_IN_CONTEXT = 0x0000_0C0B,
    /// The metadata field is to be left out.
    METADATA_FIELD_SKIP = 0x0000_0C0C,
    /// The virtual MSR can't have this value.
    VIRTUAL_MSR_VALUE_NOT_VALID = 0xC000_0C0D,
    /// There is no memory for the metadata field.
    METADATA_FIELD_NOT_ALLOCATED = 0xC000_0C0E,
    /// A service TD of this type is bound.
    SERVTD_ALREADY_BOUND_FOR_TYPE = 0xC000_0D00,
    /// The bound service TD is of another type.
    SERVTD_TYPE_MISMATCH = 0xC000_0D01,
    /// The bound service TD has other attributes.
    SERVTD_ATTR_MISMATCH = 0xC000_0D02,
    /// The bound service TD is measured as another one.
    SERVTD_INFO_HASH_MISMATCH = 0xC000_0D03,
    /// The bound service TD has another identifier.
    SERVTD_UUID_MISMATCH = 0xC000_0D04,
    /// The service TD is not bound.
    SERVTD_NOT_BOUND = 0xC000_0D05,
    /// The service TD is bound.
    SERVTD_BOUND = 0xC000_0D06,
    /// The target of the service TD has another identifier.
    TARGET_UUID_MISMATCH = 0xC000_0D07,
    /// The target of the service TD has a new identifier.
    TARGET_UUID_UPDATED = 0xC000_0D08,
    /// The metadata of a migration bundle are not valid.
    INVALID_MBMD = 0xC000_0E00,
    /// The metadata of a migration bundle are forged.
    INCORRECT_MBMD_MAC = 0xC000_0E01,
    /// The page is not blocked for writing.
    NOT_WRITE_BLOCKED = 0xC000_0E02,
    /// The page was blocked for writing before.
    ALREADY_WRITE_BLOCKED = 0x0000_0E03,
    /// The page was not exported.
    NOT_EXPORTED = 0xC000_0E04,
    /// The migration stream is in a state in which this can't be done.
    MIGRATION_STREAM_STATE_INCORRECT = 0xC000_0E05,
    /// There are as many migration streams as there may be.
    MAX_MIGS_NUM_EXCEEDED = 0xC000_0E06,
    /// Pages have changed since they were exported.
    EXPORTED_DIRTY_PAGES_REMAIN = 0xC000_0E07,
    /// There is no key to decrypt with.
    MIGRATION_DECRYPTION_KEY_NOT_SET = 0xC000_0E08,
    /// The TD must not be migrated.
    TD_NOT_MIGRATABLE = 0xC000_0E09,
    /// The export before is not cleaned up.
    PREVIOUS_EXPORT_CLEANUP_INCOMPLETE = 0xC000_0E0A,
    /// There are fewer migration streams than that.
    NUM_MIGS_HIGHER_THAN_CREATED = 0xC000_0E0B,
    /// What is imported does not go with what is there.
    IMPORT_MISMATCH = 0xC000_0E0C,
    /// There were as many migration epochs as there may be.
    MIGRATION_EPOCH_OVERFLOW = 0xC000_0E0D,
    /// The TD was exported as often as it may be.
    MAX_EXPORTS_EXCEEDED = 0xC000_0E0E,
    /// A page is forged.
    INVALID_PAGE_MAC = 0xC000_0E0F,
    /// The page was migrated in this epoch.
    MIGRATED_IN_CURRENT_EPOCH = 0xC000_0E10,
    /// A removed page must not be imported again.
    DISALLOWED_IMPORT_OVER_REMOVED = 0xC000_0E11,
    /// Some vCPUs are not migrated.
    SOME_VCPUS_NOT_MIGRATED = 0xC000_0E12,
    /// All vCPUs are imported.
    ALL_VCPUS_IMPORTED = 0xC000_0E13,
    /// There are fewer migration streams than needed.
    MIN_MIGS_NOT_CREATED = 0xC000_0E14,
    /// The vCPU was exported before.
    VCPU_ALREADY_EXPORTED = 0xC000_0E15,
    /// The key to decrypt with is not valid.
    INVALID_MIGRATION_DECRYPTION_KEY = 0xC000_0E16,
    /// The module before authenticated bundles in another way.
    INCOMPATIBLE_MBMD_MAC_CONTEXT = 0xC000_0E22,
    /// DMA of the TDI is in a state in which it can't be accepted.
    DMAR_INVALID_MAPPING_STATE = 0xC000_0F07,
    /// The TDI is not bound, or in a state in which this can't be done.
    TDI_INVALID_STATE = 0xC000_0F11,
    /// The IDE stream is in a state in which this can't be done.
    IDE_STREAM_INVALID_STATE = 0xC000_0F24,
    /// The page of registers belongs to another TDI.
    MMIO_TDI_OWNER_MISMATCH = 0xC000_0F27,
    /// The TDI is not bound.
    TDI_NOT_PRESENT = 0xC000_0F40,
    /// The TDI is not bound any more.
    TDI_INVALID_METADATA = 0xC000_0F41,
    /// The page of registers is not in the range.
    MMIO_PAGE_NOT_IN_ASSOC_RANGE = 0xC000_0F4C,
    /// The page of registers is not the one at this place in the range.
    MMIO_INVALID_HPA_OFFSET = 0xC000_0F4D,
    /// The report's CPU is of a later version than this one.
    INVALID_CPUSVN = 0xC000_1000,
    /// The MAC is not one of this CPU for this report.
    INVALID_REPORTMACSTRUCT = 0xC000_1001,
    /// The nested VM has exited to the host.
    L2_EXIT_HOST_ROUTED_ASYNC = 0x0000_1100,
    /// The nested VM has called the host.
    L2_EXIT_HOST_ROUTED_TDVMCALL = 0x0000_1101,
    /// The nested VM has exited because of an interrupt.
    L2_EXIT_PENDING_INTERRUPT = 0x0000_1102,
    /// The nested VM could not be entered.
    L2_VM_ENTRY_FAILED = 0x8000_1103,
    /// An interrupt is pending.
    PENDING_INTERRUPT = 0x0000_1120,
    /// The TD has exited before the nested VM was entered.
    TD_EXIT_BEFORE_L2_ENTRY = 0x0000_1140,
    /// The TD has exited when the nested VM did.
    TD_EXIT_ON_L2_VM_EXIT = 0x0000_1141,
    /// The TD has exited on the way from the nested VM.
    TD_EXIT_ON_L2_TO_L1 = 0x0000_1142,
    /// The linear address is not canonical.
    GLA_NOT_CANONICAL = 0xC000_1160,
}
