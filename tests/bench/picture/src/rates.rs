// SPDX-License-Identifier: GPL-2.0

//! Reports in a second, over how many tasks ask for one at once.

use plotters::{
    coord::Shift,
    prelude::*, //
};

use crate::rows::{
    Row,
    Rows, //
};

/// What was measured with so many tasks: reports in a second.
#[derive(Debug, PartialEq)]
pub(crate) struct Rate {
    tasks: f64,
    ours: f64,
    theirs: f64,
}

/// The name, the colour and the values of a curve.
type Curve = (&'static str, RGBColor, fn(&Rate) -> f64);

/// Returns the rates of all rows that have one.
pub(crate) fn of(rows: &Rows) -> Vec<Rate> {
    rows.rows.iter().filter_map(rate).collect()
}

/// Returns the rate of a row whose name is `report, N at once` and what the VMM does.
fn rate(row: &Row) -> Option<Rate> {
    let (tasks, _) = row.name.strip_prefix("report, ")?.split_once(" at once")?;
    let per_second = |nanoseconds: f64| 1e9 / nanoseconds;

    (row.unit == "ns").then_some(Rate {
        tasks: tasks.parse().ok()?,
        ours: per_second(row.ours),
        theirs: per_second(row.theirs),
    })
}

/// Draws a curve for each of the drivers.
pub(crate) fn draw<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    rates: &[Rate],
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    let most = |value: fn(&Rate) -> f64| rates.iter().map(value).fold(1.0, f64::max);
    let top = 1.1 * most(|rate| rate.ours.max(rate.theirs));
    let mut chart = ChartBuilder::on(area)
        .caption("reports in a second: more is better", ("sans-serif", 16))
        .margin(16)
        .x_label_area_size(36)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..most(|rate| rate.tasks), 0.0..top)?;

    chart
        .configure_mesh()
        .x_desc("tasks that ask for one at once")
        .x_label_formatter(&|tasks| format!("{tasks:.0}"))
        .y_label_formatter(&|rate| format!("{rate:.0}"))
        .light_line_style(TRANSPARENT)
        .draw()?;
    let curves: [Curve; 2] = [
        ("ours", BLUE, |rate| rate.ours),
        ("the kernel's own", BLACK, |rate| rate.theirs),
    ];
    for (name, colour, value) in curves {
        let points = rates.iter().map(|rate| (rate.tasks, value(rate)));

        chart
            .draw_series(LineSeries::new(points, &colour).point_size(3))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::MiddleLeft)
        .border_style(BLACK)
        .background_style(WHITE)
        .draw()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, unit: &str) -> Row {
        Row {
            platform: "tdx".into(),
            name: name.into(),
            unit: unit.into(),
            ours: 4e6,
            theirs: 1e9,
            ratio: 0.004,
        }
    }

    #[test]
    fn takes_times_of_reports_that_are_asked_for_at_once() {
        let name = "report, 16 at once, the VMM takes 3 ms";
        let expected = Rate {
            tasks: 16.0,
            ours: 250.0,
            theirs: 1.0,
        };

        assert_eq!(rate(&row(name, "ns")), Some(expected));
        assert_eq!(rate(&row(name, "instructions")), None);
        assert_eq!(rate(&row("report, the VMM takes 3 ms", "ns")), None);
    }
}
