//! The messages of a request: ChatGPT-web's or OpenAI's in, OpenAI's out.

use super::body::{NO_MESSAGES, Only, messages_error};
use super::content::Content;
use crate::{
    api_format::ApiFormat,
    error::{ApiError, ApiErrorKind},
    json,
};
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use std::{borrow::Cow, fmt};

/// More messages than any conversation has. Bounds the time and the memory that one request can take.
const MAX_MESSAGES: usize = 10_000;

/// A message as it comes and, after [`Message::convert`], as OpenAI takes it.
#[derive(Deserialize, Serialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Message<'a> {
    #[serde(skip_serializing)]
    author: Option<Only<'{', Author<'a>>>,
    #[serde(skip_serializing)]
    role: Option<&'a RawValue>,
    #[serde(skip_deserializing, rename = "role")]
    sent_role: Cow<'a, str>,
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Author<'a> {
    role: Option<&'a RawValue>,
}

impl Message<'_> {
    /// Returns `false` for a message that says nothing. Fails with a sentence about the role.
    fn convert(&mut self, format: ApiFormat) -> Result<bool, &'static str> {
        let role = self.author.as_ref().and_then(|Only(author)| author.role).or(self.role);
        self.sent_role = role.map_or(Some("user".into()), json::text).ok_or("must be a string")?;
        if format == ApiFormat::ChatGptWeb {
            (self.name, self.tool_calls, self.tool_call_id) = (None, None, None);
        }
        self.tool_calls = self.tool_calls.filter(|calls| calls.get() != "[]");
        // OpenAI takes null, but no empty text, beside tool calls.
        self.content.take_if(|content| matches!(content, Content::Text(text) if text.is_empty()));
        if self.content.is_none() && self.tool_calls.is_none() {
            if self.sent_role != "tool" {
                return Ok(false);
            }
            self.content = Some(Content::Text("".into()));
        }
        match (format, &*self.sent_role) {
            (_, "user" | "assistant") | (ApiFormat::OpenAi, "system" | "developer" | "tool") => Ok(true),
            (ApiFormat::ChatGptWeb, _) => Err("must be user or assistant"),
            (ApiFormat::OpenAi, _) => Err("must be user, assistant, system, developer or tool"),
        }
    }
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
        let mut written = format!(r#"[{{"role":"system","content":{}}}"#, Value::from(prompt)).into_bytes();
        let length = written.len();
        written.reserve(capacity);
        for (index, Only(mut message)) in self.0.into_iter().enumerate() {
            let misplaced = |what| ApiError::invalid_request(&format!("messages[{index}].role"), what);
            if message.convert(format).map_err(misplaced)? {
                written.push(b',');
                serde_json::to_writer(&mut written, &message).map_err(|_| ApiErrorKind::Internal)?;
            }
        }
        if written.len() == length {
            return Err(messages_error("No message has any content"));
        }
        written.push(b']');
        Ok(String::from_utf8(written).map_err(|_| ApiErrorKind::Internal)?.into())
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
        f.write_str("an array")
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
