//! The content of a message: a string, ChatGPT-web's `parts`, or OpenAI's content array.

use super::message::{elements, given, object, text_of};
use crate::failure::Failure;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

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

#[derive(Deserialize)]
struct PartsOf<'a> {
    #[serde(borrow, default)]
    parts: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct PartObject<'a> {
    #[serde(borrow, default)]
    r#type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    image_url: Option<&'a RawValue>,
}

impl<'a> Content<'a> {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }

    /// Reads the `content` of the message at `place`.
    ///
    /// # Errors
    /// What is refused, with its place.
    pub fn read(content: Option<&'a RawValue>, place: &str) -> Result<Self, Failure> {
        let Some(content) = given(content) else {
            return Ok(Self::Text("".into()));
        };
        let place = format!("{place}.content");
        match content.get().as_bytes().first() {
            Some(b'"') => Ok(Self::Text(text_of(content, &place)?)),
            Some(b'[') => Self::from_parts(content, &place),
            Some(b'{') => {
                let object: PartsOf<'a> = object(content, &place)?;
                match given(object.parts) {
                    Some(parts) => Self::from_parts(parts, &format!("{place}.parts")),
                    None => Ok(Self::Text("".into())),
                }
            }
            _ => Err(Failure::invalid_request(&place, "must be a string, an array or an object with parts")),
        }
    }

    fn from_parts(parts: &'a RawValue, place: &str) -> Result<Self, Failure> {
        let mut read: Vec<Part<'a>> = Vec::new();
        let mut says_something = false;
        for (index, part) in elements(parts, place)?.into_iter().enumerate() {
            let part = Part::read(part, &format!("{place}[{index}]"))?;
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
            return Ok(Self::Text("".into()));
        }
        match read.pop() {
            Some(Part::Text { text, .. }) if read.is_empty() => Ok(Self::Text(text)),
            last => {
                read.extend(last);
                read.retain(|part| !matches!(part, Part::Text { text, .. } if text.is_empty()));
                Ok(Self::Parts(read))
            }
        }
    }
}

impl<'a> Part<'a> {
    fn read(part: &'a RawValue, place: &str) -> Result<Self, Failure> {
        let refused = || Failure::invalid_request(place, "must be text or an image_url part");
        let text = match part.get().as_bytes().first() {
            Some(b'"') => text_of(part, place)?,
            Some(b'{') => {
                let object: PartObject<'a> = serde_json::from_str(part.get()).map_err(|_| refused())?;
                match (object.r#type.as_deref(), object.text, object.image_url) {
                    (Some("image_url"), _, Some(_)) => return Ok(Self::Image(part)),
                    (Some("text"), Some(text), _) => text_of(text, place)?,
                    _ => return Err(refused()),
                }
            }
            _ => return Err(refused()),
        };
        Ok(Self::Text { r#type: "text", text })
    }
}
