// SPDX-License-Identifier: GPL-2.0

//! Draws what `make bench` has measured: `tsm-bench-picture BENCH.json PICTURE.svg`.
//!
//! Each row is a bar from 1, where both drivers are the same, to the ratio of ours to the kernel's own.
//! Where reports were asked for by several tasks at once, curves below show how many come in a second.

mod bars;
mod rates;
mod rows;

use std::{
    env,
    error::Error,
    fs, //
};

use plotters::prelude::*;

use rows::Rows;

/// Width of the picture in pixels.
const WIDTH: u32 = 1000;

/// Height of the curves.
const CURVES: u32 = 320;

fn main() -> Result<(), Box<dyn Error>> {
    let (from, to) = match &env::args().skip(1).collect::<Vec<_>>()[..] {
        [from, to] => (from.clone(), to.clone()),
        _ => return Err("usage: tsm-bench-picture BENCH.json PICTURE.svg".into()),
    };
    let rows: Rows = serde_json::from_str(&fs::read_to_string(from)?)?;
    let (height, rates) = (bars::height(&rows), rates::of(&rows));
    let curves = if rates.is_empty() { 0 } else { CURVES };
    let area = SVGBackend::new(&to, (WIDTH, height + curves)).into_drawing_area();

    area.fill(&WHITE)?;
    let (above, below) = area.split_vertically(height);
    bars::draw(&above, &rows)?;
    if curves > 0 {
        rates::draw(&below, &rates)?;
    }
    area.present()?;
    Ok(())
}
