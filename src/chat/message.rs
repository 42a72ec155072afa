//! One message: ChatGPT-web's or OpenAI's in, OpenAI's out.

use super::{MAX_MESSAGES, parts::Content};
use crate::{dialect::Dialect, failure::Failure};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A message as OpenAI takes it.
#[derive(Debug, Serialize)]
pub struct Message<'a> {
    role: Cow<'a, str>,
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Incoming<'a> {
    #[serde(borrow, default)]
    author: Option<&'a RawValue>,
    #[serde(borrow, default)]
    role: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_call_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Author<'a> {
    #[serde(borrow, default)]
    role: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// The system prompt, which goes before all others.
    pub fn system(prompt: &'a str) -> Self {
        let content = Some(Content::Text(prompt.into()));
        Self { role: "system".into(), content, name: None, tool_calls: None, tool_call_id: None }
    }

    /// Reads the `messages` of a request; those that say nothing are left out.
    ///
    /// # Errors
    /// The first thing that is refused, with its place.
    pub fn read_all(messages: &'a RawValue, dialect: Dialect) -> Result<Vec<Self>, Failure> {
        let messages = elements(messages, "messages")?;
        if messages.len() > MAX_MESSAGES {
            return Err(Failure::invalid_request(
                "messages",
                &format!("holds more than {MAX_MESSAGES} messages"),
            ));
        }
        let mut read = Vec::with_capacity(messages.len() + 1);
        for (index, message) in messages.into_iter().enumerate() {
            read.extend(Self::read(message, &format!("messages[{index}]"), dialect)?);
        }
        Ok(read)
    }

    fn read(message: &'a RawValue, place: &str, dialect: Dialect) -> Result<Option<Self>, Failure> {
        let incoming: Incoming<'a> = object(message, place)?;
        let role = role(&incoming, place)?;
        let content = Content::read(incoming.content, place)?;
        let passed = |field: Option<&'a RawValue>| given(field).filter(|_| dialect == Dialect::OpenAi);
        let tool_calls = passed(incoming.tool_calls).filter(|calls| calls.get() != "[]");
        if content.is_empty() && tool_calls.is_none() && role != "tool" {
            return Ok(None);
        }
        let known: &[&str] = match dialect {
            Dialect::Web => &["user", "assistant"],
            Dialect::OpenAi => &["user", "assistant", "system", "developer", "tool"],
        };
        if !known.contains(&role.as_ref()) {
            let what = format!("the role must be one of {}", known.join(", "));
            return Err(Failure::invalid_request(&format!("{place}.role"), &what));
        }
        Ok(Some(Self {
            // OpenAI wants null, not an empty text, beside tool calls.
            content: (!content.is_empty() || tool_calls.is_none()).then_some(content),
            role,
            name: passed(incoming.name),
            tool_calls,
            tool_call_id: passed(incoming.tool_call_id),
        }))
    }
}

fn role<'a>(incoming: &Incoming<'a>, place: &str) -> Result<Cow<'a, str>, Failure> {
    let author = given(incoming.author).map(|author| object(author, &format!("{place}.author")));
    let author: Option<Author<'a>> = author.transpose()?;
    let role = author.and_then(|author| given(author.role)).or(given(incoming.role));
    match role {
        Some(role) => text_of(role, &format!("{place}.role")),
        None => Ok("user".into()),
    }
}

/// An object; serde alone would take an array as well, its elements in the order of the fields.
pub fn object<'a, T: Deserialize<'a>>(value: &'a RawValue, place: &str) -> Result<T, Failure> {
    let read = value.get().starts_with('{').then(|| serde_json::from_str(value.get()));
    read.and_then(Result::ok)
        .ok_or_else(|| Failure::invalid_request(place, "must be an object of the right shape"))
}

/// A member that is there and not `null`.
pub fn given(value: Option<&RawValue>) -> Option<&RawValue> {
    value.filter(|value| value.get() != "null")
}

/// The elements of an array, unread.
pub fn elements<'a>(array: &'a RawValue, place: &str) -> Result<Vec<&'a RawValue>, Failure> {
    serde_json::from_str(array.get()).map_err(|_| Failure::invalid_request(place, "must be an array"))
}

/// The text of a string, borrowed when it holds no escapes.
pub fn text_of<'a>(value: &'a RawValue, place: &str) -> Result<Cow<'a, str>, Failure> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    let text: Text<'a> =
        serde_json::from_str(value.get()).map_err(|_| Failure::invalid_request(place, "must be a string"))?;
    Ok(text.0)
}
