// SPDX-License-Identifier: GPL-2.0

//! Ratios, as bars.

use plotters::{
    coord::Shift,
    prelude::*, //
};

use crate::rows::Rows;

/// Height of a row, and of what is above and below all rows.
const ROW: u32 = 18;
const MARGIN: u32 = 60;

/// Width of the names.
const NAMES: u32 = 480;

/// The ratios that are shown. A bar that would be longer ends here; its number tells.
const RATIOS: std::ops::Range<f64> = 0.05..20.0;

/// Where ours are better, and where they are not.
const BETTER: RGBColor = RGBColor(46, 125, 50);
const WORSE: RGBColor = RGBColor(198, 40, 40);

/// Returns the height of all rows.
pub(crate) fn height(rows: &Rows) -> u32 {
    MARGIN + ROW * u32::try_from(rows.rows.len()).unwrap_or(u32::MAX / (2 * ROW))
}

/// Draws them, the first one on top.
pub(crate) fn draw<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    rows: &Rows,
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    let title = format!(
        "ours to the kernel's own, {} kernel: less is better",
        rows.kernel
    );
    let count = rows.rows.len();
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 16))
        .margin_left(NAMES)
        .margin_right(60)
        .x_label_area_size(24)
        .build_cartesian_2d(RATIOS.log_scale(), 0.0..count as f64)?;

    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_labels(8)
        .draw()?;
    for (index, row) in rows.rows.iter().enumerate() {
        let top = (count - index) as f64;
        let end = row.ratio.clamp(RATIOS.start, RATIOS.end);
        let colour = if row.ratio <= 1.0 { BETTER } else { WORSE };

        chart.draw_series([Rectangle::new(
            [(1.0, top - 0.15), (end, top - 0.85)],
            colour.filled(),
        )])?;
        // What is left and right of the bars.
        let (_, middle) = chart.backend_coord(&(1.0, top - 0.5));
        let name = format!("{}: {}, {}", row.platform, row.name, row.unit);
        let (_, above) = area.get_base_pixel();
        let at = middle - above - 6;
        let style = ("sans-serif", 12).into_font().color(&BLACK);

        area.draw_text(&name, &style, (8, at))?;
        area.draw_text(&format!("{:.2}", row.ratio), &style, (950, at))?;
    }
    Ok(())
}
