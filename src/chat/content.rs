//! The content of a message: a string, ChatGPT-web's `parts`, or OpenAI's content array.

use super::body::text_of;
use serde::de::{
    Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor, value::MapAccessDeserializer,
};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// Text and images in their order. Holds no empty text, and no two texts in a row.
#[derive(Default)]
pub struct Content<'a>(Vec<Part<'a>>);

/// One part of a content array. A body can hold a million of them, so they are small.
#[derive(Serialize)]
#[serde(untagged)]
enum Part<'a> {
    Text(TextPart<'a>),
    /// An `image_url` part as the caller wrote it.
    Image(&'a RawValue),
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "text")]
struct TextPart<'a> {
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct PartsObject<'a> {
    #[serde(borrow)]
    parts: Option<Parts<'a>>,
}

#[derive(Deserialize)]
struct PartObject<'a> {
    #[serde(borrow)]
    r#type: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    image_url: Option<&'a RawValue>,
}

impl<'a> Content<'a> {
    /// A text alone.
    pub fn text(text: Cow<'a, str>) -> Self {
        let part = Part::Text(TextPart { text });
        Self(if part.is_empty() { Vec::new() } else { vec![part] })
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0[..] {
            [] => serializer.serialize_str(""),
            [Part::Text(part)] => serializer.serialize_str(&part.text),
            parts => parts.serialize(serializer),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor { only_parts: false })
    }
}

/// An array of parts as a content.
struct Parts<'a>(Content<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Parts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor { only_parts: true }).map(Self)
    }
}

struct ContentVisitor {
    only_parts: bool,
}

impl ContentVisitor {
    fn text<'de, E: Error>(self, text: Cow<'de, str>) -> Result<Content<'de>, E> {
        if self.only_parts {
            return Err(E::invalid_type(Unexpected::Other("string"), &self));
        }
        Ok(Content::text(text))
    }
}

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.only_parts { "an array" } else { "a string, an array or an object with parts" })
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        self.text(text.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.text(text.to_owned().into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, parts: A) -> Result<Self::Value, A::Error> {
        join(parts)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        if self.only_parts {
            return Err(A::Error::invalid_type(Unexpected::Map, &self));
        }
        let object = PartsObject::deserialize(MapAccessDeserializer::new(members))?;
        Ok(object.parts.map(|Parts(content)| content).unwrap_or_default())
    }
}

/// Joins texts that follow each other, and drops those that are empty.
fn join<'de, A: SeqAccess<'de>>(mut parts: A) -> Result<Content<'de>, A::Error> {
    let mut read: Vec<Part<'de>> = Vec::new();
    let mut says_something = false;
    while let Some(part) = parts.next_element::<Part<'de>>()? {
        says_something |= !part.is_empty();
        match (read.last_mut(), part) {
            (Some(Part::Text(last)), Part::Text(part)) => {
                let text = last.text.to_mut();
                text.push('\n');
                text.push_str(&part.text);
            }
            (Some(last), image) if last.is_empty() => *last = image,
            (_, part) => read.push(part),
        }
    }
    // Empty parts say nothing, however many line ends join them.
    if !says_something {
        read.clear();
    }
    read.pop_if(|last| last.is_empty());
    Ok(Content(read))
}

impl<'de: 'a, 'a> Deserialize<'de> for Part<'a> {
    /// Fails in here, not in the array around it, so that the place of the error has the part's index.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(Deserialize::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<'a> Part<'a> {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Text(part) if part.text.is_empty())
    }

    fn read(part: &'a RawValue) -> Result<Self, Cow<'static, str>> {
        const REFUSED: &str = "must be text or an image_url part";
        let text = match part.get().as_bytes().first() {
            Some(b'"') => part,
            Some(b'{') => {
                // It is an object, so a member that is given twice is the only fault.
                let object = serde_json::from_str(part.get()).map_err(|twice| twice.to_string())?;
                let PartObject { r#type, text, image_url } = object;
                match (r#type.and_then(text_of).as_deref(), text, image_url) {
                    (Some("image_url"), _, Some(_)) => return Ok(Self::Image(part)),
                    (Some("text"), Some(text), _) => text,
                    _ => return Err(REFUSED.into()),
                }
            }
            _ => return Err(REFUSED.into()),
        };
        Ok(Self::Text(TextPart { text: text_of(text).ok_or("must be a string")? }))
    }
}
