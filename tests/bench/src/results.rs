// SPDX-License-Identifier: GPL-2.0

//! What was measured, and how it is printed.

use std::fmt;

use crate::{
    drivers::Drivers,
    meter::Unit, //
};

/// All that was measured.
#[derive(Debug, Default)]
pub(crate) struct Results(Vec<Samples>);

/// What was measured of one operation.
#[derive(Debug)]
struct Samples {
    operation: String,
    drivers: Drivers,
    unit: Unit,
    values: Vec<u64>,
}

impl Results {
    /// Adds what an operation cost, to what it cost before.
    pub(crate) fn add(
        &mut self,
        operation: &str,
        drivers: Drivers,
        unit: Unit,
        values: impl IntoIterator<Item = u64>,
    ) {
        let same =
            |s: &&mut Samples| (&*s.operation, s.drivers, s.unit) == (operation, drivers, unit);

        match self.0.iter_mut().find(same) {
            Some(samples) => samples.values.extend(values),
            None => self.0.push(Samples {
                operation: operation.to_owned(),
                drivers,
                unit,
                values: values.into_iter().collect(),
            }),
        }
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for samples in &self.0 {
            let mut values = samples.values.clone();
            values.sort_unstable();
            let [Some(min), Some(median), Some(max)] =
                [values.first(), values.get(values.len() / 2), values.last()]
            else {
                continue;
            };

            // None of the names has anything in it that JSON would want escaped.
            writeln!(
                f,
                r#"{{"operation": "{}", "drivers": "{}", "unit": "{}", "count": {}, "min": {min}, "median": {median}, "max": {max}}}"#,
                samples.operation,
                samples.drivers.name(),
                match samples.unit {
                    Unit::Instructions => "instructions",
                    Unit::Nanoseconds => "ns",
                    Unit::Bytes => "bytes",
                    Unit::Exchanges => "exchanges",
                    Unit::Accesses => "accesses",
                    Unit::Thousandths => "thousandths",
                    Unit::WakeUps => "wake-ups",
                },
                values.len(),
            )?;
        }
        Ok(())
    }
}
