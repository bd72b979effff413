// SPDX-License-Identifier: GPL-2.0

//! Options that each platform has, with a meaning of its own.

use std::path::PathBuf;

use super::{
    row::{
        put,
        Opt,
        Values, //
    },
    value::{
        count,
        number, //
    },
};

/// Where a configuration keeps the values.
pub(crate) struct Fields<'a> {
    /// How often calls are busy.
    pub(crate) busy: &'a mut u32,
    /// How many calls are done before any is not.
    pub(crate) refuse_after: &'a mut u32,
    /// How many calls are not done then.
    pub(crate) refuse_count: &'a mut u32,
    /// The seed of random changes.
    pub(crate) mutate: &'a mut Option<u64>,
    /// How many answers are changed.
    pub(crate) mutate_count: &'a mut u64,
    /// Where calls are logged.
    pub(crate) trace: &'a mut Option<PathBuf>,
}

/// A configuration that has them.
pub(crate) trait Shared: Clone {
    /// Returns where it keeps them.
    fn fields(&mut self) -> Fields<'_>;
}

/// `busy`.
pub(crate) const fn busy<C: Shared>(meaning: &'static str) -> Opt<C> {
    Opt {
        key: "busy",
        meaning,
        values: Values::Said,
        default: |c| c.clone().fields().busy.to_string(),
        set: |c, v| put(c.fields().busy, count(v)),
    }
}

/// `refuse_after`.
pub(crate) const fn refuse_after<C: Shared>(meaning: &'static str) -> Opt<C> {
    Opt {
        key: "refuse_after",
        meaning,
        values: Values::Said,
        default: |c| c.clone().fields().refuse_after.to_string(),
        set: |c, v| put(c.fields().refuse_after, count(v)),
    }
}

/// `refuse_count`.
pub(crate) const fn refuse_count<C: Shared>(meaning: &'static str) -> Opt<C> {
    Opt {
        key: "refuse_count",
        meaning,
        values: Values::Said,
        default: |_| "all".into(),
        set: |c, v| put(c.fields().refuse_count, count(v)),
    }
}

/// `mutate`.
pub(crate) const fn mutate<C: Shared>(meaning: &'static str) -> Opt<C> {
    Opt {
        key: "mutate",
        meaning,
        values: Values::Said,
        default: |_| "none".into(),
        set: |c, v| put(c.fields().mutate, number(v).map(Some)),
    }
}

/// `mutate_count`.
pub(crate) const fn mutate_count<C: Shared>() -> Opt<C> {
    Opt {
        key: "mutate_count",
        meaning: "how many answers are changed",
        values: Values::Said,
        default: |_| "all".into(),
        set: |c, v| put(c.fields().mutate_count, number(v)),
    }
}

/// `trace`.
pub(crate) const fn trace<C: Shared>(meaning: &'static str) -> Opt<C> {
    Opt {
        key: "trace",
        meaning,
        values: Values::Said,
        default: |_| "none".into(),
        set: |c, v| {
            *c.fields().trace = Some(v.into());
            Ok(())
        },
    }
}
