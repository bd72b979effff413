#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Client and server of one vfio-user crate disagree about a device reset.
#
# Package: the crate vfio_user 0.1.7.
#
# The crate has both sides of the protocol. The server says in the flags of its device information whether the device
# can be reset, and the client has resettable() for that. The two might be expected to say the same. The client says the
# opposite, for both values. Nor does the outcome of a reset get through. When the device refuses it with EBUSY, the
# reply has the error flag but error number 0, and reset() of the client returns Ok, as it looks at neither.
#
# A reset ends the SPDM session of a device and takes its interfaces out of the locked state. A device behind this
# server can't say why it refuses a reset, and a test with this client can't tell a refused reset from one that was
# done: it has to look at the state of the device.
#
# Output seen:
#   resets: server true, client false; reset() Ok(()); reply flags 0x1, error 0
#   has no reset: server false, client true
#   refuses with EBUSY: server true, client false; reset() Ok(()); reply flags 0x21, error 0
#
# Exits 0 while the crate behaves so, and 1 when the behaviour changes.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
cargo init --quiet --vcs none --name finding "$dir/finding"
cd -- "$dir/finding"
cargo add --quiet vfio_user@=0.1.7
cat >src/main.rs <<'EOF'
use std::fs::File;
use std::io::{Error, Read, Result, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use vfio_user::{Client, DmaMapFlags, DmaUnmapFlags, Server, ServerBackend};

const EBUSY: i32 = 16;
const DEVICE_RESET: u8 = 13;

/// A device without regions and interrupts, whose reset may fail.
struct Device {
    refuses: bool,
}

impl ServerBackend for Device {
    fn region_read(&mut self, _: u32, _: u64, _: &mut [u8]) -> Result<()> {
        Ok(())
    }
    fn region_write(&mut self, _: u32, _: u64, _: &[u8]) -> Result<()> {
        Ok(())
    }
    fn dma_map(&mut self, _: DmaMapFlags, _: u64, _: u64, _: u64, _: Option<File>) -> Result<()> {
        Ok(())
    }
    fn dma_unmap(&mut self, _: DmaUnmapFlags, _: u64, _: u64) -> Result<()> {
        Ok(())
    }
    fn reset(&mut self) -> Result<()> {
        match self.refuses {
            true => Err(Error::from_raw_os_error(EBUSY)),
            false => Ok(()),
        }
    }
    fn set_irqs(&mut self, _: u32, _: u32, _: u32, _: u32, _: Vec<File>) -> Result<()> {
        Ok(())
    }
}

/// Asks for a reset without the client of the crate, and returns flags and error number of the reply.
fn reset_on_the_wire(path: &Path) -> (u8, u8) {
    let mut stream = UnixStream::connect(path).unwrap();
    // A header alone: message id 1 (u16), command (u16), size 16 (u32), flags (u32), error (u32).
    let mut header = [1, 0, DEVICE_RESET, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    stream.write_all(&header).unwrap();
    stream.read_exact(&mut header).unwrap();
    assert_eq!(header[..8], [1, 0, DEVICE_RESET, 0, 16, 0, 0, 0]);
    (header[8], header[12])
}

fn main() {
    let path = Path::new("socket");
    for (text, resettable, refuses) in [
        ("resets", true, false),
        ("has no reset", false, false),
        ("refuses with EBUSY", true, true),
    ] {
        let server = Server::new(path, resettable, Vec::new(), Vec::new()).unwrap();
        // The server takes one connection in each run.
        let serving = thread::spawn(move || {
            server.run(&mut Device { refuses }).unwrap();
            server.run(&mut Device { refuses }).unwrap();
        });

        let mut client = Client::new(path).unwrap();
        print!("{text}: server {resettable}, client {}", client.resettable());
        let outcome = resettable.then(|| client.reset());
        client.shutdown().unwrap();
        drop(client);
        match outcome {
            None => drop(UnixStream::connect(path).unwrap()),
            Some(outcome) => {
                let (flags, error) = reset_on_the_wire(path);
                print!("; reset() {outcome:?}; reply flags {flags:#x}, error {error}");
            }
        }
        println!();
        serving.join().unwrap();
    }
}
EOF
cargo run --quiet | tee "$dir/seen"

diff - "$dir/seen" <<'EOF'
resets: server true, client false; reset() Ok(()); reply flags 0x1, error 0
has no reset: server false, client true
refuses with EBUSY: server true, client false; reset() Ok(()); reply flags 0x21, error 0
EOF
