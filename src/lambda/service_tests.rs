#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

#[test]
fn reads_the_root_of_the_trace_header() {
    for (header, trace) in [
        (
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=ad49b0e87f6ef6c8;Sampled=0",
            Some("1-5bef4de7-ad49b0e87f6ef6c87fc2e700"),
        ),
        ("Self=1-5bef; Root=1-5bef", Some("1-5bef")),
        ("Root=", None),
        ("Root=a b", None),
        ("Parent=ad49b0e87f6ef6c8", None),
    ] {
        assert_eq!(trace_id(header), trace, "{header}");
    }
}

#[test]
fn takes_deadlines_and_durations() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let left = time_left(now + Duration::from_secs(60));
    assert!((Duration::from_secs(55)..=Duration::from_secs(60)).contains(&left), "{left:?}");
    assert_eq!(time_left(now - Duration::from_secs(1)), Duration::ZERO);
    assert_eq!(time_left(Duration::from_secs(60)), Duration::from_secs(60));
}
