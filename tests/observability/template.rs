//! The alarms and the dashboard of `template.yaml` name what the code emits.

use crate::template_text::{Named, metrics, searched_dimensions};
use gptdock::metrics::{DIMENSIONS, METRICS, NAMESPACE};

const TEMPLATE: &str = include_str!("../../template.yaml");

fn is_emitted(name: &str) -> bool {
    METRICS.iter().any(|metric| metric.name == name)
}

/// The template's names in our namespace that the code does not emit.
fn unknown(text: &str) -> Vec<Named> {
    let all = metrics(text).unwrap_or_else(|problem| panic!("{problem}"));
    all.into_iter().filter(|(namespace, name, _)| namespace == NAMESPACE && !is_emitted(name)).collect()
}

#[test]
fn the_template_names_only_metrics_that_the_code_emits() {
    let unknown = unknown(TEMPLATE);
    assert!(unknown.is_empty(), "not emitted: {unknown:?}");
    for set in searched_dimensions(TEMPLATE, NAMESPACE) {
        assert!(DIMENSIONS.iter().any(|known| *known == set), "no such dimensions: {set:?}");
    }
}

/// A metric costs money by the month, whether or not anybody looks at it.
#[test]
fn the_dashboard_shows_every_metric_that_the_code_emits() {
    if !TEMPLATE.contains("AWS::CloudWatch::Dashboard") {
        return;
    }
    let named = metrics(TEMPLATE).unwrap();
    for metric in &METRICS {
        let shown = named.iter().any(|(namespace, name, _)| namespace == NAMESPACE && name == metric.name);
        assert!(shown, "{} is in no alarm and no widget", metric.name);
    }
}

/// The check itself, in each form that a template may have.
#[test]
fn a_renamed_metric_is_found_in_every_form() {
    for (text, line) in [
        ("Namespace: GPTDock\nMetricName: GatewayFaults\n", 2),
        ("Metric:\n  MetricName: 'GatewayFaults'\n  Dimensions: []\n  Namespace: GPTDock\n", 2),
        ("- {Namespace: GPTDock, MetricName: GatewayFaults}", 1),
        ("- {MetricName: GatewayFaults, Namespace: GPTDock}", 1),
        (r#"{"metrics": [["GPTDock", "GatewayFaults", "Route", "/conversations"]]}"#, 1),
        (r#"\n[ \"GPTDock\",\"GatewayFaults\" ]"#, 1),
        ("- [GPTDock, GatewayFaults, Route]", 1),
        (r#"SEARCH('{GPTDock,Route} MetricName="GatewayFaults"', 'Sum', 60)"#, 1),
        (r#""SEARCH('{GPTDock,Route,Model} MetricName=\"GatewayFaults\"', 'Sum')""#, 1),
        (r#"SEARCH('{GPTDock,Route} MetricName=("Requests" OR "GatewayFaults")', 'Sum')"#, 1),
    ] {
        let expected = vec![(NAMESPACE.to_owned(), "GatewayFaults".to_owned(), line)];
        assert_eq!(unknown(text), expected, "{text}");
        assert!(unknown(&text.replace("GatewayFaults", "GatewayErrors")).is_empty(), "{text}");
        assert!(unknown(&text.replace("GPTDock", "AWS/Lambda")).is_empty(), "{text}");
    }
    assert!(metrics("MetricName: Requests").is_err(), "a metric without a namespace");
    let searched = searched_dimensions("SEARCH('{GPTDock, Route, \"Model\"} x')", NAMESPACE);
    assert_eq!(searched, [["Route", "Model"]]);
}
