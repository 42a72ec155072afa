//! The content of a message: a string, ChatGPT-web's `parts`, or OpenAI's content array.

use super::body::Only;
use crate::json;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// Text and images in their order. Holds no empty text, and no two texts in a row.
#[derive(Default)]
pub struct Content<'a>(Vec<Part<'a>>);

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
        self.0.is_empty()
    }
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0[..] {
            [] => serializer.serialize_str(""),
            [Part::Text { text }] => serializer.serialize_str(text),
            parts => parts.serialize(serializer),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self::default())
    }
}

/// Fills a content that is empty.
impl<'de: 'a, 'a> Visitor<'de> for Content<'a> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, an array or an object with parts")
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<Self, E> {
        if !text.is_empty() {
            self.0.push(Part::Text { text: text.to_owned().into() });
        }
        Ok(self)
    }

    /// Joins texts that follow each other, and drops those that are empty.
    fn visit_seq<A: SeqAccess<'de>>(mut self, mut parts: A) -> Result<Self, A::Error> {
        // Empty parts say nothing, however many line ends join them.
        let mut says_something = false;
        while let Some(part) = parts.next_element::<Part<'a>>()? {
            says_something |= !part.is_empty();
            match (self.0.last_mut(), part) {
                (Some(Part::Text { text: last }), Part::Text { text }) => {
                    last.to_mut().push('\n');
                    last.to_mut().push_str(&text);
                }
                (_, part) => self.0.push(part),
            }
        }
        self.0.retain(|part| says_something && !part.is_empty());
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self, A::Error> {
        let object = PartsObject::deserialize(MapAccessDeserializer::new(members))?;
        Ok(object.parts.map_or(self, |Only(content)| content))
    }
}

impl Part<'_> {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Text { text } if text.is_empty())
    }
}

impl<'a> TryFrom<&'a RawValue> for Part<'a> {
    type Error = Cow<'static, str>;

    fn try_from(part: &'a RawValue) -> Result<Self, Self::Error> {
        const REFUSED: &str = "must be text or an image_url part";
        if let Some(text) = json::text(part) {
            return Ok(Self::Text { text });
        }
        if !part.get().starts_with('{') {
            return Err(REFUSED.into());
        }
        // It is an object, so a member that is given twice is the only fault.
        let object: PartObject<'_> = serde_json::from_str(part.get()).map_err(|twice| twice.to_string())?;
        match (object.r#type.and_then(json::text).as_deref(), object.text, object.image_url) {
            (Some("image_url"), _, Some(_)) => return Ok(Self::Image(part)),
            (Some("text"), Some(text), _) => json::text(text).ok_or("must be a string".into()),
            _ => Err(REFUSED.into()),
        }
        .map(|text| Self::Text { text })
    }
}
