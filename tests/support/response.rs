//! A finished response as the Runtime API received it.

use super::event::{Dialect, PRIVATE};
use super::frontend::Frontend;
use super::patience::{between, took};
use bytes::Bytes;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Instant;

/// One HTTP chunk, as the function wrote it.
#[derive(Clone, Debug)]
pub struct Write {
    pub at: Instant,
    pub bytes: Bytes,
}

#[derive(Debug)]
pub struct Response {
    pub request_id: String,
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub writes: Vec<Write>,
    /// When the event was handed out, when the status line came, when the body ended.
    pub started: Instant,
    pub opened: Instant,
    pub ended: Instant,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.writes.iter().map(|write| &write.bytes[..]).collect::<Vec<_>>().concat()
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.bytes()).expect("the body is UTF-8")
    }

    pub fn json(&self) -> Value {
        let text = self.text();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// What the unchanged frontend would show.
    pub fn shown(&self) -> String {
        let mut frontend = Frontend::default();
        self.writes.iter().for_each(|write| frontend.take(&write.bytes));
        frontend.text
    }

    /// The payloads of all events. Nothing but events and comments may stand in the body.
    pub fn payloads(&self) -> Vec<String> {
        let text = self.text();
        let blocks = text.split_inclusive("\n\n").filter(|block| !block.starts_with(':'));
        let payload = |block: &str| {
            let payload = block.strip_prefix("data: ").and_then(|rest| rest.strip_suffix("\n\n"));
            let payload = payload.unwrap_or_else(|| panic!("not an event: {block:?}"));
            assert!(!payload.contains(['\n', '\r']), "not one line: {payload:?}");
            payload.to_owned()
        };
        blocks.map(payload).collect()
    }

    /// A stream as section 4 of the contract defines it, with any end.
    #[track_caller]
    pub fn streamed(&self) -> &Self {
        assert_eq!(self.status, 200, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("text/event-stream; charset=utf-8"));
        assert_eq!(self.header("cache-control"), Some("no-cache, no-transform"));
        assert_eq!(self.header("x-accel-buffering"), Some("no"));
        assert_eq!(self.header("x-request-id"), Some(self.request_id.as_str()));
        for write in &self.writes {
            let tail = &write.bytes[write.bytes.len().saturating_sub(80)..];
            assert!(
                tail.ends_with(
                    b"

"
                ),
                "a write ends inside an event: {:?}",
                String::from_utf8_lossy(tail)
            );
        }
        self
    }

    /// A stream that came to its proper end.
    #[track_caller]
    pub fn completed(&self) -> Vec<String> {
        let mut payloads = self.streamed().payloads();
        assert_eq!(payloads.pop().as_deref(), Some("[DONE]"), "{}", self.text());
        assert!(!payloads.iter().any(|payload| payload == "[DONE]"), "{}", self.text());
        for payload in &payloads {
            let event: Value = serde_json::from_str(payload).unwrap();
            assert_eq!(event.get("error").unwrap_or(&Value::Null), &Value::Null);
        }
        payloads
    }

    /// A stream that ended with an error inside: the events before it, and its code.
    #[track_caller]
    pub fn interrupted(&self, dialect: Dialect) -> (Vec<String>, String) {
        let mut payloads = self.streamed().payloads();
        assert!(!payloads.iter().any(|payload| payload == "[DONE]"), "{}", self.text());
        let last: Value = serde_json::from_str(&payloads.pop().expect("an event")).unwrap();
        assert_eq!(last["object"], "chat.completion.chunk");
        assert!(last["id"].is_string() && last["created"].is_u64(), "{last}");
        assert!(last["model"].is_string(), "{last}");
        let choice = &last["choices"][0];
        assert_eq!(choice["index"], 0);
        assert_eq!(choice["finish_reason"], "error");
        match dialect {
            Dialect::V1 => assert_eq!(choice["delta"], serde_json::json!({})),
            Dialect::Conversations => {
                let told = choice["delta"]["content"].as_str().unwrap();
                assert!(told.starts_with("\n\n*The answer stopped early: "), "{told:?}");
                assert!(told.ends_with('*'), "{told:?}");
                assert!(self.shown().ends_with(told), "{:?}", self.shown());
            }
        }
        let error = &last["error"];
        assert!(!error["message"].as_str().unwrap().is_empty(), "{last}");
        assert!(!error["type"].as_str().unwrap().is_empty(), "{last}");
        (payloads, spoken(&error["code"]))
    }

    /// An error before the stream, in the words of section 5.
    #[track_caller]
    pub fn refused(&self, dialect: Dialect, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        let content_type = self.header("content-type").unwrap_or_default();
        assert!(content_type.starts_with("application/json"), "{content_type}");
        let body = self.json();
        assert_eq!(body["request_id"], self.request_id.as_str(), "{body}");
        let (sentence, told) = match dialect {
            Dialect::Conversations => (&body["error"], &body["code"]),
            Dialect::V1 => {
                let error = &body["error"];
                assert!(error["type"].is_string(), "{body}");
                assert!(error.get("param").is_some_and(|p| p.is_null() || p.is_string()), "{body}");
                (&error["message"], &error["code"])
            }
        };
        assert_eq!(spoken(told), code, "{body}");
        let sentence = sentence.as_str().unwrap_or_else(|| panic!("no sentence: {body}"));
        assert!(!sentence.is_empty() && !sentence.contains('<'), "{sentence}");
        assert!(!sentence.contains(PRIVATE), "{sentence}");
        sentence.to_owned()
    }

    /// The time from the hand-out to the status line, in milliseconds, must lie in `range`.
    #[track_caller]
    pub fn opened_in(&self, range: std::ops::RangeInclusive<u64>) -> &Self {
        took("the status line", between(self.started, self.opened), range);
        self
    }

    /// The time from the hand-out to the end, in milliseconds, must lie in `range`.
    #[track_caller]
    pub fn ended_in(&self, range: std::ops::RangeInclusive<u64>) -> &Self {
        took("the response", between(self.started, self.ended), range);
        self
    }

    /// When the first write that holds `text` came.
    pub fn when(&self, text: &str) -> Instant {
        let holds = |write: &&Write| String::from_utf8_lossy(&write.bytes).contains(text);
        self.writes.iter().find(holds).unwrap_or_else(|| panic!("no write holds {text:?}")).at
    }
}

/// A code that says something: a word, never a gateway's number.
#[track_caller]
fn spoken(code: &Value) -> String {
    let code = code.as_str().unwrap_or_else(|| panic!("not a word: {code}"));
    assert!(code.parse::<f64>().is_err(), "a gateway's number: {code}");
    code.to_owned()
}
