//! One message: ChatGPT-web's or OpenAI's in, OpenAI's out.

use super::parts::Content;
use crate::{dialect::Dialect, json::Object};
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

/// A message as it comes, its author and its content read or unread.
#[derive(Deserialize)]
pub struct Incoming<'a, A, C> {
    pub author: Option<A>,
    #[serde(borrow)]
    pub role: Option<&'a RawValue>,
    pub content: Option<C>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_call_id: Option<&'a RawValue>,
}

/// A message that was read whole.
pub type Whole<'a> = Object<Incoming<'a, Object<Author<'a>>, Content<'a>>>;

/// Who speaks, in ChatGPT-web's words.
#[derive(Deserialize)]
pub struct Author<'a> {
    #[serde(borrow)]
    role: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// The system prompt, which goes before all others.
    pub fn system(prompt: &'a str) -> Self {
        let content = Some(Content::Text(prompt.into()));
        Self { role: "system".into(), content, name: None, tool_calls: None, tool_call_id: None }
    }

    /// The message that goes out for one that came in; none when that says nothing.
    ///
    /// # Errors
    /// What is wrong with its role.
    pub fn new(Object(incoming): Whole<'a>, dialect: Dialect) -> Result<Option<Self>, Cow<'static, str>> {
        let role = role(incoming.author, incoming.role)?;
        let content = incoming.content.unwrap_or_default();
        let passed = |field: Option<&'a RawValue>| field.filter(|_| dialect == Dialect::OpenAi);
        let tool_calls = passed(incoming.tool_calls).filter(|calls| calls.get() != "[]");
        if content.is_empty() && tool_calls.is_none() && role != "tool" {
            return Ok(None);
        }
        let known: &[&str] = match dialect {
            Dialect::Web => &["user", "assistant"],
            Dialect::OpenAi => &["user", "assistant", "system", "developer", "tool"],
        };
        if !known.contains(&role.as_ref()) {
            return Err(format!("the role must be one of {}", known.join(", ")).into());
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

/// The author's role; without one, the message's own.
///
/// # Errors
/// What is wrong with it.
pub fn role<'a>(
    author: Option<Object<Author<'a>>>,
    own: Option<&'a RawValue>,
) -> Result<Cow<'a, str>, &'static str> {
    author.and_then(|Object(author)| author.role).or(own).map_or(Ok("user".into()), text_of)
}

/// The text of a string, borrowed when it holds no escapes.
///
/// # Errors
/// The words for anything else.
pub fn text_of(value: &RawValue) -> Result<Cow<'_, str>, &'static str> {
    let quoted =
        value.get().strip_prefix('"').and_then(|text| text.strip_suffix('"')).ok_or("must be a string")?;
    if !quoted.contains('\\') {
        return Ok(quoted.into());
    }
    serde_json::from_str(value.get()).map(Cow::Owned).map_err(|_| "must be a string")
}
