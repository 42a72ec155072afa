//! The messages of a request: ChatGPT-web's or OpenAI's in, OpenAI's out.

use super::body::{NO_MESSAGES, Object, messages_error, text_of};
use super::content::Content;
use crate::api_format::ApiFormat;
use crate::error::{ApiError, ApiErrorKind};
use serde::de::{Deserializer, Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// More messages than any conversation has. Bounds the time and the memory that one request can take.
const MAX_MESSAGES: usize = 10_000;

/// A message as OpenAI takes it.
#[derive(Serialize)]
struct Message<'a> {
    role: Cow<'a, str>,
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a RawValue>,
}

/// A message as it comes.
#[derive(Deserialize)]
struct Incoming<'a> {
    #[serde(borrow)]
    author: Option<Object<Author<'a>>>,
    #[serde(borrow)]
    role: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<Content<'a>>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_call_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Author<'a> {
    #[serde(borrow)]
    role: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// The system prompt, which goes before all others.
    fn system(prompt: &'a str) -> Self {
        let content = Some(Content::text(prompt.into()));
        Self { role: "system".into(), content, name: None, tool_calls: None, tool_call_id: None }
    }

    /// The message that is sent for one that came. Returns `None` for one that says nothing. Fails with a
    /// sentence about the role.
    fn new(incoming: Incoming<'a>, format: ApiFormat) -> Result<Option<Self>, &'static str> {
        let role = incoming.author.and_then(|Object(author)| author.role).or(incoming.role);
        let role = role.map_or(Some("user".into()), text_of).ok_or("must be a string")?;
        let content = incoming.content.unwrap_or_default();
        let passed = |field: Option<&'a RawValue>| field.filter(|_| format == ApiFormat::OpenAi);
        let tool_calls = passed(incoming.tool_calls).filter(|calls| calls.get() != "[]");
        if content.is_empty() && tool_calls.is_none() && role != "tool" {
            return Ok(None);
        }
        match (format, &*role) {
            (_, "user" | "assistant") | (ApiFormat::OpenAi, "system" | "developer" | "tool") => {}
            (ApiFormat::ChatGptWeb, _) => return Err("must be user or assistant"),
            (ApiFormat::OpenAi, _) => return Err("must be user, assistant, system, developer or tool"),
        }
        Ok(Some(Self {
            // OpenAI takes null, but no empty text, beside tool calls.
            content: (!content.is_empty() || tool_calls.is_none()).then_some(content),
            role,
            name: passed(incoming.name),
            tool_calls,
            tool_call_id: passed(incoming.tool_call_id),
        }))
    }
}

/// The messages of a request. Does not read the rest of a list that is too long.
#[derive(Default)]
pub struct Messages<'a>(Vec<Object<Incoming<'a>>>);

impl Messages<'_> {
    /// Writes the system prompt and the messages that say something, one after the other, into one buffer.
    /// Fails when a message has the wrong role, and when none says anything.
    pub fn write(self, format: ApiFormat, prompt: &str, capacity: usize) -> Result<Box<[u8]>, ApiError> {
        if self.0.is_empty() {
            return Err(messages_error(NO_MESSAGES));
        }
        let mut written = Vec::with_capacity(prompt.len() + capacity);
        write(&mut written, b'[', &Message::system(prompt))?;
        let length = written.len();
        for (index, Object(message)) in self.0.into_iter().enumerate() {
            let message = Message::new(message, format)
                .map_err(|what| ApiError::invalid_request(&format!("messages[{index}].role"), what))?;
            if let Some(message) = message {
                write(&mut written, b',', &message)?;
            }
        }
        if written.len() == length {
            return Err(messages_error("No message has any content"));
        }
        written.push(b']');
        Ok(written.into_boxed_slice())
    }
}

fn write(written: &mut Vec<u8>, separator: u8, message: &Message<'_>) -> Result<(), ApiError> {
    written.push(separator);
    serde_json::to_writer(written, message).map_err(|_| ApiErrorKind::Internal.into())
}

impl<'de: 'a, 'a> Deserialize<'de> for Messages<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MessagesVisitor)
    }
}

struct MessagesVisitor;

impl<'de> Visitor<'de> for MessagesVisitor {
    type Value = Messages<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Err(E::invalid_type(Unexpected::Other("string"), &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut messages: A) -> Result<Self::Value, A::Error> {
        let mut read = Vec::new();
        while let Some(message) = messages.next_element()? {
            if read.len() == MAX_MESSAGES {
                return Err(A::Error::custom(format!("holds more than {MAX_MESSAGES} messages")));
            }
            read.push(message);
        }
        Ok(Messages(read))
    }
}
