//! JSON lines for the operator. Every line has an RFC 3339 time and a level, or Lambda calls it INFO.
//!
//! There is one amount of detail, whatever `RUST_LOG` and `AWS_LAMBDA_LOG_LEVEL` say, and no subscriber of `tracing`:
//! what the crates below would print is printed nowhere, for it may hold headers and bodies.
//!
//! Nothing that a caller wrote, a model answered or a secret holds may be passed in here.

use serde::Serialize;
use std::{collections::BTreeMap, io::Write, time::SystemTime};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// When something happened, also as Lambda reads it: RFC 3339.
#[derive(Debug, Clone)]
pub struct Moment {
    /// The time.
    pub time: SystemTime,
    /// Its text.
    pub text: String,
}

impl From<SystemTime> for Moment {
    fn from(time: SystemTime) -> Self {
        Self { time, text: OffsetDateTime::from(time).format(&Rfc3339).unwrap_or_default() }
    }
}

/// Something that needs no one.
pub fn info(event: &str, fields: &[(&str, &str)]) {
    say("INFO", event, fields);
}

/// Something that the process copes with.
pub fn warning(event: &str, fields: &[(&str, &str)]) {
    say("WARN", event, fields);
}

/// Something that someone has to mend.
pub fn error(event: &str, fields: &[(&str, &str)]) {
    say("ERROR", event, fields);
}

fn say(level: &str, event: &str, fields: &[(&str, &str)]) {
    let moment = Moment::from(SystemTime::now());
    let mut line = BTreeMap::from([("timestamp", moment.text.as_str()), ("level", level), ("event", event)]);
    line.extend(fields.iter().copied());
    print(&json(&line));
}

/// A line as JSON, with its end. It should have the time and the level that every line has.
pub fn json(line: &impl Serialize) -> Vec<u8> {
    let mut text = Vec::with_capacity(1024);
    // It fails only for maps whose names are no text, which no line has; half a line is no line.
    match serde_json::to_writer(&mut text, line) {
        Ok(()) => text.push(b'\n'),
        Err(_) => text.clear(),
    }
    text
}

/// Prints a line, whole with its end, in one call, so that lines of several streams never mix.
pub fn print(line: &[u8]) {
    if cfg!(test) {
        return; // unit tests would drown in it
    }
    // A log that can't be written leaves nothing to do: there is nowhere to say it.
    let _ = std::io::stdout().lock().write_all(line);
}

/// Makes a panic one line of JSON: where, and not what, for the message may hold a caller's words.
pub fn catch_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        error("panic", &[("place", &place)]);
    }));
}
