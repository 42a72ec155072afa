//! Measured figures: which there are, and one value of each for each subject and round.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A column of the table.
pub struct Column {
    pub key: &'static str,
    pub title: &'static str,
    pub digits: usize,
}

const fn column(key: &'static str, title: &'static str, digits: usize) -> Column {
    Column { key, title, digits }
}

pub const COLUMNS: [Column; 13] = [
    column("cold_ms", "cold start ms", 1),
    column("cold_token_ms", "first token, cold ms", 2),
    column("added_p50_ms", "added to first token, p50 ms", 3),
    column("added_p99_ms", "p99 ms", 3),
    column("chunk_p50_us", "per chunk p50 µs", 0),
    column("chunk_p99_us", "p99 µs", 0),
    column("cpu_us", "processor µs per chunk", 1),
    column("chunks_per_s", "chunks/s flat out", 0),
    column("flat_cpu_us", "processor µs per chunk, flat out", 2),
    column("memory_mb", "memory MB", 1),
    column("many_p50_us", "64 streams: per chunk p50 µs", 0),
    column("many_p99_us", "p99 µs", 0),
    column("many_memory_mb", "memory MB", 1),
];

/// Every value of every subject, in the order in which the subjects were given.
pub struct Figures {
    subjects: Vec<(String, BTreeMap<&'static str, Vec<f64>>)>,
}

impl Figures {
    pub fn new(subjects: impl IntoIterator<Item = String>) -> Self {
        Self { subjects: subjects.into_iter().map(|name| (name, BTreeMap::new())).collect() }
    }

    /// Adds what one round brought.
    pub fn add(&mut self, subject: &str, key: &'static str, value: f64) {
        let found = self.subjects.iter_mut().find(|(name, _)| name == subject);
        if let Some((_, values)) = found {
            values.entry(key).or_default().push(value);
        }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.subjects.iter().map(|(name, _)| name.as_str())
    }

    /// The values of all rounds.
    pub fn values(&self, subject: &str, key: &str) -> &[f64] {
        let found = self.subjects.iter().find(|(name, _)| name == subject);
        found.and_then(|(_, values)| values.get(key)).map_or(&[], Vec::as_slice)
    }

    /// The median of the rounds.
    pub fn median(&self, subject: &str, key: &str) -> Option<f64> {
        quantile(self.values(subject, key), 0.5)
    }

    /// The median of the ratios of two subjects, round by round: what both lived through together cancels out.
    pub fn ratio(&self, subject: &str, base: &str, key: &str) -> Option<f64> {
        let pairs = self.pairs(subject, base, key).filter(|(_, base)| *base > 0.0);
        quantile(&pairs.map(|(one, base)| one / base).collect::<Vec<_>>(), 0.5)
    }

    /// The median of the differences of two subjects, round by round.
    pub fn difference(&self, subject: &str, base: &str, key: &str) -> Option<f64> {
        quantile(&self.pairs(subject, base, key).map(|(one, base)| one - base).collect::<Vec<_>>(), 0.5)
    }

    fn pairs(&self, subject: &str, base: &str, key: &str) -> impl Iterator<Item = (f64, f64)> {
        self.values(subject, key).iter().copied().zip(self.values(base, key).iter().copied())
    }

    /// All values of all rounds.
    pub fn json(&self) -> Value {
        let subjects = self.subjects.iter().map(|(name, values)| (name.clone(), json!(values)));
        Value::Object(subjects.collect::<Map<_, _>>())
    }
}

/// The value below which this part of the values lies.
pub fn quantile(values: &[f64], part: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let (below, above) = ((last as f64 * part).floor(), (last as f64 * part).ceil());
    let rest = last as f64 * part - below;
    Some(sorted[below as usize] * (1.0 - rest) + sorted[above as usize] * rest)
}
