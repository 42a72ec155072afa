//! A panic is one line of JSON: where, and not what.

use serde_json::Value;
use std::process::Command;

const CHILD: &str = "GPTDOCK_TEST_PANICS";

/// Runs as a process of its own, whose output the test below reads.
#[test]
fn panics_in_a_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    gptdock::telemetry::init();
    let panicked = std::thread::spawn(|| panic!("PRIVATE words of a caller")).join();
    assert!(panicked.is_err());
}

#[test]
fn a_panic_is_one_line_without_words() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "panics::panics_in_a_child", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .env("RUST_BACKTRACE", "full")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(stderr, "", "the hook of the standard library prints nothing");
    // libtest prints the test's name before it, on the same line.
    let parse = |line: &str| serde_json::from_str(&line[line.find('{')?..]).ok();
    let lines: Vec<Value> = stdout.lines().filter_map(parse).collect();
    assert_eq!(lines.len(), 1, "{stdout}");
    assert_eq!((&lines[0]["event"], &lines[0]["level"]), (&"panic".into(), &"ERROR".into()));
    assert!(lines[0]["place"].as_str().unwrap().contains("panics.rs"), "{stdout}");
    assert!(!stdout.contains("PRIVATE"), "{stdout}");
}
