//! What `serde_json` and serde's derived readers lack: a reader that builds nothing, a text that stays where it is, and
//! an object that is nothing else.

mod escapes;
mod reader;
mod skip;
mod word;

pub use reader::Reader;

use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{borrow::Cow, fmt, marker::PhantomData};

/// A string, borrowed when it holds no escapes. An `Option` of a `Cow` would always be copied.
#[derive(Deserialize)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// An object; serde alone would take an array as well, its elements in the order of the fields.
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Object<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        name: Option<Text<'a>>,
    }

    fn name(json: &str) -> Option<Cow<'_, str>> {
        serde_json::from_str::<Object<Named<'_>>>(json).ok()?.0.name.map(|Text(name)| name)
    }

    #[test]
    fn an_object_is_no_array() {
        assert_eq!(name(r#"{"x":[],"name":"a"}"#).as_deref(), Some("a"));
        assert!(serde_json::from_str::<Named<'_>>(r#"["a"]"#).is_ok());
        for other in [r#"["a"]"#, "null", "1", r#""a""#, r#"{"name":"a","name":"b"}"#] {
            assert!(serde_json::from_str::<Object<Named<'_>>>(other).is_err(), "{other}");
        }
    }

    #[test]
    fn only_escapes_are_copied() {
        assert!(matches!(name(r#"{"name":"日本"}"#), Some(Cow::Borrowed("日本"))));
        assert!(matches!(name(r#"{"name":"\u65e5\n"}"#), Some(Cow::Owned(name)) if name == "日\n"));
    }
}
