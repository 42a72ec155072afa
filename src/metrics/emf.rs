//! One request's metrics as a line of the embedded metric format.

use super::{DIMENSIONS, METRICS, MODEL, NAMESPACE, ROUTE};
use crate::{log::Moment, record::Facts};
use metrique::{
    emf::Emf,
    writer::{Entry, EntryWriter, MetricFlags, Observation, Unit, Value, ValueWriter, format::Format},
};
use std::sync::{LazyLock, Mutex, PoisonError};

static BY_ROUTE: LazyLock<Mutex<Emf>> = LazyLock::new(|| formatter(&DIMENSIONS[..1]));
static BY_ROUTE_AND_MODEL: LazyLock<Mutex<Emf>> = LazyLock::new(|| formatter(&DIMENSIONS));

fn formatter(dimensions: &[&[&str]]) -> Mutex<Emf> {
    let owned = |set: &&[&str]| set.iter().map(|name| (*name).to_owned()).collect();
    Mutex::new(Emf::builder(NAMESPACE.to_owned(), dimensions.iter().map(owned).collect()).build())
}

/// The line, with its end. It carries the time and the level that every line has, and the request's id.
pub fn line(facts: &Facts, moment: &Moment) -> Vec<u8> {
    let entry = Line { moment, facts };
    let formatter = if facts.model.is_some() { &BY_ROUTE_AND_MODEL } else { &BY_ROUTE };
    let mut line = Vec::new(); // all of it comes at once
    let formatted = formatter.lock().unwrap_or_else(PoisonError::into_inner).format(&entry, &mut line);
    // It fails only for metrics that break the format's rules, which the tests exclude; half a line is no line.
    if formatted.is_err() {
        line.clear();
    }
    line
}

struct Line<'f> {
    moment: &'f Moment,
    facts: &'f Facts,
}

impl Entry for Line<'_> {
    fn write<'a>(&'a self, writer: &mut impl EntryWriter<'a>) {
        writer.timestamp(self.moment.time);
        writer.value("timestamp", &self.moment.text);
        writer.value("level", "INFO");
        writer.value("event", "metrics");
        writer.value("request_id", &self.facts.request_id);
        writer.value(ROUTE, self.facts.route);
        if let Some(model) = &self.facts.model {
            writer.value(MODEL, model);
        }
        for metric in &METRICS {
            if let Some(value) = metric.read(self.facts) {
                writer.value(metric.name, &Point { value, unit: metric.unit() });
            }
        }
    }
}

struct Point {
    value: f64,
    unit: Unit,
}

impl Value for Point {
    fn write(&self, writer: impl ValueWriter) {
        let value = match self.unit {
            // Whole, and written the same for less.
            Unit::Count => Observation::Unsigned(self.value as u64),
            _ => Observation::Floating(self.value),
        };
        writer.metric([value], self.unit, [], MetricFlags::empty());
    }
}
