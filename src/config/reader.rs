//! Reads values by their names and collects what is wrong with them.

use super::{ConfigError, MAX_DURATION_MS};
use std::{ops::RangeInclusive, time::Duration};

/// A lookup and the problems that it has shown so far.
pub struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>, problems: Vec<String>) -> Self {
        Self { lookup, problems }
    }

    /// The value as it is set, empty or not.
    pub fn raw(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
    }

    /// The value; an empty one is none.
    pub fn text(&self, name: &str) -> Option<String> {
        self.raw(name).filter(|value| !value.is_empty())
    }

    /// The elements of a comma-separated value.
    pub fn list(&self, name: &str) -> Option<Vec<String>> {
        let value = self.text(name)?;
        let elements = value.split(',').map(str::trim).filter(|element| !element.is_empty());
        Some(elements.map(str::to_owned).collect())
    }

    pub fn number(&mut self, name: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
        let Some(value) = self.text(name) else { return default };
        match value.trim().parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let (low, high) = range.into_inner();
                self.problem(format!("{name} must be a whole number from {low} to {high}, not {value:?}"));
                default
            }
        }
    }

    pub fn duration_ms(&mut self, name: &str, default: u64) -> Duration {
        Duration::from_millis(self.number(name, default, 1..=MAX_DURATION_MS))
    }

    pub fn problem(&mut self, sentence: String) {
        self.problems.push(sentence);
    }

    pub fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() { Ok(value) } else { Err(ConfigError(self.problems)) }
    }
}
