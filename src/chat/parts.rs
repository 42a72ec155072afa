//! The content of a message: a string, ChatGPT-web's `parts`, or OpenAI's content array.

use super::{message::text_of, refusal::NO_OBJECT};
use crate::{
    failure::Failure,
    json::{Object, Text},
};
use serde::{
    Deserialize, Serialize,
    de::{Deserializer, Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// What a message says.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Content<'a> {
    /// Text alone; empty when the message says nothing.
    Text(Cow<'a, str>),
    /// Text and images, in their order.
    Parts(Vec<Part<'a>>),
}

/// One part of a content array.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Part<'a> {
    /// Text.
    Text {
        /// Always `text`.
        r#type: &'static str,
        /// The text itself.
        text: Cow<'a, str>,
    },
    /// An `image_url` part as the caller wrote it.
    Image(&'a RawValue),
}

/// An object around parts, which are read or unread.
#[derive(Deserialize)]
struct PartsOf<P> {
    parts: Option<P>,
}

#[derive(Deserialize)]
struct PartObject<'a> {
    #[serde(borrow)]
    r#type: Option<Text<'a>>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    image_url: Option<&'a RawValue>,
}

impl Content<'_> {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}

impl Default for Content<'_> {
    fn default() -> Self {
        Self::Text(Cow::Borrowed(""))
    }
}

impl<'de> Deserialize<'de> for Content<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a content")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Content::Text(text.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Content::Text(text.to_owned().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, parts: A) -> Result<Self::Value, A::Error> {
        joined(parts)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        let content: PartsOf<Parts<'de>> = PartsOf::deserialize(MapAccessDeserializer::new(members))?;
        Ok(content.parts.map(|Parts(parts)| parts).unwrap_or_default())
    }
}

/// An array of parts as a content.
struct Parts<'a>(Content<'a>);

impl<'de> Deserialize<'de> for Parts<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(PartsVisitor)
    }
}

struct PartsVisitor;

impl<'de> Visitor<'de> for PartsVisitor {
    type Value = Parts<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("parts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, parts: A) -> Result<Self::Value, A::Error> {
        joined(parts).map(Parts)
    }
}

/// Joins texts that follow each other, and leaves out those that are empty.
fn joined<'de, A: SeqAccess<'de>>(mut parts: A) -> Result<Content<'de>, A::Error> {
    let mut read: Vec<Part<'de>> = Vec::new();
    let mut says_something = false;
    while let Some(part) = parts.next_element()? {
        let part = Part::read(part).map_err(A::Error::custom)?;
        says_something |= !matches!(&part, Part::Text { text, .. } if text.is_empty());
        match (read.last_mut(), part) {
            (Some(Part::Text { text, .. }), Part::Text { text: more, .. }) => {
                let joined = text.to_mut();
                joined.push('\n');
                joined.push_str(&more);
            }
            (_, part) => read.push(part),
        }
    }
    // Parts that are all empty say nothing, however many line ends would join them.
    if !says_something {
        return Ok(Content::default());
    }
    match read.pop() {
        Some(Part::Text { text, .. }) if read.is_empty() => Ok(Content::Text(text)),
        last => {
            read.extend(last);
            read.retain(|part| !matches!(part, Part::Text { text, .. } if text.is_empty()));
            Ok(Content::Parts(read))
        }
    }
}

impl<'a> Part<'a> {
    fn read(part: &'a RawValue) -> Result<Self, &'static str> {
        const REFUSED: &str = "must be text or an image_url part";
        let text = match part.get().as_bytes().first() {
            Some(b'"') => text_of(part)?,
            Some(b'{') => {
                let object: PartObject<'a> = serde_json::from_str(part.get()).map_err(|_| REFUSED)?;
                let kind = object.r#type.as_ref().map(|Text(kind)| kind.as_ref());
                match (kind, object.text, object.image_url) {
                    (Some("image_url"), _, Some(_)) => return Ok(Self::Image(part)),
                    (Some("text"), Some(text), _) => text_of(text)?,
                    _ => return Err(REFUSED),
                }
            }
            _ => return Err(REFUSED),
        };
        Ok(Self::Text { r#type: "text", text })
    }
}

/// What is wrong with a content that cannot be read.
pub fn misshapen(content: &RawValue, place: &str) -> Failure {
    let what = match content.get().as_bytes().first() {
        Some(b'"') => "must be a string",
        Some(b'[') => return misshapen_parts(content, place),
        Some(b'{') => match serde_json::from_str::<Object<PartsOf<&RawValue>>>(content.get()) {
            Ok(Object(PartsOf { parts: Some(parts) })) => {
                return misshapen_parts(parts, &format!("{place}.parts"));
            }
            _ => NO_OBJECT,
        },
        _ => "must be a string, an array or an object with parts",
    };
    Failure::invalid_request(place, what)
}

fn misshapen_parts(parts: &RawValue, place: &str) -> Failure {
    let parts: Vec<&RawValue> = serde_json::from_str(parts.get()).unwrap_or_default();
    let faults = parts.into_iter().map(Part::read).enumerate();
    let mut faults = faults.filter_map(|(index, part)| Some((index, part.err()?)));
    match faults.next() {
        Some((index, what)) => Failure::invalid_request(&format!("{place}[{index}]"), what),
        None => Failure::invalid_request(place, "must be an array"),
    }
}
