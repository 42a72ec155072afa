//! Reads a few members of JSON of unknown size without building a tree, which takes many times the size of hostile
//! input.
//!
//! Values are returned as [`RawValue`]s, which borrow the text. `serde_json` checks them and does not recurse into
//! them, so deep nesting costs no stack.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Error, value::RawValue};
use std::{borrow::Cow, fmt};

/// Calls `member` with the name and the value of each member of the object that is all of `text`. Names with
/// escapes come unescaped.
///
/// # Errors
/// When `text` is not one JSON object.
pub fn for_each_member<'a>(text: &'a str, member: impl FnMut(&str, &'a RawValue)) -> Result<(), Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_map(Each(member))?;
    deserializer.end()
}

/// Calls `element` with each element of the array that is all of `text`.
///
/// # Errors
/// When `text` is not one JSON array.
pub fn for_each_element<'a>(text: &'a str, mut element: impl FnMut(&'a RawValue)) -> Result<(), Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_seq(Each(|_: &str, value| element(value)))?;
    deserializer.end()
}

/// The values of the members `names`, without those that are `null`. The last member of a name counts.
///
/// # Errors
/// When `text` is not one JSON object.
///
/// ```
/// let [id, error] = gptdock::json::members(r#"{"id":1,"error":null,"x":[]}"#, ["id", "error"])?;
/// assert_eq!((id.map(|id| id.get()), error.is_none()), (Some("1"), true));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn members<'a, const N: usize>(
    text: &'a str,
    names: [&str; N],
) -> Result<[Option<&'a RawValue>; N], Error> {
    let mut found = [None; N];
    for_each_member(text, |name, value| {
        if let Some(place) = names.iter().position(|wanted| *wanted == name) {
            found[place] = Some(value).filter(|value| value.get() != "null");
        }
    })?;
    Ok(found)
}

/// The text of a JSON string. Returns `None` for any other value and for half a surrogate pair.
pub fn string(value: &RawValue) -> Option<String> {
    text(value).map(Cow::into_owned)
}

/// Like [`string`], but borrowed when it holds no escapes.
pub fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str(value.get()).ok().map(|Text(text)| text)
}

/// A [`Cow`] alone would always be read as owned.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Calls a closure with each member, or with no name and each element.
struct Each<F>(F);

impl<'de, F: FnMut(&str, &'de RawValue)> Visitor<'de> for Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        while let Some((Text(name), value)) = members.next_entry()? {
            (self.0)(&name, value);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(value) = elements.next_element()? {
            (self.0)("", value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Option<String> {
        let mut found = String::new();
        for_each_member(text, |name, value| found.push_str(&format!("{name}={} ", value.get()))).ok()?;
        Some(found)
    }

    #[test]
    fn reads_members_and_elements() {
        assert_eq!(
            names(r#" {"a" : [1, {}],"\u0062":"\ud83d"} "#).as_deref(),
            Some("a=[1, {}] b=\"\\ud83d\" ")
        );
        let mut elements = Vec::new();
        for_each_element("[1,[2],\"x\"]", |value| elements.push(value.get())).unwrap_or_default();
        assert_eq!(elements, ["1", "[2]", "\"x\""]);
    }

    #[test]
    fn rejects_everything_but_one_object() {
        for text in ["", "[]", "1", "null", "{", "{}}", "{\"a\":}", "{\"a\":1,}", "{}\u{c}", "{a:1}"] {
            assert_eq!(names(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_member_counts_and_null_is_absent() {
        let found = members(r#"{"a":1,"b":2,"a":3,"b":null}"#, ["a", "b", "c"]);
        let found = found.map(|found| found.map(|value| value.map(RawValue::get)));
        assert_eq!(found.ok(), Some([Some("3"), None, None]));
    }

    #[test]
    fn deep_values_are_read_without_recursion() {
        let deep = format!("{{\"a\":{}1{},\"b\":2}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(members(&deep, ["b"]).is_ok_and(|[b]| b.is_some()));
    }
}
