//! Metric lines against AWS's rules, and the templates against the metric lines.

use crate::{emf, schema};
use gptdock::{
    error::ApiErrorKind,
    telemetry::{Attempts, Facts, GatewayResponse, Outcome, metrics_line},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

const OUTCOMES: [Outcome; 5] =
    [Outcome::Abandoned, Outcome::Replied, Outcome::Failed, Outcome::Completed, Outcome::Interrupted];
const MONITORING: &str = include_str!("../../deploy/monitoring.yaml");
const TEMPLATE: &str = include_str!("../../template.yaml");

fn line(facts: &Facts) -> Value {
    serde_json::from_str(&metrics_line(facts, SystemTime::now(), "2026-11-22T00:00:00Z")).unwrap()
}

/// Requests of every shape that a line depends on.
fn requests() -> Vec<Facts> {
    let latencies = [None, Some(Duration::ZERO), Some(Duration::from_micros(1)), Some(Duration::MAX)];
    let asked = [
        (0, None, None),
        (0, Some("other"), Some(ApiErrorKind::SecretUnavailable)),
        (7, Some("openai/gpt-4o \"mini\"\\"), Some(ApiErrorKind::Gateway)),
    ];
    let mut requests = Vec::new();
    for outcome in OUTCOMES {
        for latency in latencies {
            for (attempts, model, error) in asked {
                let response =
                    latency.map(|latency| GatewayResponse { latency, ..GatewayResponse::default() });
                requests.push(Facts {
                    request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
                    route: "/conversations",
                    model: model.map(str::to_owned),
                    error: error.map(Into::into),
                    first_event: latency,
                    attempts: Attempts { attempts, retries: attempts, response, ..Attempts::default() },
                    outcome,
                    ..Facts::default()
                });
            }
        }
    }
    requests
}

/// The names of all metrics.
fn emitted() -> BTreeSet<String> {
    let lines = requests().iter().map(line).collect::<Vec<_>>();
    let metrics =
        lines.iter().flat_map(|line| line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap());
    metrics.map(|metric| metric["Name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_line_follows_the_specification() {
    for facts in requests() {
        let line = line(&facts).to_string();
        emf::check(&line).unwrap_or_else(|wrong| panic!("{wrong}: {line}"));
    }
    assert_eq!(emitted().len(), 12);
}

/// A metric costs money by the month, whether or not anybody looks at it.
#[test]
fn the_dashboard_shows_every_metric_and_no_other() {
    let searched = MONITORING.split("MetricName=\\\"").skip(1).filter_map(|rest| rest.split('\\').next());
    let searched: BTreeSet<String> = searched.map(str::to_owned).collect();
    assert_eq!(searched, emitted());
}

#[test]
fn the_alarms_read_members_of_the_line() {
    let members = line(requests().last().unwrap());
    let read =
        TEMPLATE.split("MetricValue: $.").skip(1).filter_map(|rest| rest.split([' ', '}', '\n']).next());
    let read: Vec<_> = read.collect();
    assert!(read.len() >= 2, "{read:?}");
    for name in read {
        assert!(members[name].is_number(), "no metric {name}");
    }
}

/// The check itself sees each rule that a line could break.
#[test]
fn a_line_that_breaks_a_rule_is_found() {
    let good = line(&requests()[5]);
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
