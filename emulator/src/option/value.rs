// SPDX-License-Identifier: GPL-2.0

//! Values of options. The error is what was expected.

use tsm_proto::Digest384;

/// What a value parses to.
type Result<T> = std::result::Result<T, &'static str>;

/// Parses a hexadecimal number, with or without `0x`.
pub(crate) fn hex(value: &str) -> Result<u64> {
    let digits = value.strip_prefix("0x").unwrap_or(value);

    u64::from_str_radix(digits, 16).map_err(|_| "a hexadecimal number")
}

/// Parses a hexadecimal number of 32 bits.
pub(crate) fn hex32(value: &str) -> Result<u32> {
    u32::try_from(hex(value)?).map_err(|_| "32 bits")
}

/// Parses a number.
pub(crate) fn number(value: &str) -> Result<u64> {
    value.parse().map_err(|_| "a number")
}

/// Parses a number that is not very large.
pub(crate) fn count(value: &str) -> Result<u32> {
    value.parse().map_err(|_| "a number below 2^32")
}

/// Parses a number of bytes, or of KiB or MiB with `K` or `M` behind it. 64 MiB is the most.
pub(crate) fn size(value: &str) -> Result<u32> {
    let (digits, unit) = match value.strip_suffix('K') {
        Some(digits) => (digits, 1 << 10),
        None => match value.strip_suffix('M') {
            Some(digits) => (digits, 1 << 20),
            None => (value, 1),
        },
    };
    let size = digits.parse().ok();

    size.and_then(|size: u32| size.checked_mul(unit))
        .filter(|size| *size <= 64 << 20)
        .ok_or("a number of bytes, KiB (K) or MiB (M), 64M at most")
}

/// Parses a digest.
pub(crate) fn digest(value: &str) -> Result<Digest384> {
    bytes(value)
        .map(Digest384::new)
        .ok_or("96 hexadecimal digits")
}

/// Parses bytes, two digits each.
pub(crate) fn bytes<const N: usize>(value: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];

    if value.len() != 2 * N || !value.bytes().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(value.as_bytes().chunks_exact(2)) {
        let digits = std::str::from_utf8(digits).ok()?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_sizes_with_units() {
        assert_eq!(size("131048"), Ok(131_048));
        assert_eq!(size("8K"), Ok(8192));
        assert_eq!(size("4M"), Ok(4 << 20));
    }

    #[test]
    fn refuses_sizes_that_make_no_sense() {
        for value in ["", "K", "-1", "65M", "4096M", "1G"] {
            assert!(size(value).is_err());
        }
    }
}
