//! Every payload in `events/`, and what `events/expected.json` says it must be answered with.

use crate::support::event::Event;
use crate::support::gateway::Seen;
use crate::support::response::Response;
use crate::support::world::Setup;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

const LIST: &str = "expected.json";

fn read(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("events").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn expected() -> Map<String, Value> {
    let Value::Object(expected) = read(LIST) else { panic!("{LIST} is an object") };
    expected
}

#[test]
fn every_file_is_listed() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("events");
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let there: BTreeSet<String> = names.filter(|name| name.ends_with(".json") && name != LIST).collect();
    let listed: BTreeSet<String> = expected().into_iter().map(|(name, _)| name).collect();
    assert_eq!(there, listed);
}

#[tokio::test]
async fn every_file_is_answered_as_it_says() {
    // Files that need the same settings share a function.
    let mut groups: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
    for (name, expected) in expected() {
        groups.entry(expected["env"].to_string()).or_default().push((name, expected));
    }
    for files in groups.into_values() {
        let mut setup = Setup::new();
        for (name, value) in files[0].1["env"].as_object().into_iter().flatten() {
            setup = setup.with(name, value.as_str().unwrap());
        }
        let world = setup.start().await;
        for (name, expected) in files {
            let before = world.gateway.count();
            let response = world.ask(Event::raw(read(&name))).await;
            let asked = world.gateway.seen().split_off(before);
            check(&name, &expected, &response, &asked);
        }
    }
}

fn check(name: &str, expected: &Value, response: &Response, asked: &[Seen]) {
    let text = response.text();
    assert_eq!(json!(response.status), expected["status"], "{name}: {text}");
    for (what, value) in expected.as_object().unwrap() {
        match what.as_str() {
            "status" | "env" => {}
            "stream" => assert_eq!(json!(!response.completed().is_empty()), *value, "{name}: {text}"),
            "code" => {
                let body = response.json();
                assert_eq!(body.get("code").unwrap_or(&body["error"]["code"]), value, "{name}: {text}");
            }
            "contains" => assert!(text.contains(value.as_str().unwrap()), "{name}: {text}"),
            "allow" => assert_eq!(json!(response.header("allow")), *value, "{name}"),
            "sends" => {
                let messages = asked[0].body["messages"].as_array().unwrap();
                assert_eq!(messages[0]["role"], "system", "{name}");
                assert_eq!(messages[1..], *value.as_array().unwrap(), "{name}");
            }
            other => panic!("{name}: nobody knows how to check {other:?}"),
        }
    }
    let asks = usize::from(expected.get("sends").is_some());
    assert_eq!(asked.len(), asks, "{name}: the gateway was asked");
}
