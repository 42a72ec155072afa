//! Reads the JSON of a request body and names the place of a fault in it.

use crate::error::{ApiError, ApiErrorKind};
use bytes::{Bytes, BytesMut};
use serde::de::{
    Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Unexpected, Visitor,
    value::MapAccessDeserializer,
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, marker::PhantomData};

/// Said when there is no list of messages, or an empty one.
pub const NO_MESSAGES: &str = "Messages array is required";

/// The text of a body, without its byte order mark.
pub fn text(body: &[u8]) -> Result<&str, ApiError> {
    let text = std::str::from_utf8(body).map_err(|_| ApiErrorKind::InvalidJson)?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Replaces each half of a surrogate pair (`\ud83d` alone) with `\ufffd`. Pages that cut an emoji send these,
/// and neither `serde_json` nor a gateway reads them.
pub fn replace_half_pairs(body: Bytes) -> Bytes {
    let Some(mut at) = half_pair(&body, 0) else { return body };
    let mut body = body.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&*shared));
    loop {
        body[at + 2..at + 6].copy_from_slice(b"fffd");
        match half_pair(&body, at + 6) {
            Some(next) => at = next,
            None => return body.freeze(),
        }
    }
}

/// The place of the next half of a pair. `at` must not be inside an escape.
fn half_pair(body: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr(b'\\', body.get(at..)?)?;
        match code_unit(body, at) {
            Some(0xd800..=0xdbff) if matches!(code_unit(body, at + 6), Some(0xdc00..=0xdfff)) => at += 12,
            Some(0xd800..=0xdfff) => return Some(at),
            _ => at += 2,
        }
    }
}

fn code_unit(body: &[u8], at: usize) -> Option<u16> {
    let digits = body.get(at..at + 6)?.strip_prefix(br"\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Reads a whole text. Fails with `InvalidJson`, or with `InvalidRequest` and the place of the fault.
pub fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| explain(text, &error))?;
    deserializer.end().map_err(|_| ApiErrorKind::InvalidJson)?;
    Ok(value)
}

/// An error about the messages as a whole.
pub fn messages_error(message: &'static str) -> ApiError {
    ApiError { param: Some("messages".to_owned()), ..ApiErrorKind::InvalidRequest.into() }
        .with_message(message)
}

/// No type here lets serde quote a string of the caller, so the sentence is short.
fn explain(text: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    // A fault of shape may come before a fault of syntax.
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return ApiErrorKind::InvalidJson.into();
    }
    let (path, sentence) = (error.path().to_string(), error.inner().to_string());
    let place = Some(path.as_str()).filter(|path| *path != ".");
    let sentence = sentence.split(" at line ").next().unwrap_or_default();
    if let Some(name) = sentence.strip_prefix("duplicate field ") {
        let name = name.trim_matches('`');
        let place = place.map_or(name.to_owned(), |place| format!("{place}.{name}"));
        return ApiError::invalid_request(&place, "is given twice");
    }
    match (place, sentence.split_once(", expected ")) {
        (None, _) => {
            ApiError::from(ApiErrorKind::InvalidRequest).with_message("The request must be one JSON object.")
        }
        (Some("messages"), Some(_)) => messages_error(NO_MESSAGES),
        (Some(place), Some((_, expected))) => {
            ApiError::invalid_request(place, &format!("must be {expected}"))
        }
        (Some(place), None) => ApiError::invalid_request(place, sentence),
    }
}

/// The text of a string, borrowed when it holds no escapes. Returns `None` for any other value.
pub fn text_of(value: &RawValue) -> Option<Cow<'_, str>> {
    let text = value.get().strip_prefix('"')?.strip_suffix('"')?;
    if text.contains('\\') {
        serde_json::from_str(value.get()).ok().map(Cow::Owned)
    } else {
        Some(text.into())
    }
}

/// An object. Derived readers alone would also take an array with the members in order.
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Err(E::invalid_type(Unexpected::Other("string"), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Object)
    }
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
