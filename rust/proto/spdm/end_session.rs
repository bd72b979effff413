// SPDX-License-Identifier: GPL-2.0

//! END_SESSION and END_SESSION_ACK. DSP0274 1.4, section "END_SESSION request and END_SESSION_ACK
//! response messages".

use super::{
    header::{
        Code,
        Header,
        Request, //
    },
    Layout,
    Reader,
    Result,
    Writer, //
};

/// The request. Param1 stays 0: the responder may keep the negotiated state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndSession;

impl Request for EndSession {
    const CODE: Code = Code::END_SESSION;
    type Response<'a> = ();

    fn write(&self, layout: &Layout, writer: &mut Writer<'_>) -> Result {
        Header::new(layout.version, Self::CODE, 0, 0).write(writer)
    }

    fn read(&self, _layout: &Layout, _header: &Header, _reader: &mut Reader<'_>) -> Result {
        Ok(())
    }
}
