//! Finds the error in an error body of any known service, without building a tree.

use crate::{json, sse};
use serde_json::value::RawValue;

/// A message is searched for a few words; more of it is not kept.
const MAX_MESSAGE_CHARS: usize = 500;

/// The members of an error object, as they came: nothing of it may be shown unchecked.
#[derive(Default)]
pub struct ErrorObject {
    pub code: Option<String>,
    pub kind: Option<String>,
    pub param: Option<String>,
    /// In lower case.
    pub message: String,
    /// The body is JSON.
    pub is_json: bool,
    /// The body has the form of Cloudflare's own errors.
    pub is_cloudflare: bool,
}

impl ErrorObject {
    /// Reads `{"error":{…}}`, `{"error":[{…}]}`, `{"errors":[{…}]}`, `[{…}]`, `{"error":"text"}`, an error in a choice,
    /// or the members at the top.
    pub fn find(body: &[u8]) -> Self {
        let text = std::str::from_utf8(sse::trim_json(body)).unwrap_or_default();
        let Ok(top) = serde_json::from_str::<&RawValue>(text) else { return Self::default() };
        let [error, errors, choices, success] =
            json::members(top.get(), ["error", "errors", "choices", "success"]).unwrap_or_default();
        let filled = |value: &&RawValue| value.get() != "[]";
        let stated = error.filter(filled).or(errors.filter(filled));
        let in_choice = || choices.and_then(|choices| find_element(choices, ["error"]).flatten());
        let list_or_object = stated.or_else(in_choice).unwrap_or(top);
        let object = first_element(list_or_object).unwrap_or(list_or_object);
        // Some gateways wrap the provider's error in one of their own.
        let inner = json::members(object.get(), ["error"]).ok().and_then(|[inner]| inner);
        let object = inner.filter(|inner| inner.get().starts_with('{')).unwrap_or(object);
        let found = json::members(object.get(), ["code", "type", "param", "message"]).unwrap_or_default();
        let [code, kind, param, message] = found.map(|value| value.and_then(text_or_number));
        let message = message.or_else(|| json::string(object)).unwrap_or_default();
        let is_listed = first_element(list_or_object).is_some();
        Self {
            is_cloudflare: is_listed || success.is_some_and(|success| success.get() == "false"),
            code,
            kind,
            param,
            message: message.chars().take(MAX_MESSAGE_CHARS).collect::<String>().to_ascii_lowercase(),
            is_json: true,
        }
    }
}

fn first_element(list: &RawValue) -> Option<&RawValue> {
    let mut first = None;
    json::for_each_element(list.get(), |element| first = first.or(Some(element))).ok()?;
    first
}

/// The first non-null member `name` of an element.
fn find_element<'a>(list: &'a RawValue, name: [&str; 1]) -> Option<Option<&'a RawValue>> {
    let mut found = None;
    let read = json::for_each_element(list.get(), |element| {
        let [member] = json::members(element.get(), name).unwrap_or_default();
        found = found.or(member);
    });
    read.ok().map(|()| found)
}

fn text_or_number(value: &RawValue) -> Option<String> {
    let is_number = value.get().starts_with(|first: char| first.is_ascii_digit());
    if is_number { Some(value.get().to_owned()) } else { json::string(value) }
}
