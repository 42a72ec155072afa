//! A whole answer in one JSON: what was asked for, or what a cache or a guardrail gives instead of a stream.

use super::{refusal::Refusal, trouble::Trouble};
use crate::sse::{DONE, write_event};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use serde_json::{Map, Value, json};

/// More than any model answers at once; it bounds what one answer can hold in memory, in bytes.
pub const MAX_JSON_BYTES: usize = 8 * 1024 * 1024;

/// A `chat.completion` object.
#[derive(Debug)]
pub struct WholeAnswer {
    bytes: Bytes,
    json: Value,
}

impl WholeAnswer {
    /// Reads the body of a 200.
    ///
    /// # Errors
    /// An error object is a refusal; anything else without `choices` is a bad answer.
    pub fn read(headers: &HeaderMap, bytes: Bytes) -> Result<Self, Trouble> {
        let json: Value = serde_json::from_slice(&bytes).map_err(|_| Trouble::BadAnswer)?;
        let is_error = json.is_array() || json["success"] == false || !json["error"].is_null();
        if is_error {
            return Err(Trouble::Refused(Refusal::read(200, headers, &bytes)));
        }
        match json["choices"].as_array() {
            Some(choices) if !choices.is_empty() => Ok(Self { bytes, json }),
            _ => Err(Trouble::BadAnswer),
        }
    }

    /// The body as it came.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// The same answer for a caller who did not ask for the usage.
    pub fn without_usage(mut self) -> Self {
        self.json.as_object_mut().map(|answer| answer.remove("usage"));
        self
    }

    /// The same answer as the events of a stream, `[DONE]` included.
    pub fn into_events(self) -> Bytes {
        let mut out = BytesMut::new();
        let chunk = |choices: Value, usage: Option<&Value>| {
            let mut chunk = Map::new();
            for name in ["id", "created", "model", "system_fingerprint", "service_tier"] {
                chunk.extend(self.json.get(name).map(|value| (name.to_owned(), value.clone())));
            }
            chunk.insert("object".to_owned(), "chat.completion.chunk".into());
            chunk.insert("choices".to_owned(), choices);
            chunk.extend(usage.map(|usage| ("usage".to_owned(), usage.clone())));
            Value::Object(chunk).to_string()
        };
        let choices = self.json["choices"].as_array().into_iter().flatten();
        let choices: Vec<Value> =
            choices.enumerate().map(|(index, choice)| as_delta(index, choice)).collect();
        write_event(chunk(choices.into(), None).as_bytes(), &mut out);
        if let Some(usage) = self.json.get("usage").filter(|usage| !usage.is_null()) {
            write_event(chunk(json!([]), Some(usage)).as_bytes(), &mut out);
        }
        write_event(DONE, &mut out);
        out.freeze()
    }
}

fn as_delta(index: usize, choice: &Value) -> Value {
    let mut delta = choice["message"].as_object().cloned().unwrap_or_default();
    if let Some(calls) = delta.get_mut("tool_calls").and_then(Value::as_array_mut) {
        for (index, call) in calls.iter_mut().enumerate() {
            if let Some(call) = call.as_object_mut() {
                call.insert("index".to_owned(), index.into());
            }
        }
    }
    let reason = choice.get("finish_reason").filter(|reason| !reason.is_null() && *reason != "").cloned();
    json!({
        "index": choice.get("index").cloned().unwrap_or_else(|| index.into()),
        "delta": delta,
        "finish_reason": reason.unwrap_or_else(|| "stop".into()),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]
    use super::*;

    fn read(text: &'static str) -> Result<WholeAnswer, Trouble> {
        WholeAnswer::read(&HeaderMap::new(), Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn an_answer_becomes_events() {
        let text = r#"{"id":"c","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","tool_calls":[{"id":"t"}]},"finish_reason":"stop"}],"usage":{"total_tokens":3}}"#;
        let events = read(text).unwrap().into_events();
        let events: Vec<&str> = std::str::from_utf8(&events).unwrap().split_terminator("\n\n").collect();
        let payload =
            |event: &str| serde_json::from_str::<Value>(event.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(
            payload(events[0]),
            json!({"id":"c","object":"chat.completion.chunk","created":5,"model":"m","choices":[
                {"index":0,"delta":{"role":"assistant","content":"Hi","tool_calls":[{"id":"t","index":0}]},"finish_reason":"stop"}]})
        );
        assert_eq!(payload(events[1])["usage"], json!({"total_tokens":3}));
        assert_eq!(events[2], "data: [DONE]");
        assert_eq!(events.len(), 3);
        let without_usage = read(text).unwrap().without_usage().into_events();
        assert_eq!(without_usage, format!("{}\n\ndata: [DONE]\n\n", events[0]));
    }

    #[test]
    fn what_is_no_answer() {
        for text in ["", "{", "{}", r#"{"choices":[]}"#, r#"{"choices":null}"#, "null", "1"] {
            assert_eq!(read(text).unwrap_err(), Trouble::BadAnswer, "{text}");
        }
        for text in [
            r#"{"error":{"message":"x"}}"#,
            r#"[{"code":2001,"message":"x"}]"#,
            r#"{"success":false,"result":[]}"#,
            r#"{"error":"x","choices":[{}]}"#,
        ] {
            assert!(matches!(read(text).unwrap_err(), Trouble::Refused(_)), "{text}");
        }
    }
}
