//! Finds the error in an error body of any known service, without building a tree.

use crate::{json, sse};
use serde_json::value::RawValue;

/// A message is searched for a few words; more of it is not kept.
const MAX_MESSAGE_CHARS: usize = 500;

/// The members of an error object, as they came: nothing of it may be shown unchecked.
#[derive(Default)]
pub struct ErrorObject {
    pub code: Option<String>,
    /// The code, when it is a number.
    pub number: Option<u32>,
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
        let [error, errors, choices, success] = members(top, ["error", "errors", "choices", "success"]);
        let filled = |value: &&RawValue| value.get() != "[]";
        let in_choice = || find_element(choices?, |choice| members(choice, ["error"])[0]);
        let found = error.filter(filled).or(errors.filter(filled)).or_else(in_choice).unwrap_or(top);
        let listed = find_element(found, Some);
        let object = listed.unwrap_or(found);
        // Some gateways wrap the provider's error in one of their own.
        let [inner] = members(object, ["error"]);
        let object = inner.filter(|inner| inner.get().starts_with('{')).unwrap_or(object);
        let [code, kind, param, message] =
            members(object, ["code", "type", "param", "message"]).map(|value| value.and_then(text_or_number));
        let message = message.or_else(|| json::string(object)).unwrap_or_default();
        Self {
            number: code.as_deref().and_then(|code| code.parse().ok()),
            code,
            kind,
            param,
            message: message.chars().take(MAX_MESSAGE_CHARS).collect::<String>().to_ascii_lowercase(),
            is_json: true,
            is_cloudflare: listed.is_some() || success.is_some_and(|success| success.get() == "false"),
        }
    }
}

fn members<'a, const N: usize>(object: &'a RawValue, names: [&str; N]) -> [Option<&'a RawValue>; N] {
    json::members(object.get(), names).unwrap_or([None; N])
}

/// The first result of `find` for an element of an array. Anything else has no elements.
fn find_element<'a, T>(list: &'a RawValue, find: impl Fn(&'a RawValue) -> Option<T>) -> Option<T> {
    let mut found = None;
    let read = json::for_each_element(list.get(), |element| {
        if found.is_none() {
            found = find(element);
        }
    });
    read.ok().and(found)
}

fn text_or_number(value: &RawValue) -> Option<String> {
    let is_number = value.get().starts_with(|first: char| first.is_ascii_digit());
    if is_number { Some(value.get().to_owned()) } else { json::string(value) }
}
