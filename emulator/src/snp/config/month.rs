// SPDX-License-Identifier: GPL-2.0

//! A month, since the start of which a certificate is valid.

use std::{
    ops::Range,
    time::{
        SystemTime,
        UNIX_EPOCH, //
    }, //
};

use x509_cert::der::DateTime;

/// A month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Month {
    year: u16,
    month: u8,
}

impl Month {
    /// The years of which a certificate can encode the start of each month in `UTCTime`, and of the same month a
    /// year later.
    const YEARS: Range<u16> = 1950..2049;

    /// Parses `YYYY-MM`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |text: &str, count| {
            text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
        };

        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        let (year, month) = (year.parse().ok()?, month.parse().ok()?);
        (Self::YEARS.contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    /// Returns the month that it is.
    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = since
            .ok()
            .and_then(|since| DateTime::from_unix_duration(since).ok());

        // PANIC: It fails before 1970 and after 9999.
        let now = now.expect("date");
        Self {
            year: now.year(),
            month: now.month(),
        }
    }

    /// Returns its first second, and that of the same month a year later, as certificates are given times.
    pub(crate) fn and_a_year(self) -> [String; 2] {
        [self.year, self.year + 1].map(|year| format!("{year}-{:02}-01T00:00:00Z", self.month))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_years_and_months() {
        for (text, expected) in [
            ("2026-03", ["2026-03-01T00:00:00Z", "2027-03-01T00:00:00Z"]),
            ("1950-01", ["1950-01-01T00:00:00Z", "1951-01-01T00:00:00Z"]),
            ("2048-12", ["2048-12-01T00:00:00Z", "2049-12-01T00:00:00Z"]),
        ] {
            assert_eq!(Month::parse(text).unwrap().and_a_year(), expected);
        }
    }

    #[test]
    fn refuses_what_is_no_month() {
        for text in [
            "",
            "2026",
            "2026-3",
            "2026-00",
            "2026-13",
            "26-03",
            "+026-03",
            "2026-03-01",
            "1949-12",
            "2049-01",
        ] {
            assert_eq!(Month::parse(text), None);
        }
    }

    #[test]
    fn it_is_a_month_of_this_century() {
        assert!((2026..2100).contains(&Month::now().year));
    }
}
