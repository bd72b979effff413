// SPDX-License-Identifier: GPL-2.0

//! An interface that is bound, started and unbound again and again, and the memory that stays in use.

use std::env;

use tsm_guest_tests::{
    function::Function as _,
    slabs,
    tdi::{
        connected,
        LOCK_MSIX, //
    }, //
};

/// Parts of the whole, after each of which the memory in use is read.
const PARTS: usize = 10;

#[test]
#[ignore = "takes long"]
fn an_interface_is_bound_again_and_again() {
    let binds: usize = env::var("TSM_BINDS").unwrap().parse().unwrap();
    let in_a_part = binds / PARTS;
    let (device, [interface, ..]) = connected();
    let bind = || {
        interface.bind(LOCK_MSIX).unwrap();
        interface.validate(interface.generation()).unwrap();
        interface.unbind().unwrap();
    };
    // Where the kernel does not tell, kmemleak looks for what stays, when all has ended.
    let in_use = || slabs::are_readable().then(slabs::in_use);

    // What is allocated only once is allocated before the measurement.
    (0..100).for_each(|_| bind());
    let generation = interface.generation();
    let mut readings = vec![in_use()];
    for _ in 0..PARTS {
        (0..in_a_part).for_each(|_| bind());
        readings.push(in_use());
    }
    // The report of each bind is a new generation, and so is its end.
    let changes = u64::try_from(2 * PARTS * in_a_part).unwrap();
    assert_eq!(interface.generation(), generation + changes);
    assert_eq!(interface.state(), "unlocked");
    device.disconnect().unwrap();

    let readings: Vec<usize> = readings.into_iter().flatten().collect();
    println!("kmalloc caches, bytes in use: {readings:?}");
    let growths = readings
        .windows(2)
        .map(|pair| pair[1].saturating_sub(pair[0]));
    // What stays of each bind has 8 bytes at least, and grows in each part. What else allocates does not.
    if let Some(least) = growths.min() {
        assert!(least < 8 * in_a_part, "{least} bytes a part");
    }
}
