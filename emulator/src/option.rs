// SPDX-License-Identifier: GPL-2.0

//! Options: a table per configuration gives key, meaning, default and parser. The parser and the
//! help both read it.

pub(crate) mod choice;
#[cfg(test)]
pub(crate) mod documented;
mod row;
pub(crate) mod shared;
pub(crate) mod value;

use std::fmt::Write as _;

use choice::list;

pub(crate) use row::{
    put,
    Opt,
    Values, //
};

/// Sets the option with a key. Returns whether there is one. The error is what was expected.
pub(crate) fn set<C>(
    options: &[Opt<C>],
    config: &mut C,
    key: &str,
    value: &str,
) -> Result<bool, String> {
    match options.iter().find(|option| option.key == key) {
        Some(option) => (option.set)(config, value).map(|()| true),
        None => Ok(false),
    }
}

/// Returns the keys.
pub(crate) fn keys<C>(options: &[Opt<C>]) -> impl Iterator<Item = &'static str> + '_ {
    options.iter().map(|option| option.key)
}

/// Says which keys there are, to a user of another one.
pub(crate) fn another(keys: impl IntoIterator<Item = &'static str>) -> String {
    format!("another key: {}", list(keys))
}

/// Returns a line of help per option, then the tables of values.
pub(crate) fn help<C: Default>(options: &[Opt<C>]) -> String {
    let (mut lines, mut tables) = (String::new(), String::new());
    let config = C::default();

    for option in options {
        let mut meaning = option.meaning.to_string();
        match option.values {
            Values::Said => {}
            Values::Line(choices) => {
                let values = choices.rows().into_iter().map(|row| match row {
                    (name, "") => name.into(),
                    (name, meaning) => format!("{name} ({meaning})"),
                });
                let _ = write!(meaning, ": {}", values.collect::<Vec<_>>().join(", "));
            }
            Values::Table(choices) => {
                meaning.push_str(", see below");
                let _ = writeln!(tables, "\n{}=", option.key);
                for (name, meaning) in choices.rows() {
                    tables.push_str(&line(name, meaning));
                }
            }
        }
        let default = (option.default)(&config);
        lines.push_str(&line(option.key, &format!("{meaning} [{default}]")));
    }
    lines + &tables
}

/// Returns a line with two columns.
fn line(name: &str, text: &str) -> String {
    format!("  {name:<33} {text}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::option::choice::{
        choose,
        name,
        Choice, //
    };

    const TABLE: [Choice<bool>; 2] = [
        Choice::new("no", false, "it does not"),
        Choice::new("yes", true, ""),
    ];

    const OPTIONS: [Opt<(bool, bool)>; 2] = [
        Opt {
            key: "first",
            meaning: "what the first does",
            values: Values::Table(&TABLE),
            default: |c| name(&TABLE, &c.0),
            set: |c, v| put(&mut c.0, choose(&TABLE, v)),
        },
        Opt {
            key: "second",
            meaning: "what the second does",
            values: Values::Line(&TABLE),
            default: |c| name(&TABLE, &c.1),
            set: |c, v| put(&mut c.1, choose(&TABLE, v)),
        },
    ];

    #[test]
    fn sets_the_option_that_has_the_key() {
        let mut config = (false, false);
        assert_eq!(set(&OPTIONS, &mut config, "second", "yes"), Ok(true));
        assert_eq!(config, (false, true));
        assert_eq!(set(&OPTIONS, &mut config, "third", "yes"), Ok(false));
        let refused = set(&OPTIONS, &mut config, "first", "maybe");
        assert_eq!(refused, Err("no or yes".into()));
        assert_eq!(config, (false, true));
    }

    #[test]
    fn says_which_keys_there_are() {
        assert_eq!(another(keys(&OPTIONS)), "another key: first or second");
    }

    #[test]
    fn prints_options_then_tables() {
        let expected = "  \
  first                             what the first does, see below [no]
  second                            what the second does: no (it does not), yes [no]

first=
  no                                it does not
  yes                               \n";
        assert_eq!(help(&OPTIONS), expected);
    }
}
