//! Reads settings by name and collects the problems with them.

use std::{ops::RangeInclusive, str::FromStr, time::Duration};

/// The durations of a setting: up to Lambda's own limit of 15 minutes.
pub const MILLISECONDS: RangeInclusive<u64> = 1..=900_000;

/// A lookup and the problems found so far.
pub struct Env<'a> {
    pub lookup: &'a dyn Fn(&str) -> Option<String>,
    pub problems: Vec<String>,
}

impl Env<'_> {
    /// The value as set, even when empty.
    pub fn raw(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
    }

    /// The value. Empty means unset.
    pub fn text(&self, name: &str) -> Option<String> {
        self.raw(name).filter(|value| !value.trim().is_empty())
    }

    /// The value in a `form` that the problem names.
    pub fn parsed<T: FromStr>(&mut self, name: &str, fits: impl FnOnce(&T) -> bool, form: &str) -> Option<T> {
        let parsed = self.text(name)?.trim().parse().ok().filter(fits);
        if parsed.is_none() {
            self.problem(format!("{name} must be {form}"));
        }
        parsed
    }

    pub fn number(&mut self, name: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let form = format!("a whole number from {} to {}", range.start(), range.end());
        self.parsed(name, |number| range.contains(number), &form)
    }

    pub fn milliseconds(&mut self, name: &str, default: u64) -> Duration {
        Duration::from_millis(self.number(name, MILLISECONDS).unwrap_or(default))
    }

    /// A value that the setting `needed_by` requires.
    pub fn required(&mut self, name: &str, needed_by: &str) -> Option<String> {
        let value = self.text(name);
        if value.is_none() {
            self.problem(format!("{name} is not set, but {needed_by} needs it"));
        }
        value
    }

    pub fn problem(&mut self, sentence: impl Into<String>) {
        self.problems.push(sentence.into());
    }
}

/// The elements of a comma-separated value.
pub fn elements(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|element| !element.is_empty()).map(str::to_owned).collect()
}
