// SPDX-License-Identifier: GPL-2.0

//! The table of GUIDs at the end of an image of EDK2.
//!
//! It ends 32 bytes before the image does, and is read backwards. An entry is its data, its length in 16 bits, which
//! counts all of it, and its GUID. The last entry has the length of the whole table.

/// A GUID, as it is in memory.
type Guid = [u8; 16];

/// An entry that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) guid: Guid,
    /// What it is called in a message for the user.
    pub(crate) name: &'static str,
}

/// The last entry: 96b582de-1fb2-45f7-baea-a366c55a082d.
const FOOTER: Guid = [
    0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45, 0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d,
];

/// Bytes between the table and the end of the image: the reset vector.
const BEHIND: usize = 32;

/// Splits a table before the length and the GUID of its last entry, and returns all three. `None` if the table is shorter.
fn last(table: &[u8]) -> Option<(&[u8], u16, Guid)> {
    let (rest, guid) = table.split_last_chunk::<16>()?;
    let (rest, len) = rest.split_last_chunk::<2>()?;

    Some((rest, u16::from_le_bytes(*len), *guid))
}

/// Finds the data of an entry in the last bytes of an image. The error is for the user.
pub(crate) fn find(tail: &[u8], wanted: &Entry) -> Result<Vec<u8>, String> {
    const HEADER: usize = 18;
    let end = tail.len().checked_sub(BEHIND).ok_or("it is too short")?;
    let all = tail.get(..end).unwrap_or_default();
    let (before, len, guid) = last(all).ok_or("it is too short")?;

    if guid != FOOTER {
        return Err("it has no table of GUIDs".into());
    }
    let len = usize::from(len).checked_sub(HEADER);
    let start = len.and_then(|len| before.len().checked_sub(len));
    let start = start.ok_or("its table of GUIDs has a wrong length")?;
    let mut table = before.get(start..).unwrap_or_default();

    while !table.is_empty() {
        let entry = last(table).and_then(|(rest, len, guid)| {
            let len = usize::from(len).checked_sub(HEADER)?;
            Some((rest.split_at_checked(rest.len().checked_sub(len)?)?, guid))
        });
        let ((rest, data), guid) =
            entry.ok_or("an entry of its table of GUIDs has a wrong length")?;
        if guid == wanted.guid {
            return Ok(data.to_vec());
        }
        table = rest;
    }
    Err(format!(
        "its table of GUIDs has no entry of {}",
        wanted.name
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TDX: Entry = Entry {
        guid: [5; 16],
        name: "TDX",
    };
    const OTHER: Entry = Entry {
        guid: [8; 16],
        name: "another",
    };

    /// Makes an entry.
    fn entry(data: &[u8], guid: Guid) -> Vec<u8> {
        let len = u16::try_from(data.len() + 18).unwrap();
        [data, &len.to_le_bytes(), &guid].concat()
    }

    /// Makes the end of an image with a table of entries, whose length is wrong by `off`.
    fn tail(entries: &[u8], off: u16) -> Vec<u8> {
        let len = u16::try_from(entries.len() + 18).unwrap().wrapping_add(off);
        [&[0xf4; 64], entries, &len.to_le_bytes(), &FOOTER, &[0; 32]].concat()
    }

    #[test]
    fn finds_an_entry_behind_others() {
        let entries = [
            entry(&[1, 2, 3, 4], TDX.guid),
            entry(&[], [7; 16]),
            entry(&[9; 8], [8; 16]),
        ]
        .concat();
        assert_eq!(find(&tail(&entries, 0), &TDX), Ok(vec![1, 2, 3, 4]));
        assert_eq!(find(&tail(&entries, 0), &OTHER), Ok(vec![9; 8]));
    }

    #[test]
    fn refuses_an_image_without_a_table() {
        for image in [vec![], vec![0xf4; 32], vec![0xf4; 40]] {
            assert_eq!(find(&image, &TDX).unwrap_err(), "it is too short");
        }
        let no = find(&[0xf4; 4096], &TDX).unwrap_err();
        assert_eq!(no, "it has no table of GUIDs");
    }

    #[test]
    fn refuses_a_table_that_does_not_fit() {
        for off in [200, 0u16.wrapping_sub(1)] {
            let no = find(&tail(&[], off), &TDX).unwrap_err();
            assert_eq!(no, "its table of GUIDs has a wrong length");
        }
    }

    #[test]
    fn refuses_an_entry_that_does_not_fit() {
        let mut long = entry(&[1; 4], [7; 16]);
        long[4] += 1;
        let mut short = entry(&[1; 4], [7; 16]);
        short[4] = 17;
        for entries in [long, short, vec![0; 17]] {
            let no = find(&tail(&entries, 0), &TDX).unwrap_err();
            assert_eq!(no, "an entry of its table of GUIDs has a wrong length");
        }
    }

    #[test]
    fn refuses_a_table_without_the_entry() {
        let no = find(&tail(&entry(&[1; 4], [7; 16]), 0), &TDX).unwrap_err();
        assert_eq!(no, "its table of GUIDs has no entry of TDX");
    }
}
