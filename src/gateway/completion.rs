//! A complete answer in one JSON: what was asked for, or what a cache or a guardrail sends in place of a stream.
//! It is never parsed into a tree: members are copied as they came.

use super::upstream_error::{ErrorClass, UpstreamError};
use crate::{
    json,
    sse::{self, ChunkKind, DONE},
};
use bytes::Bytes;
use http::HeaderMap;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use std::{borrow::Cow, collections::VecDeque};

/// Checks the body of a 200. An error object, also in a choice, is an error response. A body without `choices`, and a
/// choice without a message that holds anything or without a `finish_reason`, is a bad answer.
pub fn check(headers: &HeaderMap, body: &[u8]) -> Result<(), UpstreamError> {
    let text = text(body);
    let kind = sse::classify(text.as_bytes());
    let [success, choices] = json::members(text, ["success", "choices"]).unwrap_or_default();
    let is_list = kind == ChunkKind::Other && text.starts_with('[');
    if kind == ChunkKind::Error || is_list || success.is_some_and(|success| success.get() == "false") {
        return Err(UpstreamError::read(200, headers, body));
    }
    let (mut has_choices, mut are_complete) = (false, true);
    let read = choices.map(|choices| {
        json::for_each_element(choices.get(), |choice| {
            are_complete = are_complete && is_complete(choice);
            has_choices = true;
        })
    });
    let is_answer = matches!(read, Some(Ok(()))) && has_choices && are_complete;
    is_answer.then_some(()).ok_or(ErrorClass::BadAnswer.into())
}

fn is_complete(choice: &RawValue) -> bool {
    let [message, reason] = json::members(choice.get(), ["message", "finish_reason"]).unwrap_or_default();
    let reason = reason.and_then(json::string).filter(|reason| !reason.is_empty() && reason != "null");
    // A filter may leave nothing of the message.
    reason.is_some_and(|reason| message.is_some_and(holds_anything) || reason == "content_filter")
}

/// The payloads of a checked answer as a stream, with `[DONE]`.
pub fn events(body: &[u8], include_usage: bool) -> VecDeque<Bytes> {
    // JSON has line ends between its values only. In an event they would end a line of it.
    let text = text(body).replace(['\n', '\r'], " ");
    let mut chunk = Members::read(&text);
    chunk.set("object", "chat.completion.chunk");
    let (choices, usage) = (chunk.take("choices"), chunk.take("usage"));
    let mut deltas = Vec::new();
    if let Some(choices) = &choices {
        // `check` has read them.
        let _ = json::for_each_element(choices.get(), |choice| deltas.push(delta(deltas.len(), choice)));
    }
    let event = |chunk: &Members| serde_json::to_vec(chunk).unwrap_or_default().into();
    chunk.set("choices", deltas);
    let mut events = VecDeque::from([event(&chunk)]);
    if let Some(usage) = usage.filter(|usage| include_usage && usage.get() != "null") {
        chunk.set("choices", [(); 0]);
        chunk.set("usage", usage);
        events.push_back(event(&chunk));
    }
    events.push_back(DONE.into());
    events
}

fn text(body: &[u8]) -> &str {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    std::str::from_utf8(sse::trim_json(body)).unwrap_or_default()
}

/// A message with nothing but a role says nothing.
fn holds_anything(message: &RawValue) -> bool {
    let is_filled = |value: &RawValue| !matches!(value.get(), "null" | "[]");
    Members::read(message.get()).0.iter().any(|(name, value)| name != "role" && is_filled(value))
}

/// A choice as it stands in a chunk: its `message` is a `delta`, everything else stays.
fn delta(position: usize, choice: &RawValue) -> Members<'_> {
    let mut choice = Members::read(choice.get());
    for (name, message) in choice.0.iter_mut().filter(|(name, _)| name == "message") {
        *name = "delta".to_owned();
        let mut delta = Members::read(message.get());
        for (_, calls) in delta.0.iter_mut().filter(|(name, _)| name == "tool_calls") {
            if let Some(indexed) = indexed(calls) {
                *calls = Cow::Owned(indexed);
            }
        }
        *message = raw(delta);
    }
    if choice.0.iter().all(|(name, _)| name != "index") {
        choice.set("index", position);
    }
    choice
}

/// The tool calls of a message with the index that each has in a delta. `None` when they are not an array.
fn indexed(calls: &RawValue) -> Option<Box<RawValue>> {
    let (mut written, mut position) = (String::from("["), 0);
    json::for_each_element(calls.get(), |call| {
        if position > 0 {
            written.push(',');
        }
        let mut object = Members::read(call.get());
        object.set("index", position);
        written.push_str(&serde_json::to_string(&object).unwrap_or_default());
        position += 1;
    })
    .ok()?;
    written.push(']');
    RawValue::from_string(written).ok()
}

/// The members of an object, in their order.
struct Members<'a>(Vec<(String, Cow<'a, RawValue>)>);

impl<'a> Members<'a> {
    /// Reads an object. Anything else has no members.
    fn read(object: &'a str) -> Self {
        let mut all = Vec::new();
        let _ =
            json::for_each_member(object, |name, value| all.push((name.to_owned(), Cow::Borrowed(value))));
        Self(all)
    }

    fn take(&mut self, name: &str) -> Option<Cow<'a, RawValue>> {
        self.0.extract_if(.., |(known, _)| known == name).last().map(|(_, value)| value)
    }

    /// Sets a member, which then comes last.
    fn set(&mut self, name: &str, value: impl Serialize) {
        self.take(name);
        self.0.push((name.to_owned(), raw(value)));
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

fn raw<'a>(value: impl Serialize) -> Cow<'a, RawValue> {
    Cow::Owned(to_raw_value(&value).unwrap_or_default())
}

#[cfg(test)]
#[path = "completion_tests.rs"]
mod tests;
