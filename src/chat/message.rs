//! The messages of a request: ChatGPT-web's or OpenAI's in, OpenAI's out.

use super::body::{NO_MESSAGES, Only, messages_error};
use super::content::Content;
use crate::api_format::ApiFormat;
use crate::error::{ApiError, ApiErrorKind};
use crate::json;
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::{RawValue, Value};
use std::fmt;

/// More messages than any conversation has. Bounds the time and the memory that one request can take.
const MAX_MESSAGES: usize = 10_000;

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Message<'a> {
    author: Option<Only<'{', Author<'a>>>,
    role: Option<&'a RawValue>,
    content: Option<Content<'a>>,
    name: Option<&'a RawValue>,
    tool_calls: Option<&'a RawValue>,
    tool_call_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Author<'a> {
    role: Option<&'a RawValue>,
}

/// The messages of a request. Does not read the rest of a list that is too long.
#[derive(Default)]
pub struct Messages<'a>(Vec<Only<'{', Message<'a>>>);

impl Messages<'_> {
    /// Writes the system prompt and the messages that say something, one after the other, into one JSON array.
    /// Fails when a message has the wrong role, and when none says anything.
    pub fn write(self, format: ApiFormat, prompt: &str, capacity: usize) -> Result<Box<str>, ApiError> {
        if self.0.is_empty() {
            return Err(messages_error(NO_MESSAGES));
        }
        let is_openai = format == ApiFormat::OpenAi;
        let mut written = format!(r#"[{{"role":"system","content":{}}}"#, Value::from(prompt));
        let length = written.len();
        written.reserve(capacity);
        for (index, Only(message)) in self.0.into_iter().enumerate() {
            let misplaced = |what| ApiError::invalid_request(&format!("messages[{index}].role"), what);
            let role = message.author.and_then(|Only(author)| author.role).or(message.role);
            let role = role.map_or(Some("user".into()), json::text);
            let role = role.ok_or_else(|| misplaced("must be a string"))?;
            let tool_calls = message.tool_calls.filter(|calls| is_openai && calls.get() != "[]");
            let content = match message.content.filter(|content| !content.is_empty()) {
                None if tool_calls.is_none() && role != "tool" => continue,
                // OpenAI takes null, but no empty text, beside tool calls.
                None if tool_calls.is_none() => "\"\"".to_owned(),
                content => serde_json::to_string(&content).map_err(|_| ApiErrorKind::Internal)?,
            };
            match (is_openai, &*role) {
                (_, "user" | "assistant") | (true, "system" | "developer" | "tool") => {}
                (false, _) => return Err(misplaced("must be user or assistant")),
                (true, _) => return Err(misplaced("must be user, assistant, system, developer or tool")),
            }
            written.extend([",{\"role\":\"", &*role, "\",\"content\":", &*content]);
            let passed =
                [("name", message.name), ("tool_calls", tool_calls), ("tool_call_id", message.tool_call_id)];
            for (name, value) in passed {
                if let Some(value) = value.filter(|_| is_openai) {
                    written.extend([",\"", name, "\":", value.get()]);
                }
            }
            written.push('}');
        }
        if written.len() == length {
            return Err(messages_error("No message has any content"));
        }
        written.push(']');
        Ok(written.into())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Messages<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self::default())
    }
}

/// Fills a list that is empty.
impl<'de: 'a, 'a> Visitor<'de> for Messages<'a> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut messages: A) -> Result<Self, A::Error> {
        while let Some(message) = messages.next_element()? {
            if self.0.len() == MAX_MESSAGES {
                return Err(A::Error::custom(format!("holds more than {MAX_MESSAGES} messages")));
            }
            self.0.push(message);
        }
        Ok(self)
    }
}
