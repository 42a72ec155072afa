use super::*;
use proptest::prelude::*;

fn token(delta: &str) -> String {
    format!(
        r#"{{"id":"c","choices":[{{"index":0,"delta":{delta},"finish_reason":null}}],"obfuscation":"x"}}"#
    )
}

/// The verdict on `event` after a stream of `before`, and whether it took no parsing.
fn after(before: &str, event: &str) -> (Verdict, bool) {
    let mut judge = Judge::default();
    judge.judge(before.as_bytes());
    let is_known = judge.is_like_the_last(event.as_bytes()).is_some();
    (judge.judge(event.as_bytes()), is_known)
}

#[test]
fn tokens_of_one_shape_are_known() {
    let first = token(r#"{"content":"Loads"}"#);
    for content in ["", " and", "日本語 🚢", r#"\n\t\"q\" \\ \/"#, r"}]{,:", "null"] {
        let next = token(&format!(r#"{{"content":"{content}"}}"#)).replace("\"x\"", "\"padding\"");
        assert_eq!(after(&first, &next), (TOKEN, true), "{content}");
        assert_eq!(after(&next, &first), (TOKEN, true), "{content}");
    }
    let call = |arguments: &str| {
        token(&format!(r#"{{"tool_calls":[{{"function":{{"arguments": "{arguments}"}}}}]}}"#))
    };
    assert_eq!(after(&call(r#"{\"pl"#), &call(r#"ace\":"#)), (TOKEN, true));
}

#[test]
fn what_may_mean_something_else_is_parsed() {
    let first = token(r#"{"content":"a"}"#);
    let with = |delta: &str| token(delta);
    for (event, verdict) in [
        (first.replace("null", "\"stop\""), Verdict::Chunk { finished: 1 }),
        (first.replace("\"id\":\"c\"", "\"error\":{}"), Verdict::Error),
        (first.replace("\"c\"", "\"d\""), TOKEN),
        (with(r#"{"content":null}"#), TOKEN),
        (with(r#"{"content":"a","role":"assistant"}"#), TOKEN),
        (with(r#"{"content":"\u0061"}"#), TOKEN),
        (with(r#"{"content":"a"b"}"#), Verdict::Malformed),
        (with(r#"{"content":"\x"}"#), Verdict::Malformed),
        (with(r#"{"content":"\"}"#), Verdict::Malformed),
        (with("{\"content\":\"\n\"}"), Verdict::Malformed),
        (first[..first.len() - 1].to_owned(), Verdict::Malformed),
        (format!("{first}x"), Verdict::Malformed),
        ("[DONE]".to_owned(), Verdict::Done),
    ] {
        assert_eq!(after(&first, &event), (verdict, false), "{event}");
    }
    let mut judge = Judge::default();
    judge.judge(first.as_bytes());
    let broken: Vec<u8> = first.bytes().map(|byte| if byte == b'a' { 0xFF } else { byte }).collect();
    assert_eq!(judge.judge(&broken), Verdict::Malformed);
}

#[test]
fn a_finish_reason_is_no_text() {
    let first = r#"{"choices":[{"delta":{"content":"a"},"finish_reason":""}]}"#;
    let last = r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#;
    assert_eq!(after(first, last), (Verdict::Chunk { finished: 1 }, false));
}

/// Members in whose values a judge could be led astray.
fn member() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "content",
        "x\\\"content",
        "content\\\\",
        "finish_reason",
        "error",
        "choices",
        "obfuscation",
        "arguments",
        "id",
    ]);
    let value = prop::sample::select(vec![
        "null",
        "\"\"",
        "\"a\"",
        "\"b\\n\"",
        "\"\\u0062\"",
        "\"content\\\":\\\"\"",
        "\"content\"",
        "{\"content\":\"c\"}",
        "[{\"finish_reason\":\"\"}]",
        "[{\"finish_reason\":null,\"delta\":{\"content\":\"d\"}}]",
        "\"\\\\\"",
        "[{\"delta\":{\"content\":\"e\"},\"finish_reason\":\"stop\"}]",
        "1",
        "\"",
        "\"é\"",
    ]);
    (name, prop::sample::select(vec![":", ": "]), value)
        .prop_map(|(name, colon, value)| format!("\"{name}\"{colon}{value}"))
}

fn event() -> impl Strategy<Value = String> {
    prop::collection::vec(member(), 0..4).prop_map(|members| format!("{{{}}}", members.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn what_came_before_changes_no_verdict(events in prop::collection::vec(event(), 1..6)) {
        let mut remembering = Judge::default();
        for event in &events {
            prop_assert_eq!(remembering.judge(event.as_bytes()), judge(event.as_bytes()), "{:?}", events);
        }
    }

    #[test]
    fn a_changed_byte_is_noticed(
        texts in prop::collection::vec("[a-c\\\\\"é🚢]{0,4}", 3), at in any::<prop::sample::Index>(), byte: u8,
    ) {
        let mut remembering = Judge::default();
        for text in &texts {
            let event = token(&format!("{{\"content\":\"{text}\"}}"));
            prop_assert_eq!(remembering.judge(event.as_bytes()), judge(event.as_bytes()));
            let mut changed = event.into_bytes();
            let at = at.index(changed.len());
            changed[at] = byte;
            prop_assert_eq!(remembering.judge(&changed), judge(&changed), "{}", String::from_utf8_lossy(&changed));
        }
    }
}
