//! Reads settings by name and collects the problems with them.

use super::ConfigError;
use std::{ops::RangeInclusive, time::Duration};

/// The largest duration of a setting: Lambda's own limit of 15 minutes.
const MAX_DURATION_MS: u64 = 900_000;

/// A lookup and the problems found so far.
pub struct Env<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl<'a> Env<'a> {
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, problems: Vec::new() }
    }

    /// The value as set, even when empty.
    pub fn raw(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
    }

    /// The value. Empty means unset.
    pub fn text(&self, name: &str) -> Option<String> {
        self.raw(name).filter(|value| !value.trim().is_empty())
    }

    /// The value, or the default when unset. Empty turns the setting off.
    pub fn or_default(&self, name: &str, default: &str) -> Option<String> {
        let value = self.raw(name).unwrap_or_else(|| default.to_owned());
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
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
                self.problem(format!("{name} must be a whole number from {low} to {high}"));
                default
            }
        }
    }

    pub fn milliseconds(&mut self, name: &str, default: u64) -> Duration {
        Duration::from_millis(self.number(name, default, 1..=MAX_DURATION_MS))
    }

    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        let value = self.text(name)?;
        let parsed = value.trim().parse().ok();
        if parsed.is_none() {
            self.problem(format!("{name} must be true or false"));
        }
        parsed
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

    pub fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() { Ok(value) } else { Err(ConfigError(self.problems)) }
    }
}
