//! What one event means for the stream.

use crate::json;
use serde_json::value::RawValue;

/// A `finish_reason` with which gateways say that the answer failed. From the documentation of OpenRouter (`error`),
/// Zhipu (`network_error`), DeepSeek (`insufficient_system_resource`), SGLang (`abort`), Cohere and others.
const FAILURES: [&str; 6] =
    ["error", "network_error", "insufficient_system_resource", "abort", "aborted", "cancelled"];

/// The meaning of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChunkKind {
    /// JSON with `choices`.
    Chunk {
        /// The indexes of the choices that this event finishes, one bit each.
        finished: u128,
        /// The last `finish_reason` among them.
        finish_reason: Option<String>,
    },
    /// Other JSON, such as `{"type":"ping"}`.
    Other,
    /// `[DONE]`.
    Done,
    /// JSON with a non-null `error`, at the top or in a choice, or with a `finish_reason` that means a failure.
    Error,
    /// Not JSON.
    Malformed,
}

/// Classifies a payload as [`Decoder::next`](super::Decoder::next) returns it. A chunk has the shape of OpenAI's
/// [chat completion stream](https://platform.openai.com/docs/api-reference/chat-streaming).
///
/// ```
/// use gptdock::sse::{ChunkKind, classify};
///
/// let last = classify(br#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#);
/// assert_eq!(last, ChunkKind::Chunk { finished: 1, finish_reason: Some("stop".to_owned()) });
/// assert_eq!(classify(br#"{"error":{"message":"overloaded"}}"#), ChunkKind::Error);
/// assert_eq!(classify(b"[DONE]"), ChunkKind::Done);
/// assert_eq!(classify(b"<html>"), ChunkKind::Malformed);
/// ```
pub fn classify(payload: &[u8]) -> ChunkKind {
    let payload = trim_json(payload);
    if payload == super::DONE {
        return ChunkKind::Done;
    }
    let Ok(text) = std::str::from_utf8(payload) else { return ChunkKind::Malformed };
    match json::members(text, ["error", "choices"]) {
        Err(_) if !text.starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok() => {
            ChunkKind::Other
        }
        Err(_) => ChunkKind::Malformed,
        Ok([Some(_), _]) => ChunkKind::Error,
        Ok([None, Some(choices)]) => classify_choices(choices),
        Ok([None, None]) => ChunkKind::Other,
    }
}

/// Whether a `finish_reason` means that the answer failed.
pub fn is_failure(finish_reason: &str) -> bool {
    FAILURES.contains(&finish_reason)
}

/// The payload without the white space that JSON allows around a value.
pub fn trim_json(mut payload: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] | [rest @ .., b' ' | b'\t' | b'\n' | b'\r'] = payload
    {
        payload = rest;
    }
    payload
}

fn classify_choices(choices: &RawValue) -> ChunkKind {
    let (mut position, mut failed, mut finished, mut finish_reason) = (0, false, 0, None);
    let read = json::for_each_element(choices.get(), |choice| {
        position += 1;
        // Reading a million numbers as objects would take a second.
        if !choice.get().starts_with('{') {
            return;
        }
        let members = json::members(choice.get(), ["index", "finish_reason", "error"]);
        let [index, reason, error] = members.unwrap_or_default();
        let reason = reason.and_then(json::string).filter(|reason| !reason.is_empty() && reason != "null");
        failed |= error.is_some() || reason.as_deref().is_some_and(is_failure);
        if let Some(reason) = reason {
            let index: u32 = index.and_then(|index| index.get().parse().ok()).unwrap_or(position - 1);
            finished |= 1_u128.checked_shl(index).unwrap_or_default();
            finish_reason = Some(reason);
        }
    });
    match read {
        Ok(()) if failed => ChunkKind::Error,
        Ok(()) => ChunkKind::Chunk { finished, finish_reason },
        Err(_) => ChunkKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(finished: u128, reason: &str) -> ChunkKind {
        let finish_reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
        ChunkKind::Chunk { finished, finish_reason }
    }

    #[test]
    fn classifies_chunks() {
        for (payload, kind) in [
            (r#"{"choices":[{"delta":{"content":"a"},"finish_reason":null}]}"#, chunk(0, "")),
            (
                r#"{"choices":[{"finish_reason":"stop"},{"index":1,"finish_reason":"length"}]}"#,
                chunk(3, "length"),
            ),
            (r#"{"choices":[{"index":127,"finish_reason":"stop"}]}"#, chunk(1 << 127, "stop")),
            (r#"{"choices":[{"index":128,"finish_reason":"stop"}]}"#, chunk(0, "stop")),
            (r#"{"choices":[{"delta":{"finish_reason":"stop"}}]}"#, chunk(0, "")),
            (r#"{"choices":[],"usage":{"total_tokens":9},"error":null}"#, chunk(0, "")),
            (r#"{"choices":[{"delta":{"content":"\ud83d"}}]}"#, chunk(0, "")),
            (r#"{"choices":[1,null,[]]}"#, chunk(0, "")),
        ] {
            assert_eq!(classify(payload.as_bytes()), kind, "{payload}");
        }
    }

    #[test]
    fn a_reason_that_says_nothing_finishes_nothing() {
        for reason in ["null", r#""""#, r#""null""#, "false", "0", "[]", "{}", "true"] {
            let payload = format!(r#"{{"choices":[{{"finish_reason":{reason}}}]}}"#);
            assert_eq!(classify(payload.as_bytes()), chunk(0, ""), "{payload}");
        }
    }

    #[test]
    fn finds_errors_at_the_top_and_in_choices() {
        for payload in [
            r#"{"error":{"message":"x"}}"#,
            r#"{"error":"x","choices":[]}"#,
            r#"{"choices":[{"error":{"code":502},"finish_reason":"error"}]}"#,
            r#"{"choices":[{"delta":{}},{"index":1,"error":"x"}]}"#,
        ] {
            assert_eq!(classify(payload.as_bytes()), ChunkKind::Error, "{payload}");
        }
        for reason in FAILURES {
            let payload = format!(r#"{{"choices":[{{"finish_reason":"{reason}"}}]}}"#);
            assert_eq!(classify(payload.as_bytes()), ChunkKind::Error, "{payload}");
        }
    }

    #[test]
    fn classifies_other_json() {
        for payload in
            [r#"{"type":"ping"}"#, "{}", r#"{"choices":null}"#, r#"{"choices":{}}"#, "12", r#""text""#]
        {
            assert_eq!(classify(payload.as_bytes()), ChunkKind::Other, "{payload}");
        }
        assert_eq!(classify(b" [DONE]\t"), ChunkKind::Done);
    }

    #[test]
    fn rejects_what_is_not_json() {
        for payload in [
            r#"{"choices":[{"delta":{"content":"a"}"#,
            r#"{"a":1} {"#,
            "[DONE].",
            "upstream error",
            r#"{"a":"\x"}"#,
            "\u{c}{}",
            "{}\u{c}",
            "\u{feff}{}",
            "",
        ] {
            assert_eq!(classify(payload.as_bytes()), ChunkKind::Malformed, "{payload:?}");
        }
        assert_eq!(classify(b"{\"a\":\"\xFF\"}"), ChunkKind::Malformed);
    }
}
