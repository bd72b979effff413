// SPDX-License-Identifier: GPL-2.0

//! Values that have names: a table per type gives name, value and meaning.

/// A value that an option can have.
pub(crate) struct Choice<T> {
    /// What the user writes.
    pub(crate) name: &'static str,
    /// What it stands for.
    pub(crate) value: T,
    /// What it means. Empty if the name says it.
    pub(crate) meaning: &'static str,
}

impl<T> Choice<T> {
    /// A row of a table.
    pub(crate) const fn new(name: &'static str, value: T, meaning: &'static str) -> Self {
        Self {
            name,
            value,
            meaning,
        }
    }
}

/// A table of any type.
pub(crate) trait Choices {
    /// Returns the names and their meanings.
    fn rows(&self) -> Vec<(&'static str, &'static str)>;
}

impl<T, const N: usize> Choices for [Choice<T>; N] {
    fn rows(&self) -> Vec<(&'static str, &'static str)> {
        self.iter().map(|row| (row.name, row.meaning)).collect()
    }
}

/// Finds a value by its name. The error is what was expected.
pub(crate) fn choose<T: Copy>(table: &[Choice<T>], name: &str) -> Result<T, String> {
    let row = table.iter().find(|row| row.name == name);

    row.map(|row| row.value).ok_or_else(|| names(table))
}

/// Finds the name of a value.
pub(crate) fn name<T: PartialEq>(table: &[Choice<T>], value: &T) -> String {
    let row = table.iter().find(|row| row.value == *value);

    row.map(|row| row.name.into()).unwrap_or_default()
}

/// Lists the names of a table.
pub(crate) fn names<T>(table: &[Choice<T>]) -> String {
    list(table.iter().map(|row| row.name))
}

/// Lists words as a sentence does: `a, b or c`.
pub(crate) fn list(words: impl IntoIterator<Item = &'static str>) -> String {
    let words = words.into_iter().collect::<Vec<_>>();

    match words.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: [Choice<u8>; 3] = [
        Choice::new("one", 1, "a unit"),
        Choice::new("two", 2, ""),
        Choice::new("three", 3, ""),
    ];

    #[test]
    fn finds_each_value_by_its_name_and_back() {
        for row in &TABLE {
            assert_eq!(choose(&TABLE, row.name), Ok(row.value));
            assert_eq!(name(&TABLE, &row.value), row.name);
        }
        assert_eq!(name(&TABLE, &4), "");
    }

    #[test]
    fn says_which_names_there_are() {
        let error = choose(&TABLE, "four").unwrap_err();
        assert_eq!(error, "one, two or three");
    }

    #[test]
    fn lists_few_words() {
        assert_eq!(list([]), "");
        assert_eq!(list(["one"]), "one");
        assert_eq!(list(["one", "two"]), "one or two");
    }
}
