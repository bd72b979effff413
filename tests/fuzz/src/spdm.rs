// SPDX-License-Identifier: GPL-2.0

//! The messages of SPDM. The first byte of an input is the version, the others are the message.

mod certificates;
mod evidence;
mod negotiation;
mod requester;
mod session;

pub(crate) use certificates::{
    certificate,
    chain,
    digests, //
};
pub(crate) use evidence::{
    challenge,
    error,
    measurements, //
};
pub(crate) use negotiation::{
    algorithms,
    capabilities,
    version, //
};
pub(crate) use requester::requester;
pub(crate) use session::{
    end_session,
    finish,
    key_exchange,
    opaque,
    secured,
    vendor_defined, //
};

use tsm_proto::spdm::{
    Layout,
    Padding,
    Request,
    Result,
    Version, //
};

/// Takes the version from the start of an input.
fn split(data: &[u8]) -> Option<(Layout, &[u8])> {
    let (version, message) = data.split_first()?;
    let layout = Layout {
        version: Version::new(*version)?,
        hash: 48,
        signature: 96,
        exchange: 96,
    };

    Some((layout, message))
}

/// Parses a response in clear. What is accepted is the start of the message up to its padding, is accepted
/// without it, and is not accepted when a byte is missing.
fn parse<'a, R: Request>(
    request: &R,
    layout: &Layout,
    message: &'a [u8],
) -> Result<(R::Response<'a>, &'a [u8])> {
    let (response, exact) = request.parse(layout, message, Padding::Dword)?;

    assert!(message.starts_with(exact));
    assert!(message.len() - exact.len() <= 3);
    assert_eq!(exact[1], R::CODE.raw() & 0x7f);
    assert!(request.parse(layout, exact, Padding::None).is_ok());
    let short = &exact[..exact.len() - 1];
    assert!(request.parse(layout, short, Padding::None).is_err());
    Ok((response, exact))
}
