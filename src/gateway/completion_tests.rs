#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use crate::memory_tests;
use serde_json::{Value, json};

const ANSWER: &str = r#"{"id":"c","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi \ud83d","tool_calls":[{"id":"t"},{"index":7,"id":"u"}]},"logprobs":{"content":[]},"finish_reason":"stop"},{"message":{"content":"x"},"finish_reason":"length"}],"usage":{"total_tokens":3}}"#;

fn read(text: &str) -> Result<(), UpstreamError> {
    check(&HeaderMap::new(), text.as_bytes())
}

fn events(text: &str, include_usage: bool) -> Vec<String> {
    read(text).unwrap();
    let events = super::events(text.as_bytes(), include_usage);
    events.iter().map(|event| String::from_utf8(event.to_vec()).unwrap()).collect()
}

#[test]
fn becomes_events_without_loss() {
    let events = events(&ANSWER.replace("\\ud83d", "x"), true);
    let first: Value = serde_json::from_str(&events[0]).unwrap();
    let calls = json!([{"id":"t","index":0},{"id":"u","index":1}]);
    assert_eq!(
        first,
        json!({"id":"c","object":"chat.completion.chunk","created":5,"model":"m","choices":[
            {"index":0,"delta":{"role":"assistant","content":"Hi x","tool_calls":calls},"logprobs":{"content":[]},"finish_reason":"stop"},
            {"index":1,"delta":{"content":"x"},"finish_reason":"length"}]})
    );
    assert_eq!(serde_json::from_str::<Value>(&events[1]).unwrap()["usage"], json!({"total_tokens":3}));
    assert_eq!((events.len(), events[2].as_str()), (3, "[DONE]"));
}

#[test]
fn keeps_half_a_surrogate_pair_and_drops_unasked_usage() {
    let events = events(ANSWER, false);
    assert_eq!(events.len(), 2);
    assert!(events[0].contains(r#""content":"Hi \ud83d""#), "{}", events[0]);
}

#[test]
fn an_event_of_a_formatted_json_is_one_line() {
    let formatted = ANSWER.replace("{\"content\":[]}", "{\r\n \"content\": []\n}").replace(":3}", ": 3\n}");
    let events = events(&formatted, true);
    assert_eq!(events.len(), 3);
    assert!(events[0].contains(r#""logprobs":{   "content": [] }"#), "{}", events[0]);
    assert!(events[1].contains(r#""usage":{"total_tokens": 3 }"#), "{}", events[1]);
}

#[test]
fn rejects_bad_answers() {
    let choice = |members: &str| format!(r#"{{"choices":[{{{members}}}]}}"#);
    for text in [
        "",
        "{",
        "{}",
        "null",
        r#"{"choices":[]}"#,
        r#"{"choices":null}"#,
        r#"{"choices":[0,0]}"#,
        &choice(r#""message":{"content":"x"}"#),
        &choice(r#""message":{"content":"x"},"finish_reason":null"#),
        &choice(r#""message":{"content":"x"},"finish_reason":"null""#),
        &choice(r#""message":{"content":"x"},"finish_reason":"""#),
        &choice(r#""finish_reason":"stop""#),
        &choice(r#""message":{"role":"assistant","content":null,"tool_calls":[]},"finish_reason":"stop""#),
        "\u{c}{}",
    ] {
        assert_eq!(read(text).unwrap_err().class, ErrorClass::BadAnswer, "{text}");
    }
    assert!(read(&choice(r#""message":{"role":"assistant"},"finish_reason":"content_filter""#)).is_ok());
}

#[test]
fn finds_errors() {
    for (text, class) in [
        (r#"{"error":{"message":"x"}}"#, ErrorClass::Fault),
        (r#"[{"code":2001,"message":"x"}]"#, ErrorClass::GatewayNotSetUp),
        (r#"{"success":false,"result":[]}"#, ErrorClass::Fault),
        (r#"{"error":"x","choices":[{}]}"#, ErrorClass::Fault),
        (r#"{"choices":[{"message":{"content":"x"},"finish_reason":"error"}]}"#, ErrorClass::Fault),
        (
            r#"{"choices":[{"message":{"content":"x"},"error":{"code":429},"finish_reason":"stop"}]}"#,
            ErrorClass::RateLimited,
        ),
    ] {
        assert_eq!(read(text).unwrap_err().class, class, "{text}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(60))]

    #[test]
    fn takes_little_memory(json in memory_tests::large_json(&["choices", "message", "tool_calls", "usage"])) {
        memory_tests::is_bounded(&json, || check(&HeaderMap::new(), json.as_bytes()))?;
        let answer = format!(r#"{{"choices":[{{"message":{{"tool_calls":{json}}},"finish_reason":"stop"}}]}}"#);
        // An answer that becomes events has at most 2 MiB.
        memory_tests::is_bounded_by(40, &answer, || {
            check(&HeaderMap::new(), answer.as_bytes()).map(|()| super::events(answer.as_bytes(), true))
        })?;
    }
}
