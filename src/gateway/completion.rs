//! A complete answer in one JSON: what was asked for, or what a cache or a guardrail sends in place of a stream.
//! It is never parsed into a tree: members are copied as they came.

use super::{error_response::ErrorResponse, upstream_error::UpstreamError};
use crate::{json, sse::{self, DONE}};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::value::RawValue;

/// A `chat.completion` object that was checked.
#[derive(Debug)]
pub struct Completion(Bytes);

impl Completion {
    /// Checks the body of a 200.
    ///
    /// # Errors
    /// An error object, also in a choice, is an error response. A body without `choices`, and a choice without a
    /// message that holds anything or without a `finish_reason`, is a bad answer.
    pub fn read(headers: &HeaderMap, body: Bytes) -> Result<Self, UpstreamError> {
        let text = text(&body);
        let error = || UpstreamError::Response(ErrorResponse::read(200, headers, &body));
        if text.starts_with('[') && serde_json::from_str::<&RawValue>(text).is_ok() {
            return Err(error());
        }
        let members = json::members(text, ["success", "error", "choices"]);
        let [success, stated, choices] = members.map_err(|_| UpstreamError::BadAnswer)?;
        if stated.is_some() || success.is_some_and(|success| success.get() == "false") {
            return Err(error());
        }
        let (mut count, mut has_failed, mut is_complete) = (0, false, true);
        let choices = choices.ok_or(UpstreamError::BadAnswer)?;
        json::for_each_element(choices.get(), |choice| {
            let members = json::members(choice.get(), ["message", "finish_reason", "error"]);
            let [message, reason, error] = members.unwrap_or_default();
            let reason = reason.and_then(json::string).filter(|reason| !reason.is_empty() && reason != "null");
            has_failed |= error.is_some() || reason.as_deref().is_some_and(sse::is_failure);
            is_complete &= reason.as_deref().is_some_and(|reason| {
                // A filter may leave nothing of the message.
                message.is_some_and(holds_anything) || reason == "content_filter"
            });
            count += 1;
        })
        .map_err(|_| UpstreamError::BadAnswer)?;
        match (has_failed, is_complete && count > 0) {
            (true, _) => Err(error()),
            (false, true) => Ok(Self(body.clone())),
            (false, false) => Err(UpstreamError::BadAnswer),
        }
    }

    /// The body as it came.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// The payloads of the same answer as a stream, with `[DONE]`.
    pub fn into_events(self, include_usage: bool) -> Vec<Bytes> {
        let (mut common, mut choices, mut usage) = (String::new(), String::new(), None);
        // `read` has checked that all of this is JSON of the right shape.
        let _ = json::for_each_member(text(&self.0), |name, value| match name {
            "object" => {}
            "choices" => choices = deltas(value),
            "usage" => usage = Some(value.get()).filter(|usage| include_usage && *usage != "null"),
            _ => push_member(&mut common, name, value.get()),
        });
        push_member(&mut common, "object", "\"chat.completion.chunk\"");
        let mut events = vec![format!("{{{common},\"choices\":[{choices}]}}").into()];
        events.extend(usage.map(|usage| format!("{{{common},\"choices\":[],\"usage\":{usage}}}").into()));
        events.push(DONE.into());
        events
    }
}

fn text(body: &[u8]) -> &str {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    std::str::from_utf8(sse::trim_json(body)).unwrap_or_default()
}

/// A message with nothing but a role says nothing.
fn holds_anything(message: &RawValue) -> bool {
    let mut holds = false;
    let _ = json::for_each_member(message.get(), |name, value| {
        holds |= name != "role" && !matches!(value.get(), "null" | "[]");
    });
    holds
}

/// The choices of a chunk: each `message` becomes a `delta`, everything else stays.
fn deltas(choices: &RawValue) -> String {
    let (mut written, mut position) = (String::new(), 0);
    let _ = json::for_each_element(choices.get(), |choice| {
        let (mut members, mut has_index) = (String::new(), false);
        let _ = json::for_each_member(choice.get(), |name, value| {
            has_index |= name == "index";
            match name {
                "message" => push_member(&mut members, "delta", &delta(value)),
                _ => push_member(&mut members, name, value.get()),
            }
        });
        if !has_index {
            push_member(&mut members, "index", &position.to_string());
        }
        push_element(&mut written, &format!("{{{members}}}"));
        position += 1;
    });
    written
}

/// The delta of a message. A tool call in a delta needs an `index`.
fn delta(message: &RawValue) -> String {
    let mut members = String::new();
    let _ = json::for_each_member(message.get(), |name, value| match name {
        "tool_calls" => push_member(&mut members, name, &format!("[{}]", indexed(value))),
        _ => push_member(&mut members, name, value.get()),
    });
    format!("{{{members}}}")
}

fn indexed(calls: &RawValue) -> String {
    let (mut written, mut position) = (String::new(), 0);
    let _ = json::for_each_element(calls.get(), |call| {
        let mut members = String::new();
        let _ = json::for_each_member(call.get(), |name, value| {
            if name != "index" {
                push_member(&mut members, name, value.get());
            }
        });
        push_member(&mut members, "index", &position.to_string());
        push_element(&mut written, &format!("{{{members}}}"));
        position += 1;
    });
    written
}

fn push_member(members: &mut String, name: &str, value: &str) {
    let name = serde_json::to_string(name).unwrap_or_default();
    push_element(members, &format!("{name}:{value}"));
}

fn push_element(list: &mut String, element: &str) {
    if !list.is_empty() {
        list.push(',');
    }
    list.push_str(element);
}

#[cfg(test)]
#[path = "completion_tests.rs"]
mod tests;
