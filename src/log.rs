//! JSON lines for the operator. Every line has an RFC 3339 time and a level, or Lambda calls it INFO.
//!
//! There is one amount of detail, whatever `RUST_LOG` and `AWS_LAMBDA_LOG_LEVEL` say, and no subscriber of `tracing`:
//! what the crates below would print is printed nowhere, for it may hold headers and bodies.
//!
//! Nothing that a caller wrote, a model answered or a secret holds may be passed in here.

use serde_json::{Map, Value};
use std::{io::Write, time::SystemTime};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Something that needs no one.
pub fn info(event: &str, fields: &[(&str, &str)]) {
    write("INFO", event, texts(fields));
}

/// Something that the process copes with.
pub fn warning(event: &str, fields: &[(&str, &str)]) {
    write("WARN", event, texts(fields));
}

/// Something that someone has to mend.
pub fn error(event: &str, fields: &[(&str, &str)]) {
    write("ERROR", event, texts(fields));
}

fn texts(fields: &[(&str, &str)]) -> Map<String, Value> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
}

/// Writes one line: what happened, and what is to be known of it.
pub fn write(level: &str, event: &str, fields: Map<String, Value>) {
    print(&line(time_of(SystemTime::now()), level, event, fields));
}

pub(crate) fn line(time: String, level: &str, event: &str, fields: Map<String, Value>) -> Vec<u8> {
    let mut line = Map::new();
    line.insert("timestamp".to_owned(), time.into());
    line.insert("level".to_owned(), level.into());
    line.insert("event".to_owned(), event.into());
    line.extend(fields);
    let mut text = Value::Object(line).to_string();
    text.push('\n');
    text.into_bytes()
}

/// Prints a line, whole with its end, in one call, so that lines of several streams never mix.
pub fn print(line: &[u8]) {
    if cfg!(test) {
        return; // unit tests would drown in it
    }
    // A log that can't be written leaves nothing to do: there is nowhere to say it.
    let _ = std::io::stdout().lock().write_all(line);
}

/// A time as Lambda reads it: RFC 3339.
pub fn time_of(time: SystemTime) -> String {
    OffsetDateTime::from(time).format(&Rfc3339).unwrap_or_default()
}

/// Makes a panic one line of JSON: where, and not what, for the message may hold a caller's words.
pub fn catch_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        error("panic", &[("place", &place)]);
    }));
}
