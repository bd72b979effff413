// SPDX-License-Identifier: GPL-2.0

//! `ide`: the link of a device, which is encrypted only if the module was told that the other end is taken care of, and
//! without which the device locks no interface. Ends with status 0 only if all is as Documentation/tdisp.md says.

use nix::errno::Errno;
use tsm_guest_tests::{
    function::Function as _,
    modules::{
        load_with,
        unload, //
    },
    spdm::{
        devices,
        MODULE, //
    },
    tdi::Interface, //
};

fn main() {
    let device = devices().swap_remove(0);
    let [interface, _] = Interface::of(&device);

    device.connect(0).unwrap();
    assert_eq!(device.encrypt(1), Err(Errno::EOPNOTSUPP));
    println!("ide: {}", Errno::EOPNOTSUPP);

    unload(MODULE).unwrap();
    load_with(MODULE, "ide_unpaired=1").unwrap();
    device.connect(0).unwrap();
    assert_eq!(interface.bind(0), Err(Errno::EREMOTEIO));
    println!("bind: {}", Errno::EREMOTEIO);
    device.encrypt(1).unwrap();
    println!("ide: {}", device.text("ide"));
    interface.bind(0).unwrap();
    interface.validate(interface.generation()).unwrap();
    assert_eq!(interface.state(), "run");
    println!("bind, validate: {}", interface.state());

    device.disconnect().unwrap();
}
