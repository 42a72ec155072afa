//! A reply in the form of [response streaming](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming):
//! status and headers as JSON, eight NUL bytes, the body.

use crate::reply::{Reply, ReplyBody};
use bytes::{BufMut, Bytes, BytesMut};
use http_body::{Body, Frame};
use lambda_runtime::MetadataPrelude;
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

const SEPARATOR: [u8; 8] = [0; 8];

/// The body of the request to the Runtime API that carries a reply.
pub fn response_body(reply: Reply) -> impl Body<Data = Bytes, Error = Infallible> + Send + 'static {
    let Reply { status, headers, body } = reply;
    let prelude = MetadataPrelude { status_code: status, headers, cookies: Vec::new() };
    // A map of header names to values always serializes.
    let mut head = BytesMut::from(serde_json::to_vec(&prelude).unwrap_or_default().as_slice());
    head.put_slice(&SEPARATOR);
    ResponseBody { head: Some(head), body }
}

struct ResponseBody {
    head: Option<BytesMut>,
    body: ReplyBody,
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    /// The head goes with the body's first write when that is there, so that both cost one system call and one
    /// packet.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let Some(mut head) = self.head.take() else { return polled };
        if let Poll::Ready(Some(Ok(frame))) = polled
            && let Ok(data) = frame.into_data()
        {
            head.put(data);
        }
        Poll::Ready(Some(Ok(Frame::data(head.freeze()))))
    }
}
