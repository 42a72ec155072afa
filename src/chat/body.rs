//! Reads the JSON of a request body and names the place of a fault in it.

use crate::error::{ApiError, ApiErrorKind};
use bytes::{Bytes, BytesMut};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use std::{fmt, marker::PhantomData};

/// Said when there is no list of messages, or an empty one.
pub const NO_MESSAGES: &str = "Messages array is required";

/// Replaces each half of a surrogate pair (`\ud83d` alone) with `\ufffd`. Pages that cut an emoji send these,
/// and neither `serde_json` nor a gateway reads them.
pub fn replace_half_pairs(body: Bytes) -> Bytes {
    let (mut body, mut at) = (BytesMut::from(body), 0);
    while let Some(plain) = body.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += plain;
        at += match (code_unit(&body, at), code_unit(&body, at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                body[at + 2..at + 6].copy_from_slice(b"fffd");
                6
            }
            _ => 2,
        };
    }
    body.freeze()
}

fn code_unit(body: &[u8], at: usize) -> Option<u16> {
    let digits = body.get(at..at + 6)?.strip_prefix(br"\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Reads a whole body. Fails with `InvalidJson`, or with `InvalidRequest` and the place of the fault.
pub fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    let text = std::str::from_utf8(body).map_err(|_| ApiErrorKind::InvalidJson)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // A fault of shape may come before a fault of syntax.
    serde_json::from_str::<IgnoredAny>(text).map_err(|_| ApiErrorKind::InvalidJson)?;
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(explain)
}

/// An error about the messages as a whole.
pub fn messages_error(message: &'static str) -> ApiError {
    ApiError::invalid_request("messages", "").with_message(message)
}

/// No type here lets serde quote a string of the caller, so the sentence is short. What is expected is worded as
/// the end of the sentence.
fn explain(error: serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let (path, sentence) = (error.path().to_string(), error.inner().to_string());
    let sentence = sentence.split(" at line ").next().unwrap_or_default();
    let (place, what) = match sentence.strip_prefix("duplicate field ") {
        Some(name) => (format!("{path}.{}", name.trim_matches('`')), "is given twice"),
        None => (path, sentence.split(", expected ").last().unwrap_or_default()),
    };
    match place.trim_start_matches('.') {
        "" => ApiError { param: None, ..messages_error("The request must be one JSON object.") },
        "messages" if what == "must be an array" => messages_error(NO_MESSAGES),
        place => ApiError::invalid_request(place, what),
    }
}

/// A value of one shape: `{` is an object, `[` an array. Derived readers alone would also take an array for an
/// object, and quote a string that is neither, however long it is.
pub struct Only<const SHAPE: char, T>(pub T);

impl<'de, const SHAPE: char, T: Deserialize<'de>> Deserialize<'de> for Only<SHAPE, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnlyVisitor(PhantomData))
    }
}

struct OnlyVisitor<const SHAPE: char, T>(PhantomData<T>);

impl<'de, const SHAPE: char, T: Deserialize<'de>> Visitor<'de> for OnlyVisitor<SHAPE, T> {
    type Value = Only<SHAPE, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if SHAPE == '{' { "must be an object" } else { "must be an array" })
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Err(E::invalid_type(Unexpected::Other("string"), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        if SHAPE != '{' {
            return Err(A::Error::invalid_type(Unexpected::Map, &self));
        }
        T::deserialize(MapAccessDeserializer::new(members)).map(Only)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        if SHAPE != '[' {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        T::deserialize(SeqAccessDeserializer::new(elements)).map(Only)
    }
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
