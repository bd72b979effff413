// SPDX-License-Identifier: GPL-2.0

//! Types of events: "TCG PC Client Platform Firmware Profile", revision 1.06, table "Event Types".

use std::fmt;

/// The type of an event. Any number can be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType(pub u32);

impl EventType {
    /// What is no measurement, and is extended into no register.
    pub const NO_ACTION: Self = Self(3);
    /// The end of what a party measures.
    pub const SEPARATOR: Self = Self(4);
    /// A text that stands for what was done, before UEFI.
    pub const ACTION: Self = Self(5);
    /// Data with a number that says what they are.
    pub const TAG: Self = Self(6);
    /// A variable that configures the platform.
    pub const VARIABLE_DRIVER_CONFIG: Self = Self(0x8000_0001);
    /// A variable that says what is booted.
    pub const VARIABLE_BOOT: Self = Self(0x8000_0002);
    /// The partition table that was booted from.
    pub const GPT_EVENT: Self = Self(0x8000_0006);
    /// A text that stands for what was done.
    pub const EFI_ACTION: Self = Self(0x8000_0007);
    /// A part of the firmware, with a description.
    pub const PLATFORM_FIRMWARE_BLOB2: Self = Self(0x8000_000a);
    /// Tables that the firmware got, with a description.
    pub const HANDOFF_TABLES2: Self = Self(0x8000_000b);
    /// As [`EventType::VARIABLE_BOOT`], of all of the variable.
    pub const VARIABLE_BOOT2: Self = Self(0x8000_000c);
    /// The variable by which something was allowed to run.
    pub const VARIABLE_AUTHORITY: Self = Self(0x8000_00e0);

    /// Returns the name in the specification.
    pub fn name(self) -> Option<&'static str> {
        let name = match self.0 {
            0 => "EV_PREBOOT_CERT",
            1 => "EV_POST_CODE",
            2 => "EV_UNUSED",
            3 => "EV_NO_ACTION",
            4 => "EV_SEPARATOR",
            5 => "EV_ACTION",
            6 => "EV_EVENT_TAG",
            7 => "EV_S_CRTM_CONTENTS",
            8 => "EV_S_CRTM_VERSION",
            9 => "EV_CPU_MICROCODE",
            0xa => "EV_PLATFORM_CONFIG_FLAGS",
            0xb => "EV_TABLE_OF_DEVICES",
            0xc => "EV_COMPACT_HASH",
            0xd => "EV_IPL",
            0xe => "EV_IPL_PARTITION_DATA",
            0xf => "EV_NONHOST_CODE",
            0x10 => "EV_NONHOST_CONFIG",
            0x11 => "EV_NONHOST_INFO",
            0x12 => "EV_OMIT_BOOT_DEVICE_EVENTS",
            0x13 => "EV_POST_CODE2",
            0x8000_0000 => "EV_EFI_EVENT_BASE",
            0x8000_0001 => "EV_EFI_VARIABLE_DRIVER_CONFIG",
            0x8000_0002 => "EV_EFI_VARIABLE_BOOT",
            0x8000_0003 => "EV_EFI_BOOT_SERVICES_APPLICATION",
            0x8000_0004 => "EV_EFI_BOOT_SERVICES_DRIVER",
            0x8000_0005 => "EV_EFI_RUNTIME_SERVICES_DRIVER",
            0x8000_0006 => "EV_EFI_GPT_EVENT",
            0x8000_0007 => "EV_EFI_ACTION",
            0x8000_0008 => "EV_EFI_PLATFORM_FIRMWARE_BLOB",
            0x8000_0009 => "EV_EFI_HANDOFF_TABLES",
            0x8000_000a => "EV_EFI_PLATFORM_FIRMWARE_BLOB2",
            0x8000_000b => "EV_EFI_HANDOFF_TABLES2",
            0x8000_000c => "EV_EFI_VARIABLE_BOOT2",
            0x8000_000d => "EV_EFI_GPT_EVENT2",
            0x8000_0010 => "EV_EFI_HCRTM_EVENT",
            0x8000_00e0 => "EV_EFI_VARIABLE_AUTHORITY",
            0x8000_00e1 => "EV_EFI_SPDM_FIRMWARE_BLOB",
            0x8000_00e2 => "EV_EFI_SPDM_FIRMWARE_CONFIG",
            0x8000_00e3 => "EV_EFI_SPDM_DEVICE_POLICY",
            0x8000_00e4 => "EV_EFI_SPDM_DEVICE_AUTHORITY",
            _ => return None,
        };
        Some(name)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => f.pad(&format!("{:#010x}", self.0)),
        }
    }
}
