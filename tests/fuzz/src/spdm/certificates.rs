// SPDX-License-Identifier: GPL-2.0

//! DIGESTS, CERTIFICATE, chains.

use tsm_proto::spdm::{
    certificate::GetCertificate,
    chain::Chain,
    digests::GetDigests,
    Slot, //
};

use super::{
    parse,
    split, //
};

/// There is a digest for each slot of the mask, in order.
pub(crate) fn digests(data: &[u8]) -> bool {
    let Some((layout, message)) = split(data) else {
        return false;
    };
    let Ok((digests, exact)) = parse(&GetDigests, &layout, message) else {
        return false;
    };
    let mut expected = exact[4..].chunks_exact(48);

    for number in 0..8 {
        let slot = Slot::new(number).expect("there are eight");
        let has = exact[3] & (1 << number) != 0;
        let digest = if has { expected.next() } else { None };
        assert_eq!(digests.get(slot), digest);
        assert_eq!(digests.slots().has(slot), has);
    }
    assert_eq!(expected.next(), None);
    true
}

/// A portion is not empty, not longer than asked for, and at the end of the message.
pub(crate) fn certificate(data: &[u8]) -> bool {
    let Some((layout, message)) = split(data) else {
        return false;
    };
    let request = GetCertificate {
        slot: Slot::FIRST,
        offset: 100,
        length: 1000,
    };
    let Ok((portion, exact)) = parse(&request, &layout, message) else {
        return false;
    };

    assert!((1..=1000).contains(&portion.bytes.len()));
    assert!(exact.ends_with(portion.bytes));
    assert_eq!(exact[2] & 0xf, 0);
    let Ok(total) = request.total(&portion) else {
        return false;
    };
    let next = request.next(&portion, total).expect("it adds up");
    match next {
        None => assert_eq!(portion.remainder, 0),
        Some(next) => assert_eq!(usize::from(next.offset), 100 + portion.bytes.len()),
    }
    for wrong in [total.wrapping_sub(1), total.wrapping_add(1)] {
        assert!(request.next(&portion, wrong).is_err());
    }
    true
}

/// Returns the length of the DER sequence at the start of `bytes`.
fn sequence(bytes: &[u8]) -> Option<usize> {
    let first = usize::from(*bytes.get(1)?);
    let count = first.checked_sub(0x80);
    let len = match count {
        None => first,
        Some(count @ 1..=3) => bytes
            .get(2..2 + count)?
            .iter()
            .fold(0, |len, byte| (len << 8) | usize::from(*byte)),
        Some(_) => return None,
    };
    let is_minimal = match count {
        None => true,
        Some(1) => len >= 0x80,
        Some(count) => len >> (8 * (count - 1)) > 0,
    };

    (bytes[0] == 0x30 && is_minimal).then_some(2 + count.unwrap_or(0) + len)
}

/// A chain is accepted if it is whole sequences, and the leaf is the last of them.
pub(crate) fn chain(data: &[u8]) -> bool {
    let parsed = Chain::parse(48, data);
    let mut rest = data.get(52..).unwrap_or_default();
    let mut leaf: &[u8] = &[];
    while let Some((first, after)) = sequence(rest).and_then(|len| rest.split_at_checked(len)) {
        (leaf, rest) = (first, after);
    }
    let length = data
        .first_chunk()
        .map(|len| u32::from_le_bytes(*len) as usize);

    let is_chain = length == Some(data.len()) && rest.is_empty() && !leaf.is_empty();
    assert_eq!(parsed.is_ok(), is_chain);
    if let Ok(chain) = parsed {
        assert_eq!(chain.leaf(), leaf);
        assert_eq!(chain.root_hash(), &data[4..52]);
        let all: Vec<_> = chain.certificates().flatten().copied().collect();
        assert_eq!(all, data[52..]);
    }
    is_chain
}
