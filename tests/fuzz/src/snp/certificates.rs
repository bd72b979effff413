// SPDX-License-Identifier: GPL-2.0

//! The table of certificates.

use tsm_proto::snp::certificates::{
    Error,
    Table, //
};

use crate::bytes::u32_at;

/// A certificate, and its GUID.
type Certificate<'a> = (&'a [u8], &'a [u8]);

/// Says what certificates there are, and where the last one ends.
fn expected(bytes: &[u8]) -> Result<(Vec<Certificate<'_>>, usize), Error> {
    let entries: Vec<_> = bytes.chunks_exact(24).collect();
    let count = entries
        .iter()
        .position(|entry| entry.iter().all(|byte| *byte == 0))
        .ok_or(Error::Unterminated)?;
    let after = 24 * (count + 1);
    let mut end = after;
    let mut certificates = Vec::new();

    for (index, entry) in entries[..count].iter().enumerate() {
        let (Some(start), Some(len)) = (u32_at(entry, 16), u32_at(entry, 20)) else {
            return Err(Error::Unterminated);
        };
        let (start, len) = (start as usize, len as usize);
        let certificate = bytes
            .get(start..start + len)
            .filter(|_| start >= after || len == 0)
            .ok_or(Error::Outside(index))?;
        certificates.push((&entry[..16], certificate));
        end = end.max(start + len);
    }
    Ok((certificates, end))
}

/// A table is accepted if the specification says so; its certificates are those that are there; and
/// what is handed on is the same table again.
pub(crate) fn certificates(data: &[u8]) -> bool {
    let parsed = Table::parse(data);
    let (certificates, end) = match expected(data) {
        Ok(expected) => expected,
        Err(err) => {
            assert_eq!(parsed.err(), Some(err));
            return false;
        }
    };
    let table = parsed.expect("what is right is accepted");
    assert_eq!(table.is_none(), certificates.is_empty());

    if let Some(table) = table {
        assert_eq!(table.as_bytes(), &data[..end]);
        check(&table, &certificates);
        let again = Table::parse(table.as_bytes()).expect("it was accepted before");
        check(&again.expect("it has certificates"), &certificates);
    }
    true
}

/// Asserts that a table has these certificates.
fn check(table: &Table<'_>, certificates: &[Certificate<'_>]) {
    let found: Vec<_> = table.certificates().collect();

    assert_eq!(found.len(), certificates.len());
    for ((guid, bytes), expected) in found.iter().zip(certificates) {
        assert_eq!((guid.as_slice(), *bytes), *expected);
    }
}
