//! What is read of a Function URL event.
//!
//! The type of `lambda_http` reads and copies all of an event, and its conversion into a request panics on base64 that
//! is none and on a path or a query that is no URI. On the open internet both are one `curl` away.

use crate::json::Text;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor},
};
use std::fmt;

/// An event of payload format 2.0. Whatever else stands in it is skipped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event<'a> {
    pub request_context: RequestContext,
    #[serde(borrow, alias = "path")]
    pub raw_path: Option<Text<'a>>,
    #[serde(borrow)]
    pub raw_query_string: Option<Text<'a>>,
    #[serde(default, deserialize_with = "headers")]
    pub headers: HeaderMap,
    #[serde(borrow)]
    pub body: Option<Text<'a>>,
    #[serde(default)]
    pub is_base64_encoded: bool,
}

/// No other event has an `http` in it.
#[derive(Deserialize)]
pub struct RequestContext {
    pub http: Http,
}

#[derive(Deserialize)]
pub struct Http {
    #[serde(deserialize_with = "method")]
    pub method: Method,
}

fn method<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Method, D::Error> {
    let Text(name) = Text::deserialize(deserializer)?;
    if name.is_empty() { Ok(Method::GET) } else { name.parse().map_err(D::Error::custom) }
}

fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HeaderMap, D::Error> {
    deserializer.deserialize_option(Headers)
}

struct Headers;

impl<'de> Visitor<'de> for Headers {
    type Value = HeaderMap;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("headers")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(HeaderMap::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut headers = HeaderMap::new();
        while let Some(Text(name)) = members.next_key()? {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(A::Error::custom)?;
            members.next_value_seed(Values { name, headers: &mut headers })?;
        }
        Ok(headers)
    }
}

/// The value of one header, or several in a list.
struct Values<'a> {
    name: HeaderName,
    headers: &'a mut HeaderMap,
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a header's value")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.headers.insert(self.name, HeaderValue::from_str(value).map_err(E::custom)?);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while let Some(Text(value)) = values.next_element()? {
            self.headers.append(&self.name, HeaderValue::from_str(&value).map_err(A::Error::custom)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(members: &Value) -> Option<(Method, Vec<(String, String)>)> {
        let text = members.to_string();
        let event: Event<'_> = serde_json::from_str(&text).ok()?;
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Some((event.request_context.http.method, event.headers.iter().map(header).collect()))
    }

    fn with(name: &str, value: Value) -> Value {
        let mut event = json!({"requestContext": {"http": {"method": "POST"}}});
        event[name] = value;
        event
    }

    #[test]
    fn everything_but_the_method_may_be_missing() {
        let text = with("body", Value::Null).to_string();
        let event: Result<Event<'_>, _> = serde_json::from_str(&text);
        assert!(event.is_ok_and(|event| event.body.is_none() && !event.is_base64_encoded));
        for name in ["rawPath", "rawQueryString", "headers", "body"] {
            assert_eq!(read(&with(name, Value::Null)), Some((Method::POST, Vec::new())), "{name}");
        }
        for context in
            [json!(null), json!({}), json!({"http": null}), json!({"http": {}}), json!({"elb": {}})]
        {
            assert_eq!(read(&json!({"headers": {}, "requestContext": context})), None, "{context}");
        }
    }

    #[test]
    fn what_is_not_read_may_be_anything() {
        for name in ["version", "cookies", "queryStringParameters", "stageVariables", "pathParameters", "x"] {
            for value in [json!(1), json!("x"), json!([[]]), json!({"a": {"b": null}})] {
                assert!(read(&with(name, value.clone())).is_some(), "{name}: {value}");
            }
        }
    }

    #[test]
    fn methods() {
        let read = |method| read(&json!({"requestContext": {"http": {"method": method}}})).map(|read| read.0);
        assert_eq!(read(json!("PATCH")), Some(Method::PATCH));
        assert_eq!(read(json!("")), Some(Method::GET));
        assert_eq!(read(json!("post")).as_ref().map(Method::as_str), Some("post"));
        for odd in [json!(null), json!("A B"), json!("é"), json!(1), json!(["GET"])] {
            assert_eq!(read(odd.clone()), None, "{odd}");
        }
    }

    #[test]
    fn names_are_lowered_and_lists_are_several_values() {
        let pairs = |pairs: &[(&str, &str)]| {
            Some(
                pairs
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect::<Vec<_>>(),
            )
        };
        let read = |headers: &Value| read(&with("headers", headers.clone())).map(|read| read.1);
        assert_eq!(read(&json!({"X-A": "é\t\""})), pairs(&[("x-a", "é\t\"")]));
        assert_eq!(read(&json!({"X-A": "1", "x-a": "2"})), pairs(&[("x-a", "2")]));
        assert_eq!(read(&json!({"x": ["1", "2"], "y": []})), pairs(&[("x", "1"), ("x", "2")]));
        for odd in [
            json!({"a b": "1"}),
            json!({"": "1"}),
            json!({"x": "\n"}),
            json!({"x": null}),
            json!({"x": 1}),
            json!([]),
        ] {
            assert_eq!(read(&odd), None, "{odd}");
        }
    }
}
