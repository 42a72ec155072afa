//! Every payload in `events/`, and what `events/expected.json` says it must be answered with.

use crate::support::event::Event;
use crate::support::response::Response;
use crate::support::world::Setup;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

const LIST: &str = "expected.json";

fn read(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("events")
        .join(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn expected() -> Map<String, Value> {
    let Value::Object(expected) = read(LIST) else {
        panic!("{LIST} is an object")
    };
    expected
}

#[test]
fn every_file_is_listed() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("events");
    let names = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let there: BTreeSet<String> = names
        .filter(|name| name.ends_with(".json") && name != LIST)
        .collect();
    let listed: BTreeSet<String> = expected().into_iter().map(|(name, _)| name).collect();
    assert_eq!(there, listed);
}

#[tokio::test]
async fn every_file_is_answered_as_it_says() {
    // Files that need the same settings share a function.
    let mut groups: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
    for (name, expected) in expected() {
        groups
            .entry(expected["env"].to_string())
            .or_default()
            .push((name, expected));
    }
    for files in groups.into_values() {
        let mut setup = Setup::new();
        for (name, value) in files[0].1["env"].as_object().into_iter().flatten() {
            setup = setup.with(name, value.as_str().unwrap());
        }
        let world = setup.start().await;
        for (name, expected) in files {
            let response = world.ask(Event::raw(read(&name))).await;
            check(&name, &expected, &response);
        }
    }
}

fn check(name: &str, expected: &Value, response: &Response) {
    let text = response.text();
    assert_eq!(
        u64::from(response.status),
        expected["status"].as_u64().unwrap(),
        "{name}: {text}"
    );
    if expected["stream"] == true {
        response.completed();
    } else {
        let body = response.json();
        let code = body.get("code").unwrap_or(&body["error"]["code"]);
        assert_eq!(code, &expected["code"], "{name}: {text}");
    }
    if let Some(contains) = expected["contains"].as_str() {
        assert!(text.contains(contains), "{name}: {text}");
    }
    if let Some(allow) = expected["allow"].as_str() {
        assert_eq!(response.header("allow"), Some(allow), "{name}");
    }
}
