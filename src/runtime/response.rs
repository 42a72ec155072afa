//! A reply in the form of [response streaming](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming):
//! status and headers as JSON, eight NUL bytes, the body.

use crate::reply::{Reply, ReplyBody};
use bytes::Bytes;
use http_body::{Body, Frame};
use lambda_runtime::MetadataPrelude;
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

const SEPARATOR: Bytes = Bytes::from_static(&[0; 8]);

/// The body of the request to the Runtime API that carries a reply.
pub fn response_body(reply: Reply) -> impl Body<Data = Bytes, Error = Infallible> + Send + 'static {
    let Reply { status, headers, body } = reply;
    let prelude = MetadataPrelude { status_code: status, headers, cookies: Vec::new() };
    // A map of header names to values always serializes.
    let prelude = serde_json::to_vec(&prelude).unwrap_or_default().into();
    ResponseBody { head: [Some(SEPARATOR), Some(prelude)], body }
}

/// Prelude, separator and first event are there together, so hyper sends them in one write; but each is a chunk of
/// its own, because cargo-lambda's emulator looks for the separator at the start of one.
struct ResponseBody {
    /// What comes before the body, last first.
    head: [Option<Bytes>; 2],
    body: ReplyBody,
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
