//! A response in the form of Lambda's response streaming: status and headers as JSON, eight NUL bytes, the body.

use crate::response::ResponseBody;
use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body, Frame};
use serde_json::json;
use std::{
    collections::BTreeMap,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::sync::oneshot;

const SEPARATOR: Bytes = Bytes::from_static(&[0; 8]);

/// How far a body has come, and a way to stop it.
pub struct Progress {
    /// Resolves when the body has been read to its end, or was dropped.
    pub ended: oneshot::Receiver<()>,
    /// Dropping it stops the body.
    pub cancel: oneshot::Sender<()>,
}

/// The body towards the Runtime API. Prelude, separator and first event are ready together and share one write, but
/// each is a frame of its own: cargo-lambda's emulator looks for the separator at the start of one.
pub struct StreamedBody {
    prelude: Option<Bytes>,
    separator: Option<Bytes>,
    body: ResponseBody,
    cancelled: oneshot::Receiver<()>,
    ended: Option<oneshot::Sender<()>>,
}

impl StreamedBody {
    /// The body of a response, and its progress.
    pub fn new(response: Response<ResponseBody>) -> (Self, Progress) {
        let (ended_sender, ended) = oneshot::channel();
        let (cancel, cancelled) = oneshot::channel();
        let (parts, body) = response.into_parts();
        let headers = text_headers(&parts.headers);
        let prelude = json!({"statusCode": parts.status.as_u16(), "headers": headers, "cookies": []});
        let body = Self {
            prelude: Some(prelude.to_string().into()),
            separator: Some(SEPARATOR),
            body,
            cancelled,
            ended: Some(ended_sender),
        };
        (body, Progress { ended, cancel })
    }
}

/// Lambda takes one text for each name. No response sets a header twice.
fn text_headers(headers: &HeaderMap) -> BTreeMap<&str, &str> {
    headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect()
}

impl Body for StreamedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        if let Some(bytes) = this.prelude.take().or_else(|| this.separator.take()) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        // An error makes hyper close the connection instead of sending the rest.
        if Pin::new(&mut this.cancelled).poll(cx).is_ready() {
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
        }
        match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
            Some(Ok(frame)) => Poll::Ready(Some(Ok(frame))),
            Some(Err(never)) => match never {},
            None => {
                this.ended.take().map(|ended| ended.send(()));
                Poll::Ready(None)
            }
        }
    }
}
