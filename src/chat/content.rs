//! The content of a message: a string, ChatGPT-web's `parts`, or OpenAI's content array.

use super::body::Only;
use crate::json;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, mem};

/// Text and images in their order. Holds no empty text among parts, and no two texts in a row.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Part<'a>>),
}

/// One part of a content array. A body can hold a million of them, so they are small.
#[derive(Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[serde(try_from = "&'a RawValue", bound(deserialize = "'de: 'a"))]
pub enum Part<'a> {
    Text {
        text: Cow<'a, str>,
    },
    /// An `image_url` part as the caller wrote it.
    #[serde(untagged)]
    Image(&'a RawValue),
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct PartsObject<'a> {
    parts: Option<Only<'[', Content<'a>>>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct PartObject<'a> {
    r#type: Option<&'a RawValue>,
    text: Option<&'a RawValue>,
    image_url: Option<&'a RawValue>,
}

impl Content<'_> {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self::Text("".into()))
    }
}

/// Returns another content, or itself when there is none.
impl<'de: 'a, 'a> Visitor<'de> for Content<'a> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be a string, an array or an object with parts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self, E> {
        Ok(Self::Text(text.to_owned().into()))
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
        Ok(match &mut parts[..] {
            [] => self,
            [Part::Text { text }] => Self::Text(mem::take(text)),
            _ => Self::Parts(parts),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self, A::Error> {
        let object = PartsObject::deserialize(MapAccessDeserializer::new(members))?;
        Ok(object.parts.map_or(self, |Only(content)| content))
    }
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
