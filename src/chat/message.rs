//! The messages of a request: ChatGPT-web's or OpenAI's in, OpenAI's out.

use super::body::{NO_MESSAGES, Only, messages_error};
use crate::api_format::ApiFormat;
use crate::error::ApiError;
use crate::json;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, Value};
use std::{borrow::Cow, fmt};

/// More messages than any conversation has. Bounds the time and the memory that one request can take.
const MAX_MESSAGES: usize = 10_000;

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Message<'a> {
    author: Option<Only<'{', Author<'a>>>,
    role: Option<&'a RawValue>,
    content: Option<Content>,
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
        let nothing = if self.0.is_empty() { NO_MESSAGES } else { "No message has any content" };
        let is_openai = format == ApiFormat::OpenAi;
        let mut written = format!(r#"[{{"role":"system","content":{}}}"#, Value::from(prompt));
        let length = written.len();
        written.reserve(capacity);
        for (index, Only(message)) in self.0.into_iter().enumerate() {
            let fault = |what| ApiError::invalid_request(&format!("messages[{index}].role"), what);
            let role = message.author.and_then(|Only(author)| author.role).or(message.role);
            let role =
                role.map_or(Some("user".into()), json::text).ok_or_else(|| fault("must be a string"))?;
            let tool_calls = message.tool_calls.filter(|calls| is_openai && calls.get() != "[]");
            let content = match (message.content.and_then(|Content(json)| json), tool_calls) {
                (None, None) if role != "tool" => continue,
                // OpenAI takes null, but no empty text, beside tool calls.
                (None, None) => "\"\"".to_owned(),
                (content, _) => content.unwrap_or("null".to_owned()),
            };
            match (is_openai, &*role) {
                (_, "user" | "assistant") | (true, "system" | "developer" | "tool") => {}
                (false, _) => return Err(fault("must be user or assistant")),
                (true, _) => return Err(fault("must be user, assistant, system, developer or tool")),
            }
            written.extend([",{\"role\":\"", &*role, "\",\"content\":", &*content]);
            let (name, id) = (message.name, message.tool_call_id);
            for (name, value) in [("name", name), ("tool_calls", tool_calls), ("tool_call_id", id)] {
                if let Some(value) = value.filter(|_| is_openai) {
                    written.extend([",\"", name, "\":", value.get()]);
                }
            }
            written.push('}');
        }
        if written.len() == length {
            return Err(messages_error(nothing));
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

/// What a string, ChatGPT-web's `parts` or OpenAI's content array says, as OpenAI's JSON. `None` when it says nothing.
struct Content(Option<String>);

#[derive(Deserialize)]
struct PartsObject {
    parts: Option<Only<'[', Content>>,
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self(None))
    }
}

/// The visitor is the content that says nothing.
impl<'de> Visitor<'de> for Content {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be a string, an array or an object with parts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self, E> {
        if text.is_empty() { Ok(self) } else { Self::write(text) }
    }

    /// Joins texts that follow each other, and drops those that are empty.
    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self, A::Error> {
        let (mut parts, mut says_something) = (Vec::new(), false);
        let is_empty = |part: &Part<'_>| matches!(part, Part::Text { text } if text.is_empty());
        while let Some(part) = elements.next_element()? {
            // Empty parts say nothing, however many line ends join them.
            says_something |= !is_empty(&part);
            match (parts.last_mut(), part) {
                (Some(Part::Text { text: last }), Part::Text { text }) => {
                    last.to_mut().push('\n');
                    last.to_mut().push_str(&text);
                }
                (_, part) => parts.push(part),
            }
        }
        parts.retain(|part| says_something && !is_empty(part));
        match &parts[..] {
            [] => Ok(self),
            [Part::Text { text }] => Self::write(text),
            _ => Self::write(&parts),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self, A::Error> {
        let object = PartsObject::deserialize(MapAccessDeserializer::new(members))?;
        Ok(object.parts.map_or(self, |Only(content)| content))
    }
}

impl Content {
    fn write<E: Error>(content: impl Serialize) -> Result<Self, E> {
        serde_json::to_string(&content).map(|json| Self(Some(json))).map_err(E::custom)
    }
}

/// One part of a content array. A body can hold a million of them, so they are small.
#[derive(Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[serde(try_from = "&'a RawValue", bound(deserialize = "'de: 'a"))]
enum Part<'a> {
    Text {
        text: Cow<'a, str>,
    },
    /// An `image_url` part as the caller wrote it.
    #[serde(untagged)]
    Image(&'a RawValue),
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct PartObject<'a> {
    r#type: Option<&'a RawValue>,
    text: Option<&'a RawValue>,
    image_url: Option<&'a RawValue>,
}

impl<'a> TryFrom<&'a RawValue> for Part<'a> {
    type Error = String;

    fn try_from(part: &'a RawValue) -> Result<Self, String> {
        let refused = || Err("must be text or an image_url part".to_owned());
        if !part.get().starts_with('{') {
            return json::text(part).map_or_else(refused, |text| Ok(Self::Text { text }));
        }
        // The only fault of an object is a member that is given twice.
        let object: PartObject<'_> = serde_json::from_str(part.get()).map_err(|twice| twice.to_string())?;
        match (object.r#type.and_then(json::text).as_deref(), object.text.map(json::text), object.image_url) {
            (Some("image_url"), _, Some(_)) => Ok(Self::Image(part)),
            (Some("text"), Some(Some(text)), _) => Ok(Self::Text { text }),
            (Some("text"), Some(None), _) => Err("must be a string".to_owned()),
            _ => refused(),
        }
    }
}
