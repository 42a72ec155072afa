//! The README's recipe: rows of the old app's database in, the tenants' secret out.

use gptdock::auth::TenantSecrets;
use serde_json::{Value, json};
use std::{
    io::{ErrorKind, Write},
    process::{Command, Stdio},
};

const ROWS: &str = include_str!("../vectors/addon-settings.json");

/// What `tools/tenants.jq` makes of some rows; `None` on a machine without jq.
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
fn sample_rows_become_tenants() {
    let Some(made) = recipe(ROWS) else { return };
    assert_eq!(serde_json::from_str::<Value>(&made).unwrap(), expected());
    let tenants = TenantSecrets::parse(&made).unwrap();
    assert_eq!((tenants.len(), tenants.skipped()), (3, 0));
}

#[test]
fn rows_one_by_one_without_their_key_column_do_as_well() {
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
fn no_rows_are_no_tenants() {
    for rows in ["", "[]"] {
        let Some(made) = recipe(rows) else { return };
        assert_eq!(made.trim(), "{}");
    }
}
