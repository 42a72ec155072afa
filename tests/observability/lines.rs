//! Every line of metrics that can leave is one that CloudWatch takes.

use crate::{emf, schema};
use gptdock::{
    failure::Kind,
    gateway::{Asked, Head},
    metrics::{METRICS, line},
    record::{Facts, Outcome},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

const OUTCOMES: [Outcome; 5] =
    [Outcome::Abandoned, Outcome::Replied, Outcome::Failed, Outcome::Completed, Outcome::Interrupted];

/// Requests of every shape that a line depends on.
fn requests() -> Vec<Facts> {
    let heads = [None, Some(Duration::ZERO), Some(Duration::from_micros(1)), Some(Duration::MAX)];
    let mut requests = Vec::new();
    for outcome in OUTCOMES {
        for head in heads {
            for (attempts, model, kind) in [
                (0, None, None),
                (0, Some("other"), Some(Kind::SecretUnavailable)),
                (7, Some("openai/gpt-4o \"mini\"\\"), Some(Kind::Gateway)),
            ] {
                let head = head.map(|after| Head { status: 200, after, cache_status: None, log_id: None });
                requests.push(Facts {
                    request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
                    route: "/conversations",
                    model: model.map(str::to_owned),
                    failure: kind.map(Into::into),
                    first_event: head.as_ref().map(|head| head.after),
                    asked: Asked { attempts, retries: attempts, head, ..Asked::default() },
                    outcome,
                    ..Facts::default()
                });
            }
        }
    }
    requests
}

#[test]
fn every_line_follows_the_specification() {
    let mut seen = BTreeSet::new();
    for facts in requests() {
        let line = String::from_utf8(line(&facts, &SystemTime::now().into())).unwrap();
        assert!(line.ends_with('\n') && !line.trim_end().contains('\n'), "one line: {line}");
        emf::check(line.trim_end()).unwrap_or_else(|wrong| panic!("{wrong}: {line}"));
        let parsed: Value = serde_json::from_str(&line).unwrap();
        let metrics = parsed["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap().clone();
        seen.extend(metrics.iter().map(|metric| metric["Name"].as_str().unwrap().to_owned()));
    }
    let named: BTreeSet<String> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
    assert_eq!(named.len(), METRICS.len(), "a name twice");
    assert_eq!(seen, named, "what leaves is what is named");
}

/// The check itself: each rule that a line could break is one that it sees.
#[test]
fn a_line_that_breaks_a_rule_is_seen() {
    let good: Value = serde_json::from_slice(&line(&requests()[5], &SystemTime::now().into())).unwrap();
    assert_eq!(emf::check(&good.to_string()), Ok(()));
    let directive = "/_aws/CloudWatchMetrics/0";
    for (place, value) in [
        ("/_aws", json!(1)),
        ("/_aws/Timestamp", json!("2026-11-22T00:00:00Z")),
        ("/_aws/CloudWatchMetrics", json!({})),
        (&format!("{directive}/Namespace"), json!("")),
        (&format!("{directive}/Dimensions"), json!([])),
        (&format!("{directive}/Dimensions/0"), json!("Route")),
        (&format!("{directive}/Dimensions/0/0"), json!("Nothing")),
        (&format!("{directive}/Metrics/0/Name"), json!("Nothing")),
        (&format!("{directive}/Metrics/1/Name"), json!("Requests")),
        (&format!("{directive}/Metrics/0/Unit"), json!("Bananas")),
        (&format!("{directive}/Metrics/0"), json!({"Unit": "Count"})),
        ("/Requests", json!("1")),
        ("/Route", json!(" ")),
        ("/Route", json!(null)),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(place).unwrap_or_else(|| panic!("no {place}")) = value;
        assert!(emf::check(&bad.to_string()).is_err(), "{place}: {bad}");
    }
    let unknown = schema::check(&json!({"uniqueItems": true}), &json!([]), "$");
    assert!(unknown.is_err(), "a keyword that is not checked must not pass");
}
