// SPDX-License-Identifier: GPL-2.0

//! `tdi`: the life of the interface of function 2 of a device: it is bound, judged, validated, started and unbound. Ends
//! with status 0 only if all is as Documentation/tdisp.md says.

use nix::errno::Errno;
use tsm_guest_tests::{
    function::Function as _,
    tdi::connected, //
};

fn main() {
    let (device, [_, _, interface]) = connected();

    interface.bind(0).unwrap();
    println!("bound: {}, {}", interface.state(), interface.text("trust"));
    println!("report: {} bytes", interface.read("report").unwrap().len());
    println!("ranges:\n{}", interface.text("ranges"));

    // What was judged before another lock is not what is there.
    let old = interface.generation();
    interface.unbind().unwrap();
    interface.bind(0).unwrap();
    assert_eq!(interface.validate(old), Err(Errno::ESTALE));
    assert_eq!(interface.state(), "locked");
    println!("validate {old}: {}", Errno::ESTALE);

    let current = interface.generation();
    interface.validate(current).unwrap();
    assert_eq!(interface.state(), "run");
    println!("validate {current}: {}", interface.state());

    interface.unbind().unwrap();
    assert_eq!(interface.state(), "unlocked");
    device.disconnect().unwrap();
}
