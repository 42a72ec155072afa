//! No body makes parsing and rendering take much memory: counts what this thread holds.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use crate::api_format::ApiFormat::{self, ChatGptWeb, OpenAi};
use crate::config::ChatConfig;
use crate::memory_tests;
use bytes::Bytes;

/// An eighth of the default `MAX_BODY_BYTES`, to save time. What grows by doubling then grows alike.
const BODY_BYTES: usize = 5_242_880 / 8;
/// With the body itself. An allocation that grows counts twice while it is moved.
const MAX_BYTES: usize = 40_000_000 / 8;

/// The bytes that reading `body` and rendering it twice take at most, and whether it was accepted.
fn peak(format: ApiFormat, body: String) -> (usize, bool) {
    let config = ChatConfig {
        model: "gpt-4o".to_owned(),
        allowed_models: Vec::new(),
        any_model: false,
        max_tokens: 100,
        system_prompt: "Be kind.".to_owned(),
        reasoning_effort: Some("none".to_owned()),
    };
    let (length, mut is_accepted) = (body.capacity(), false);
    let peak = memory_tests::peak(|| {
        let request = ChatRequest::parse(Bytes::from(body), format, &config);
        is_accepted = request.is_ok();
        if let Ok(request) = request {
            request.render("gpt-4o", &Adjustments::default());
            request.render("o3", &Adjustments::default());
        }
    });
    (length + peak, is_accepted)
}

/// `start`, then as many `piece`s as fit, then `end`.
fn filled(start: &str, piece: &str, end: &str) -> String {
    let count = (BODY_BYTES - start.len() - end.len()) / piece.len();
    let mut body = String::with_capacity(BODY_BYTES);
    body.push_str(start);
    (0..count).for_each(|_| body.push_str(piece));
    body.push_str(end);
    body
}

/// The same with half of the pieces, and each of them closed by `close`.
fn nested(start: &str, open: &str, close: &str, end: &str) -> String {
    let count = (BODY_BYTES - start.len() - end.len()) / (open.len() + close.len());
    [start, &open.repeat(count), &close.repeat(count), end].concat()
}

#[test]
fn takes_little_memory_for_any_body() {
    let user = r#"{"messages":[{"content":"x"}],"#;
    for (name, format, body, is_accepted) in [
        ("text", ChatGptWeb, filled(r#"{"messages":[{"content":""#, "a", r#""}]}"#), true),
        ("escapes", ChatGptWeb, filled(r#"{"messages":[{"content":""#, r"\n", r#""}]}"#), true),
        ("controls", ChatGptWeb, filled(r#"{"messages":[{"content":""#, r"\u0001", r#""}]}"#), true),
        ("half pairs", ChatGptWeb, filled(r#"{"messages":[{"content":""#, r"\ud83d", r#""}]}"#), true),
        (
            "empty parts",
            ChatGptWeb,
            filled(r#"{"messages":[{"content":{"parts":["#, r#""","#, r#""x"]}}]}"#),
            true,
        ),
        ("parts", ChatGptWeb, filled(r#"{"messages":[{"content":["#, r#""x","#, r#""x"]}]}"#), true),
        ("escaped parts", ChatGptWeb, filled(r#"{"messages":[{"content":["#, r#""\n","#, r#""x"]}]}"#), true),
        (
            "empty text objects",
            OpenAi,
            filled(r#"{"messages":[{"content":["#, r#"{"type":"text","text":""},"#, r#""x"]}]}"#),
            true,
        ),
        (
            "images",
            OpenAi,
            filled(r#"{"messages":[{"content":["#, r#"{"type":"image_url","image_url":0},"#, r#""x"]}]}"#),
            true,
        ),
        (
            "images and texts",
            OpenAi,
            filled(
                r#"{"messages":[{"content":["#,
                r#"{"type":"image_url","image_url":0},"x","#,
                r#""x"]}]}"#,
            ),
            true,
        ),
        ("empty messages", ChatGptWeb, filled(r#"{"messages":["#, "{},", "{}]}"), false),
        ("numbers", ChatGptWeb, filled(r#"{"messages":["#, "0,", "0]}"), false),
        ("number parts", ChatGptWeb, filled(r#"{"messages":[{"content":["#, "0,", "0]}]}"), false),
        ("tools", OpenAi, filled(&format!("{user}\"tools\":["), r#"{"a":[0]},"#, "0]}"), true),
        ("stop and tools", OpenAi, filled(&format!("{user}\"stop\":\""), "x", "\",\"tools\":[]}"), true),
        ("deep tools", OpenAi, nested(&format!("{user}\"tools\":"), "[", "]", "}"), true),
        (
            "deep objects",
            OpenAi,
            nested(&format!("{user}\"metadata\":"), r#"{"a":"#, "}", "}").replace(":}", ":0}"),
            true,
        ),
        (
            "deep stream_options",
            OpenAi,
            nested(&format!("{user}\"stream\":true,\"stream_options\":{{\"a\":"), r#"[{"":"#, "}]", "}}")
                .replace(":}", ":0}"),
            true,
        ),
        (
            "deep tool_calls",
            OpenAi,
            nested(r#"{"messages":[{"content":"x","tool_calls":"#, "[", "]", "}]}"),
            true,
        ),
        (
            "deep image",
            OpenAi,
            nested(r#"{"messages":[{"content":[{"type":"image_url","image_url":"#, "[", "]", "}]}]}"),
            true,
        ),
        ("deep unknown", OpenAi, nested(&format!("{user}\"x\":"), "[", "]", "}"), true),
        ("deep messages", OpenAi, nested(r#"{"messages":"#, "[", "]", "}"), false),
        ("deep content", OpenAi, nested(r#"{"messages":[{"content":"#, "[", "]", "}]}"), false),
        ("unknown members", OpenAi, filled(user, r#""x":0,"#, r#""y":0}"#), true),
        ("a long name", OpenAi, filled(&format!("{user}\""), "x", r#"":0}"#), true),
        ("a long escaped name", OpenAi, filled(&format!("{user}\""), r"\n", r#"":0}"#), true),
        ("a broken member of a long name", OpenAi, filled(&format!("{user}\""), "\u{7f}", r#"":?}"#), false),
        ("a string of messages", OpenAi, filled(r#"{"messages":""#, "\u{7f}", r#""}"#), false),
        ("a string as a message", OpenAi, filled(r#"{"messages":[""#, "\u{7f}", r#""]}"#), false),
        (
            "a string of parts",
            OpenAi,
            filled(r#"{"messages":[{"content":{"parts":""#, "\u{7f}", r#""}}]}"#),
            false,
        ),
        ("a string as an author", OpenAi, filled(r#"{"messages":[{"author":""#, "\u{7f}", r#""}]}"#), false),
        ("a long model", OpenAi, filled(&format!("{user}\"model\":\""), r"\n", "\"}"), false),
        ("a long role", OpenAi, filled(r#"{"messages":[{"content":"x","role":""#, r"\n", "\"}]}"), false),
        ("a long type", OpenAi, filled(r#"{"messages":[{"content":[{"type":""#, r"\n", "\"}]}]}"), false),
        ("a long temperature", OpenAi, filled(&format!("{user}\"temperature\":0."), "1", "}"), true),
        ("cut", OpenAi, filled(user, r#""x":[{"#, ""), false),
    ] {
        let length = body.len();
        assert!((BODY_BYTES - 200..=BODY_BYTES + 10).contains(&length), "{name}: {length}");
        let (peak, accepted) = peak(format, body);
        assert_eq!(accepted, is_accepted, "{name}");
        assert!(peak < MAX_BYTES, "{name}: {peak} bytes");
    }
}
