// SPDX-License-Identifier: GPL-2.0

//! Changes of messages of `IDE_KM` and TDISP, which vendor-defined messages carry.

use super::{
    edits::{
        apply,
        Edit::{
            self,
            Flip,
            Set, //
        }, //
    },
    Wrong, //
};

/// What is wrong with a message of `IDE_KM`: its object, and the changes.
const IDE_KM: &[(Wrong, u8, &[Edit])] = &[
    (Wrong::IdePort255, 1, &[Set(2, &[255])]),
    (Wrong::IdeMaxPortLess, 1, &[Set(2, &[1])]),
    (Wrong::IdeRegistersDiffer, 1, &[Flip(7, 0x3c)]),
    (Wrong::IdeAckStream, 3, &[Flip(3, 1)]),
    (Wrong::IdeAckSubStream, 3, &[Flip(5, 0x10)]),
    (Wrong::IdeAckKeySet, 3, &[Flip(5, 1)]),
    (Wrong::IdeStatus1, 3, &[Set(4, &[1])]),
    (Wrong::IdeStatus2, 3, &[Set(4, &[2])]),
    (Wrong::IdeStatus3, 3, &[Set(4, &[3])]),
    (Wrong::IdeStatus4, 3, &[Set(4, &[4])]),
    (Wrong::IdeStatus255, 3, &[Set(4, &[255])]),
];

/// What is wrong with a message of TDISP: its type if only one is wrong, and the changes.
const TDISP: &[(Wrong, Option<u8>, &[Edit])] = &[
    // Another function of the device.
    (Wrong::TdispInterfaceOther, None, &[Flip(4, 1)]),
    (Wrong::TdispVersionOther, None, &[Set(0, &[0x20])]),
    (Wrong::TdispStateUnknown, Some(0x05), &[Set(16, &[4])]),
    (Wrong::TdispState255, Some(0x05), &[Set(16, &[255])]),
];

/// Changes a response of `IDE_KM` as it is to be wrong.
pub(in crate::device) fn ide_km(wrong: Option<Wrong>, response: &mut Vec<u8>) {
    let object = response.first().copied();

    apply(IDE_KM, wrong, response, |of| Some(of) == object);
}

/// Changes a response of TDISP as it is to be wrong.
pub(in crate::device) fn tdisp(wrong: Option<Wrong>, response: &mut Vec<u8>) {
    let kind = response.get(1).copied();

    apply(TDISP, wrong, response, |of| of.is_none() || of == kind);
}
