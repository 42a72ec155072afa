//! One invocation as Lambda hands it over, and the HTTP request inside it.
//!
//! It owns the reading of the event, base64 and the limit of the body; it knows no route, no caller, and nothing of
//! what a body says.

mod event;

use crate::failure::{Failure, Kind};
use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http::{HeaderMap, Method};
use std::{borrow::Cow, fmt, time::SystemTime};

/// The ids that X-Ray gives out have 35 characters.
const MAX_TRACE_BYTES: usize = 64;

/// What `/runtime/invocation/next` brings.
pub struct Invocation {
    /// `Lambda-Runtime-Aws-Request-Id`; the caller reads it as `x-request-id`.
    pub request_id: String,
    /// `Lambda-Runtime-Deadline-Ms`: when Lambda kills the function.
    pub deadline: SystemTime,
    /// `Lambda-Runtime-Trace-Id`, X-Ray's header.
    pub trace_id: Option<String>,
    /// A Function URL event, [payload format 2.0](https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads).
    pub event: Bytes,
}

impl Invocation {
    /// The id of the trace: of X-Ray's header (`Root=…;Parent=…;Sampled=…`), only the part that is the same everywhere.
    pub fn trace(&self) -> Option<&str> {
        let root = self.trace_id.as_deref()?.split(';').find_map(|part| part.trim().strip_prefix("Root="))?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (!root.is_empty() && root.len() <= MAX_TRACE_BYTES && root.bytes().all(plain)).then_some(root)
    }
}

impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

/// The HTTP request of an event. Its body stays as it came until the caller is known.
#[derive(Default)]
pub struct Call<'a> {
    /// The method.
    pub method: Method,
    /// The path, percent-decoded by Lambda.
    pub path: Cow<'a, str>,
    /// The raw query string.
    pub query: Cow<'a, str>,
    /// The headers; Lambda joins repeated ones by a comma.
    pub headers: HeaderMap,
    body: Cow<'a, str>,
    is_base64: bool,
}

impl<'a> Call<'a> {
    /// Reads the event. What holds no escapes stays where it is. `None` when this is no event of payload format 2.0.
    pub fn parse(event: &'a [u8]) -> Option<Self> {
        event::read(std::str::from_utf8(event).ok()?)
    }

    /// The body's bytes, `limit` at most.
    ///
    /// # Errors
    /// [`Kind::TooLarge`] over the limit, [`Kind::InvalidJson`] when it is empty or its base64 is broken.
    pub fn into_body(self, limit: usize) -> Result<Vec<u8>, Failure> {
        // Refused before it is decoded; padding can make the estimate two bytes too large.
        let decoded_length = if self.is_base64 { self.body.len() / 4 * 3 } else { self.body.len() };
        if decoded_length > limit.saturating_add(2) {
            return Err(Kind::TooLarge.into());
        }
        let body = if self.is_base64 {
            BASE64_STANDARD.decode(self.body.as_bytes()).map_err(|_| Kind::InvalidJson)?
        } else {
            self.body.into_owned().into_bytes()
        };
        match body.len() {
            0 => Err(Failure::new(Kind::InvalidJson).with_message("The request body is empty.")),
            length if length > limit => Err(Kind::TooLarge.into()),
            _ => Ok(body),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]
    use super::*;
    use serde_json::json;

    fn event(body: &str, is_base64: bool) -> Vec<u8> {
        let event = json!({"version":"2.0","rawPath":"/a b/é","rawQueryString":"a=<\"&jwt=x","headers":{"x-name":"Zoë"},
            "requestContext":{"http":{"method":"POST","path":"/"},"timeEpoch":1},"body":body,"isBase64Encoded":is_base64});
        event.to_string().into_bytes()
    }

    fn into_body(body: &str, is_base64: bool, limit: usize) -> Result<Vec<u8>, Failure> {
        Call::parse(&event(body, is_base64)).unwrap().into_body(limit)
    }

    #[test]
    fn odd_paths_queries_and_headers_are_no_failure() {
        let event = event("{}", false);
        let call = Call::parse(&event).unwrap();
        assert_eq!((call.method.as_str(), call.path.as_ref()), ("POST", "/a b/é"));
        assert_eq!(call.query, "a=<\"&jwt=x");
        assert_eq!(call.headers["x-name"].as_bytes(), "Zoë".as_bytes());
    }

    #[test]
    fn the_trace_is_the_root_of_the_header() {
        for (header, trace) in [
            (
                "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=ad49b0e87f6ef6c8;Sampled=0",
                Some("1-5bef4de7-ad49b0e87f6ef6c87fc2e700"),
            ),
            ("Self=1-5bef; Root=1-5bef", Some("1-5bef")),
            ("Root=", None),
            ("Root=a b", None),
            ("Parent=ad49b0e87f6ef6c8", None),
        ] {
            let invocation = Invocation {
                request_id: "r".to_owned(),
                deadline: SystemTime::UNIX_EPOCH,
                trace_id: Some(header.to_owned()),
                event: Bytes::new(),
            };
            assert_eq!(invocation.trace(), trace, "{header}");
        }
    }

    #[test]
    fn bodies() {
        assert_eq!(into_body("{}", false, 2), Ok(b"{}".to_vec()));
        assert_eq!(into_body("e30=", true, 2), Ok(b"{}".to_vec()));
        for (body, is_base64, limit, kind) in [
            ("{} ", false, 2, Kind::TooLarge),
            ("e30K", true, 2, Kind::TooLarge),
            ("e30=e30=e30=", true, 2, Kind::TooLarge),
            ("", false, 2, Kind::InvalidJson),
            ("", true, 2, Kind::InvalidJson),
            ("not base64!", true, 20, Kind::InvalidJson),
        ] {
            assert_eq!(
                into_body(body, is_base64, limit).map_err(|failure| failure.kind),
                Err(kind),
                "{body}"
            );
        }
    }

    #[test]
    fn other_events_are_told_apart() {
        assert!(Call::parse(b"{\"Records\":[]}").is_none());
        assert!(Call::parse(b"null").is_none());
    }
}
