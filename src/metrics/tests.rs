#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use crate::{
    failure::Kind,
    gateway::{Asked, Head},
};
use serde_json::Value;
use std::time::SystemTime;

fn facts() -> Facts {
    Facts { request_id: "r".to_owned(), route: "/conversations", ..Facts::default() }
}

fn asked() -> Asked {
    let head = Head { status: 200, after: Duration::from_micros(311_500), cache_status: None, log_id: None };
    Asked { attempts: 1, model: "gpt-4o".to_owned(), head: Some(head), ..Asked::default() }
}

/// A stream that went well.
fn streamed() -> Facts {
    Facts {
        model: Some("gpt-4o".to_owned()),
        asked: asked(),
        first_event: Some(Duration::from_millis(412)),
        duration: Duration::from_secs(5),
        outcome: Outcome::Completed,
        ..facts()
    }
}

/// The metrics that say something, zeros left out.
fn said(facts: &Facts) -> Vec<(&'static str, f64)> {
    let read = METRICS.iter().filter_map(|metric| Some((metric.name, metric.read(facts)?)));
    read.filter(|(_, value)| *value != 0.0).collect()
}

fn absent(facts: &Facts) -> Vec<&'static str> {
    METRICS.iter().filter(|metric| metric.read(facts).is_none()).map(|metric| metric.name).collect()
}

#[test]
fn a_stream() {
    let well = [
        ("Requests", 1.0),
        ("GatewayLatency", 311.5),
        ("TimeToFirstToken", 412.0),
        ("StreamDuration", 5000.0),
        ("StreamsCompleted", 1.0),
    ];
    assert_eq!(said(&streamed()), well);
    assert!(absent(&streamed()).is_empty());

    let cut = Facts { outcome: Outcome::Interrupted, failure: Some(Kind::Gateway.into()), ..streamed() };
    let cut = said(&cut);
    assert!(cut.contains(&("StreamsInterrupted", 1.0)) && cut.contains(&("GatewayErrors", 1.0)), "{cut:?}");
    assert!(!cut.iter().any(|(name, _)| *name == "StreamsCompleted"), "{cut:?}");
}

#[test]
fn what_does_not_apply_is_absent() {
    let of_streams = ["TimeToFirstToken", "StreamDuration", "StreamsCompleted", "StreamsInterrupted"];
    let whole = Facts { outcome: Outcome::Replied, first_event: None, ..streamed() };
    assert_eq!(absent(&whole), of_streams);
    let gone = Facts { outcome: Outcome::Abandoned, ..streamed() };
    assert_eq!(absent(&gone), of_streams[1..]);
    let unanswered = Facts { asked: Asked { head: None, ..asked() }, ..streamed() };
    assert_eq!(absent(&unanswered), ["GatewayLatency"]);
    let health = Facts { outcome: Outcome::Replied, ..facts() };
    assert_eq!(said(&health), [("Requests", 1.0)]);
    assert!(absent(&health).contains(&"Retries") && absent(&health).contains(&"Fallbacks"));
}

#[test]
fn a_failure_counts_once_by_whose_doing_it_is() {
    for (kind, metric) in [
        (Kind::InvalidJson, "ClientErrors"),
        (Kind::InvalidRequest, "ClientErrors"),
        (Kind::TooLarge, "ClientErrors"),
        (Kind::NotFound, "ClientErrors"),
        (Kind::MethodNotAllowed, "ClientErrors"),
        (Kind::ModelNotFound, "ClientErrors"),
        (Kind::Refused, "ClientErrors"),
        (Kind::Unauthorized, "AuthFailures"),
        (Kind::RateLimited, "GatewayErrors"),
        (Kind::OutOfQuota, "GatewayErrors"),
        (Kind::GatewayMisconfigured, "GatewayErrors"),
        (Kind::Gateway, "GatewayErrors"),
        (Kind::GatewayTimeout, "GatewayErrors"),
        (Kind::Deadline, "GatewayErrors"),
        (Kind::SecretUnavailable, "GatewayErrors"),
        (Kind::Internal, "GatewayErrors"),
    ] {
        let failed = Facts { failure: Some(kind.into()), outcome: Outcome::Failed, ..facts() };
        assert_eq!(said(&failed), [("Requests", 1.0), (metric, 1.0)], "{kind:?}");
    }
}

#[test]
fn the_rest_is_counted() {
    let asked = Asked { attempts: 4, retries: 2, fallback: true, ..asked() };
    let facts = Facts { asked, cold_start: true, ..streamed() };
    let said = said(&facts);
    assert_eq!(said[said.len() - 3..], [("Retries", 2.0), ("Fallbacks", 1.0), ("ColdStarts", 1.0)]);
}

#[test]
fn a_line() {
    let moment = SystemTime::now().into();
    let line: Value = serde_json::from_slice(&line(&streamed(), &moment)).unwrap();
    let directive = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(directive["Namespace"], NAMESPACE);
    assert_eq!(directive["Dimensions"], serde_json::json!([["Route"], ["Route", "Model"]]));
    let units = directive["Metrics"].as_array().unwrap().iter();
    let units: Vec<_> = units.map(|metric| (metric["Name"].as_str().unwrap(), &metric["Unit"])).collect();
    assert_eq!(units[..2], [("Requests", &"Count".into()), ("ClientErrors", &"Count".into())]);
    assert_eq!(units[5], ("TimeToFirstToken", &"Milliseconds".into()));
    assert_eq!((&line["Route"], &line["Model"]), (&"/conversations".into(), &"gpt-4o".into()));
    assert_eq!((&line["TimeToFirstToken"], &line["Retries"]), (&412.into(), &0.into()));
    assert_eq!((&line["level"], &line["request_id"]), (&"INFO".into(), &"r".into()));

    let unasked: Value = serde_json::from_slice(&super::line(&facts(), &moment)).unwrap();
    assert_eq!(unasked["_aws"]["CloudWatchMetrics"][0]["Dimensions"], serde_json::json!([["Route"]]));
    assert!(unasked.get("Model").is_none() && unasked.get("GatewayLatency").is_none(), "{unasked}");
}
