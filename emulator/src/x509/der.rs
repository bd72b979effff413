// SPDX-License-Identifier: GPL-2.0

//! The distinguished encoding rules of ASN.1, as far as certificates need them.
//!
//! X.690. What is encoded is put together from the inside out, so a value is its bytes.

use der::asn1::ObjectIdentifier;

/// Encodes a value: its tag, its length, and the `parts` of its contents one after the other.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let length = contents.len().to_be_bytes();
    let significant = length.iter().skip_while(|byte| **byte == 0);
    let mut value = vec![tag];

    match u8::try_from(contents.len()) {
        Ok(short @ 0..=0x7f) => value.push(short),
        _ => {
            // CAST: 8 at most.
            value.push(0x80 | significant.clone().count() as u8);
            value.extend(significant);
        }
    }
    value.extend(contents);
    value
}

/// Encodes a `SEQUENCE`.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

/// Encodes an `OBJECT IDENTIFIER`.
pub(crate) fn oid(oid: ObjectIdentifier) -> Vec<u8> {
    tlv(0x06, &[oid.as_bytes()])
}

/// Encodes an `INTEGER`.
pub(crate) fn integer(value: u64) -> Vec<u8> {
    unsigned(&value.to_be_bytes())
}

/// Encodes an `INTEGER` of any size, given as its bytes, the most significant one first.
pub(crate) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = bytes.get(zeros..).unwrap_or_default();

    // The first bit is the sign.
    match digits.first() {
        Some(0..=0x7f) => tlv(0x02, &[digits]),
        _ => tlv(0x02, &[&[0], digits]),
    }
}

/// Encodes a `NULL`.
pub(crate) fn null() -> Vec<u8> {
    tlv(0x05, &[])
}

/// Encodes a `BOOLEAN`.
pub(crate) fn boolean(value: bool) -> Vec<u8> {
    tlv(0x01, &[&[if value { 0xff } else { 0 }]])
}

/// Encodes an `ENUMERATED`.
pub(crate) fn enumerated(value: u8) -> Vec<u8> {
    tlv(0x0a, &[&[value]])
}

/// Encodes an `OCTET STRING`.
pub(crate) fn octets(bytes: &[u8]) -> Vec<u8> {
    tlv(0x04, &[bytes])
}

/// Encodes a `BIT STRING` whose last byte has `unused` bits.
pub(crate) fn bits(unused: u8, bytes: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[unused], bytes])
}

/// Encodes a `UTF8String`.
pub(crate) fn text(text: &str) -> Vec<u8> {
    tlv(0x0c, &[text.as_bytes()])
}

/// Encodes an `IA5String`.
pub(crate) fn ascii(text: &str) -> Vec<u8> {
    tlv(0x16, &[text.as_bytes()])
}

/// Encodes a `UTCTime`, given as `YYMMDDhhmmssZ`.
pub(crate) fn time(time: &str) -> Vec<u8> {
    tlv(0x17, &[time.as_bytes()])
}

/// Encodes what is in a field with an explicit tag.
pub(crate) fn explicit(number: u8, parts: &[&[u8]]) -> Vec<u8> {
    tlv(0xa0 | number, parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_lengths_in_the_shortest_way() {
        assert_eq!(octets(&[7]), [4, 1, 7]);
        assert_eq!(octets(&[0; 127])[..2], [4, 127]);
        assert_eq!(octets(&[0; 128])[..3], [4, 0x81, 128]);
        assert_eq!(octets(&[0; 255])[..3], [4, 0x81, 255]);
        assert_eq!(octets(&[0; 256])[..4], [4, 0x82, 1, 0]);
    }

    #[test]
    fn encodes_integers_without_a_sign() {
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(127), [2, 1, 127]);
        assert_eq!(integer(128), [2, 2, 0, 128]);
        assert_eq!(integer(256), [2, 2, 1, 0]);
        assert_eq!(integer(u64::MAX).len(), 11);
        assert_eq!(unsigned(&[0, 0, 0x80, 1]), [2, 3, 0, 0x80, 1]);
    }

    #[test]
    fn encodes_object_identifiers() {
        let sgx = ObjectIdentifier::new_unwrap("1.2.840.113741.1.13.1");
        let expected = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 1, 13, 1];
        assert_eq!(oid(sgx), expected);
    }
}
