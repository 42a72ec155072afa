//! One invocation as Lambda hands it over, and the HTTP request inside it.
//!
//! It owns the reading of the event, base64 and the limit of the body; it knows no route, no caller, and nothing of
//! what a body says.

use crate::failure::{Failure, Kind};
use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http::HeaderMap;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use std::{fmt, time::SystemTime};

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
pub struct Call {
    /// The method's name.
    pub method: String,
    /// The path, percent-decoded by Lambda.
    pub path: String,
    /// The raw query string.
    pub query: String,
    /// The headers; Lambda joins repeated ones by a comma.
    pub headers: HeaderMap,
    body: String,
    is_base64: bool,
}

impl Call {
    /// Reads the event.
    ///
    /// It takes `lambda_http`'s type but not its conversion into a request, which panics on base64 that is none
    /// and on a path or a query that is no URI: on the open internet both are one `curl` away.
    ///
    /// # Errors
    /// The parser's message when this is no event of payload format 2.0.
    pub fn parse(event: &[u8]) -> Result<Self, serde_json::Error> {
        let event: ApiGatewayV2httpRequest = serde_json::from_slice(event)?;
        Ok(Self {
            method: event.request_context.http.method.to_string(),
            path: event.raw_path.unwrap_or_default(),
            query: event.raw_query_string.unwrap_or_default(),
            headers: event.headers,
            body: event.body.unwrap_or_default(),
            is_base64: event.is_base64_encoded,
        })
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
            BASE64_STANDARD.decode(&self.body).map_err(|_| Kind::InvalidJson)?
        } else {
            self.body.into_bytes()
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

    fn call(body: &str, is_base64: bool) -> Call {
        let event = json!({"version":"2.0","rawPath":"/a b/é","rawQueryString":"a=<\"&jwt=x","headers":{"x-name":"Zoë"},
            "requestContext":{"http":{"method":"POST","path":"/"},"timeEpoch":1},"body":body,"isBase64Encoded":is_base64});
        Call::parse(event.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn odd_paths_queries_and_headers_are_no_failure() {
        let call = call("{}", false);
        assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/a b/é"));
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
        assert_eq!(call("{}", false).into_body(2), Ok(b"{}".to_vec()));
        assert_eq!(call("e30=", true).into_body(2), Ok(b"{}".to_vec()));
        for (body, is_base64, limit, kind) in [
            ("{} ", false, 2, Kind::TooLarge),
            ("e30K", true, 2, Kind::TooLarge),
            ("e30=e30=e30=", true, 2, Kind::TooLarge),
            ("", false, 2, Kind::InvalidJson),
            ("", true, 2, Kind::InvalidJson),
            ("not base64!", true, 20, Kind::InvalidJson),
        ] {
            assert_eq!(
                call(body, is_base64).into_body(limit).map_err(|failure| failure.kind),
                Err(kind),
                "{body}"
            );
        }
    }

    #[test]
    fn other_events_are_told_apart() {
        assert!(Call::parse(b"{\"Records\":[]}").is_err());
        assert!(Call::parse(b"null").is_err());
    }
}
