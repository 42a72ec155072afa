//! A reply in the form of [response streaming](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming):
//! status and headers as JSON, eight NUL bytes, the body.

use crate::reply::{Reply, ReplyBody};
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

const SEPARATOR: Bytes = Bytes::from_static(&[0; 8]);

/// Prelude, separator and first event are there together, so hyper sends them in one write; but each is a chunk of
/// its own, because cargo-lambda's emulator looks for the separator at the start of one.
#[derive(Debug)]
pub struct ResponseBody {
    /// What comes before the body, last first.
    head: [Option<Bytes>; 2],
    body: ReplyBody,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Prelude<'a> {
    status_code: u16,
    headers: Headers<'a>,
    cookies: [&'a str; 0],
}

/// Each name has one value here: no reply sets a header twice.
struct Headers<'a>(&'a HeaderMap);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0 {
            if let Ok(value) = value.to_str() {
                map.serialize_entry(name.as_str(), value)?;
            }
        }
        map.end()
    }
}

impl ResponseBody {
    /// The body of the request to the Runtime API that carries `reply`.
    pub fn new(reply: Reply) -> Self {
        let Reply { status, headers, body } = reply;
        let prelude = Prelude { status_code: status.as_u16(), headers: Headers(&headers), cookies: [] };
        // A map of names to texts always serializes.
        let prelude = serde_json::to_vec(&prelude).unwrap_or_default().into();
        Self { head: [Some(SEPARATOR), Some(prelude)], body }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.head.iter_mut().rev().find_map(Option::take) {
            Some(part) => Poll::Ready(Some(Ok(Frame::data(part)))),
            None => Pin::new(&mut self.body).poll_frame(cx),
        }
    }
}
