//! Both lines of a request, byte for byte: whoever reads the log has queries that name these fields.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use crate::{
    failure::Kind,
    gateway::{Asked, Head},
};
use http::StatusCode;
use std::time::Duration;

/// Every field has a value, and each kind of text that JSON writes otherwise than it is stands in one.
fn full() -> Facts {
    Facts {
        request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
        trace: Some("1-5bef4de7-ad49b0e87f6ef6c87fc2e700".to_owned()),
        route: "/v1/chat/completions",
        cold_start: true,
        caller: Caller { tenant: Some("Zoë \u{7}\t".to_owned()), user_hash: Some("ba7816bf".to_owned()) },
        status: StatusCode::BAD_GATEWAY,
        failure: Some(Kind::Gateway.into()),
        reason: Some("expired"),
        model: Some("openai/\"mini\"\\".to_owned()),
        asked: Asked {
            attempts: 4,
            retries: 2,
            fallback: true,
            model: "openai/\"mini\"\\".to_owned(),
            head: Some(Head {
                status: 429,
                after: Duration::from_micros(311_507),
                cache_status: Some("HIT".to_owned()),
                log_id: Some("01JC".to_owned()),
            }),
        },
        first_event: Some(Duration::from_nanos(412_000_999)),
        duration: Duration::from_micros(5_000_001),
        finish_reason: Some("stop\n".to_owned()),
        events: 12,
        bytes: u64::MAX,
        outcome: Outcome::Interrupted,
    }
}

fn minimal() -> Facts {
    Facts { request_id: "r".to_owned(), route: "none", ..Facts::default() }
}

/// Numbers that the two formats write differently.
fn extreme() -> Facts {
    let head = Head { status: 0, after: Duration::from_micros(1), cache_status: None, log_id: None };
    Facts {
        asked: Asked { attempts: u32::MAX, retries: u32::MAX, head: Some(head), ..Asked::default() },
        first_event: Some(Duration::MAX),
        outcome: Outcome::Completed,
        ..minimal()
    }
}

fn lines(facts: &Facts) -> String {
    let moment = Moment::from(SystemTime::UNIX_EPOCH);
    let lines = [log::json(&Line::new(facts, &moment)), metrics::line(facts, &moment)];
    String::from_utf8(lines.concat()).unwrap()
}

#[test]
fn each_line_is_what_it_always_was() {
    let lines = [full(), minimal(), extreme()].map(|facts| lines(&facts));
    let kept = include_str!("../../tests/data/lines.jsonl");
    for (line, kept) in lines.concat().lines().zip(kept.lines()) {
        assert_eq!(line, kept);
    }
    assert_eq!(lines.concat(), kept);
}
