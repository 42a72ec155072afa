#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::super::{Attempts, GatewayResponse};
use super::*;
use crate::error::ApiErrorKind;

fn facts() -> Facts {
    Facts { request_id: "r".to_owned(), route: "/conversations", ..Facts::default() }
}

fn attempts() -> Attempts {
    let latency = Duration::from_micros(311_500);
    let response = GatewayResponse { status: 200, latency, ..GatewayResponse::default() };
    Attempts { attempts: 1, model: "gpt-4o".to_owned(), response: Some(response), ..Attempts::default() }
}

/// A stream that went well.
fn streamed() -> Facts {
    Facts {
        model: Some("gpt-4o".to_owned()),
        attempts: attempts(),
        first_event: Some(Duration::from_millis(412)),
        duration: Duration::from_secs(5),
        outcome: Outcome::Completed,
        ..facts()
    }
}

/// The values by name.
fn values(facts: &Facts) -> Vec<(&'static str, Option<f64>)> {
    metrics(facts).map(|(name, _, value)| (name, value.map(|value| value.as_f64().unwrap()))).into()
}

/// The metrics that are not zero.
fn said(facts: &Facts) -> Vec<(&'static str, f64)> {
    let values = values(facts).into_iter().filter_map(|(name, value)| Some((name, value?)));
    values.filter(|(_, value)| *value != 0.0).collect()
}

fn absent(facts: &Facts) -> Vec<&'static str> {
    values(facts).into_iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect()
}

#[test]
fn counts_streams() {
    let well = [
        ("Requests", 1.0),
        ("StreamsCompleted", 1.0),
        ("GatewayLatency", 311.5),
        ("TimeToFirstToken", 412.0),
        ("StreamDuration", 5000.0),
    ];
    assert_eq!(said(&streamed()), well);
    assert!(absent(&streamed()).is_empty());

    let cut =
        Facts { outcome: Outcome::Interrupted, error: Some(ApiErrorKind::Gateway.into()), ..streamed() };
    let cut = said(&cut);
    assert!(cut.contains(&("StreamsInterrupted", 1.0)) && cut.contains(&("GatewayErrors", 1.0)), "{cut:?}");
    assert!(!cut.iter().any(|(name, _)| *name == "StreamsCompleted"), "{cut:?}");
}

#[test]
fn leaves_out_what_does_not_apply() {
    let of_streams = ["StreamsCompleted", "StreamsInterrupted", "TimeToFirstToken", "StreamDuration"];
    let whole = Facts { outcome: Outcome::Replied, first_event: None, ..streamed() };
    assert_eq!(absent(&whole), of_streams);
    let gone = Facts { outcome: Outcome::Abandoned, ..streamed() };
    assert_eq!(absent(&gone), ["StreamsCompleted", "StreamsInterrupted", "StreamDuration"]);
    let unanswered = Facts { attempts: Attempts { response: None, ..attempts() }, ..streamed() };
    assert_eq!(absent(&unanswered), ["GatewayLatency"]);
    let health = Facts { outcome: Outcome::Replied, ..facts() };
    assert_eq!(said(&health), [("Requests", 1.0)]);
    assert!(absent(&health).contains(&"Retries") && absent(&health).contains(&"Fallbacks"));
}

#[test]
fn counts_a_failure_once() {
    for (kind, metric) in [
        (ApiErrorKind::InvalidJson, "ClientErrors"),
        (ApiErrorKind::InvalidRequest, "ClientErrors"),
        (ApiErrorKind::TooLarge, "ClientErrors"),
        (ApiErrorKind::NotFound, "ClientErrors"),
        (ApiErrorKind::MethodNotAllowed, "ClientErrors"),
        (ApiErrorKind::ModelNotFound, "ClientErrors"),
        (ApiErrorKind::Refused, "ClientErrors"),
        (ApiErrorKind::Unauthorized, "AuthFailures"),
        (ApiErrorKind::RateLimited, "GatewayErrors"),
        (ApiErrorKind::OutOfQuota, "GatewayErrors"),
        (ApiErrorKind::GatewayMisconfigured, "GatewayErrors"),
        (ApiErrorKind::Gateway, "GatewayErrors"),
        (ApiErrorKind::GatewayTimeout, "GatewayErrors"),
        (ApiErrorKind::Deadline, "GatewayErrors"),
        (ApiErrorKind::SecretUnavailable, "GatewayErrors"),
        (ApiErrorKind::Internal, "GatewayErrors"),
    ] {
        let failed = Facts { error: Some(kind.into()), outcome: Outcome::Failed, ..facts() };
        assert_eq!(said(&failed), [("Requests", 1.0), (metric, 1.0)], "{kind:?}");
    }
}

#[test]
fn counts_retries_fallbacks_and_cold_starts() {
    let attempts = Attempts { attempts: 4, retries: 2, fallback: true, ..attempts() };
    let facts = Facts { attempts, cold_start: true, ..streamed() };
    let said = said(&facts);
    for counted in [("Retries", 2.0), ("Fallbacks", 1.0), ("ColdStarts", 1.0)] {
        assert!(said.contains(&counted), "{said:?}");
    }
}

fn line(facts: &Facts) -> Value {
    serde_json::from_str(&metrics_line(facts, UNIX_EPOCH + Duration::from_millis(7), "1970-01-01T00:00:00Z"))
        .unwrap()
}

#[test]
fn writes_the_embedded_metric_format() {
    let line = line(&streamed());
    assert_eq!(line["_aws"]["Timestamp"], 7);
    let directive = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(directive["Namespace"], NAMESPACE);
    assert_eq!(directive["Dimensions"], json!([["Route"], ["Route", "Model"]]));
    let units = directive["Metrics"].as_array().unwrap().iter();
    let units: Vec<_> = units.map(|metric| (metric["Name"].as_str().unwrap(), &metric["Unit"])).collect();
    assert_eq!(units[..2], [("Requests", &"Count".into()), ("ClientErrors", &"Count".into())]);
    assert!(units.contains(&("TimeToFirstToken", &"Milliseconds".into())), "{units:?}");
    assert_eq!((&line["Route"], &line["Model"]), (&"/conversations".into(), &"gpt-4o".into()));
    assert_eq!((line["TimeToFirstToken"].as_f64(), line["Retries"].as_f64()), (Some(412.0), Some(0.0)));
    assert_eq!((&line["level"], &line["request_id"]), (&"INFO".into(), &"r".into()));
    assert_eq!(line["timestamp"], "1970-01-01T00:00:00Z");
}

#[test]
fn leaves_the_model_out_when_none_was_asked() {
    let line = line(&facts());
    assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Route"]]));
    assert!(line.get("Model").is_none() && line.get("GatewayLatency").is_none(), "{line}");
}
