//! What is read of a Function URL event.
//!
//! The type of `lambda_http` reads and copies all of an event, and its conversion into a request panics on base64 that
//! is none and on a path or a query that is no URI. On the open internet both are one `curl` away.

use super::Call;
use crate::json::Reader;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// Reads an event of payload format 2.0; `None` for any other, which has no HTTP method in its context. Whatever else
/// stands in it is skipped, and what is `null` is missing.
pub fn read(text: &str) -> Option<Call<'_>> {
    let (mut call, mut method, mut reader) = (Call::default(), None, Reader::new(text));
    reader.object(|value, name| {
        if value.next()? == b'n' {
            return value.skip();
        }
        match name.as_ref() {
            "requestContext" => method = method_of(value)?,
            "rawPath" | "path" => call.path = value.string()?,
            "rawQueryString" => call.query = value.string()?,
            "headers" => call.headers = headers(value)?,
            "body" => call.body = value.string()?,
            "isBase64Encoded" => call.is_base64 = value.raw()?.parse().ok()?,
            _ => value.skip()?,
        }
        Some(())
    })?;
    reader.end()?;
    Some(Call { method: method?, ..call })
}

/// The method in a request's context, if that is an HTTP request's.
fn method_of(context: &mut Reader<'_>) -> Option<Option<Method>> {
    let mut method = None;
    context.object(|http, name| {
        if name != "http" || http.next()? != b'{' {
            return http.skip();
        }
        http.object(|value, name| {
            if name != "method" {
                return value.skip();
            }
            let name = value.string()?;
            method = Some(if name.is_empty() { Method::GET } else { name.parse().ok()? });
            Some(())
        })
    })?;
    Some(method)
}

/// A header has one value, or several in a list. Of a name that comes twice the last value counts.
fn headers(fields: &mut Reader<'_>) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    fields.object(|value, name| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        if value.next()? != b'[' {
            headers.insert(name, text(value)?);
            return Some(());
        }
        value.array(|value| {
            headers.append(&name, text(value)?);
            Some(())
        })
    })?;
    Some(headers)
}

fn text(value: &mut Reader<'_>) -> Option<HeaderValue> {
    HeaderValue::from_str(&value.string()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(members: &Value) -> Option<(Method, Vec<(String, String)>)> {
        let text = members.to_string();
        let call = super::read(&text)?;
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Some((call.method, call.headers.iter().map(header).collect()))
    }

    fn with(name: &str, value: Value) -> Value {
        let mut event = json!({"requestContext": {"http": {"method": "POST"}}});
        event[name] = value;
        event
    }

    #[test]
    fn everything_but_the_method_may_be_missing() {
        let text = with("body", Value::Null).to_string();
        assert!(super::read(&text).is_some_and(|call| call.body.is_empty() && !call.is_base64));
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
