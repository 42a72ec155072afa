#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{SecretError, Tenants};
use serde_json::{Value, json};
use std::{
    io::{ErrorKind, Write},
    process::{Command, Stdio},
};

#[test]
fn keeps_entries_with_a_secret_and_counts_the_others() {
    let json = r#"{"a":{"sharedSecret":"s","baseUrl":"x"},"b":{"sharedSecret":""},"c":{},"d":"s","e":{"sharedSecret":7},"f":{"sharedSecret":"s"},"f":{}}"#;
    let tenants = Tenants::parse(json).unwrap();
    assert_eq!((tenants.keys.len(), tenants.skipped), (1, 5));
    assert!(tenants.keys.contains_key("a"));
    for absent in ["b", "c", "d", "e", "f", ""] {
        assert!(!tenants.keys.contains_key(absent), "{absent}");
    }
}

#[test]
fn rejects_everything_but_an_object() {
    for text in [
        "",
        "[]",
        "null",
        "\"s\"",
        "{",
        "{\"a\":{\"sharedSecret\":\"s\"}",
        r#"{"tenant-one":{"sharedSecret":"LEAKED-1"},}"#,
        "{tenant-one:{sharedSecret:LEAKED-1}}",
        r#"["LEAKED-1"]"#,
        "LEAKED-1",
    ] {
        let error = Tenants::parse(text).err();
        assert_eq!(error, Some(SecretError::NotAnObject), "{text}");
    }
    assert_eq!(SecretError::NotAnObject.to_string(), "is not a valid JSON object");
    assert!(Tenants::parse("{}").unwrap().keys.is_empty());
}

const ROWS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/addon-settings.json"));

/// What `tools/tenants.jq`, the README's recipe, makes of rows of the old app's database. `None` without jq.
fn recipe(rows: &str) -> Option<String> {
    let spawned = Command::new("jq")
        .args(["-n", "-c", "-f", concat!(env!("CARGO_MANIFEST_DIR"), "/tools/tenants.jq")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut jq = match spawned {
        // CI installs jq; there, a missing one must not look like a passed test.
        Err(error) if error.kind() == ErrorKind::NotFound && std::env::var_os("CI").is_none() => return None,
        spawned => spawned.unwrap(),
    };
    jq.stdin.take().unwrap().write_all(rows.as_bytes()).unwrap();
    let output = jq.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

fn expected() -> Value {
    json!({
        "11111111-aaaa-4000-8000-000000000001": { "sharedSecret": "first-shared-secret" },
        "confluence:22222222_b.2": { "sharedSecret": "second \"quoted\" secret" },
        "twice-encoded": { "sharedSecret": "third-shared-secret" },
    })
}

#[test]
fn the_recipe_makes_tenants_of_sample_rows() {
    let Some(made) = recipe(ROWS) else { return };
    assert_eq!(serde_json::from_str::<Value>(&made).unwrap(), expected());
    let tenants = Tenants::parse(&made).unwrap();
    assert_eq!((tenants.keys.len(), tenants.skipped), (3, 0));
}

#[test]
fn the_recipe_takes_single_rows_without_their_key_column() {
    let rows: Vec<Value> = serde_json::from_str(ROWS).unwrap();
    let lines: String = rows
        .iter()
        .filter(|row| row["key"] == "clientInfo")
        .map(|row| format!("{}\n", json!({ "clientKey": row["clientKey"], "val": row["val"] })))
        .collect();
    let Some(made) = recipe(&lines) else { return };
    assert_eq!(serde_json::from_str::<Value>(&made).unwrap(), expected());
}

#[test]
fn the_recipe_makes_no_tenants_of_no_rows() {
    for rows in ["", "[]"] {
        let Some(made) = recipe(rows) else { return };
        assert_eq!(made.trim(), "{}");
    }
}
