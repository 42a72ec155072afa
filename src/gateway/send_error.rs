//! Why a request has no response, and what that says of the connection.

use crate::causes::{causes, told_with_causes};
use h2::Reason;
use hyper_util::client::legacy;
use std::{error::Error, fmt, io};

/// The client's error, told with all that caused it.
#[derive(Debug)]
pub struct SendError(legacy::Error);

impl From<legacy::Error> for SendError {
    fn from(error: legacy::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&told_with_causes(&self.0))
    }
}

impl Error for SendError {}

impl SendError {
    /// There was no connection: nothing was sent.
    pub fn is_connect(&self) -> bool {
        self.0.is_connect()
    }

    /// The connection was reset, as one that died long ago is.
    pub fn is_reset(&self) -> bool {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        let kind = self.cause::<io::Error>().map(io::Error::kind);
        matches!(kind, Some(ConnectionReset | ConnectionAborted | BrokenPipe))
    }

    /// The host says that it did nothing about the request: it refused the stream, or is closing the connection in
    /// good order ([RFC 9113, 8.7](https://www.rfc-editor.org/rfc/rfc9113.html#section-8.7)).
    pub fn is_unprocessed(&self) -> bool {
        self.cause::<h2::Error>().is_some_and(|error| {
            let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
            let closing = error.is_go_away() && error.reason() == Some(Reason::NO_ERROR);
            error.is_remote() && (refused || closing)
        })
    }

    fn cause<E: Error + 'static>(&self) -> Option<&E> {
        causes(&self.0).find_map(|cause| cause.downcast_ref())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]
    use super::*;
    use bytes::Bytes;
    use http::Request;
    use http_body_util::Full;
    use hyper_util::rt::TokioExecutor;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    /// A host's first frame: its settings, all as they are by default.
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

    /// It closes the connection in good order or not, and has processed no stream.
    fn go_away(code: Reason) -> Vec<u8> {
        let head = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        [&head[..], &u32::from(code).to_be_bytes()].concat()
    }

    /// It resets the client's first stream.
    fn reset(code: Reason) -> Vec<u8> {
        let head = [0, 0, 4, 3, 0, 0, 0, 0, 1];
        [&head[..], &u32::from(code).to_be_bytes()].concat()
    }

    /// The error of a request over HTTP/2 that a host answers with `frame`.
    async fn error_of(frame: Vec<u8>) -> SendError {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(&SETTINGS).await.unwrap();
            let (mut heard, mut buffer) = (Vec::new(), [0; 1024]);
            while !heard.windows(5).any(|bytes| bytes == b"hello") {
                let length = stream.read(&mut buffer).await.unwrap();
                heard.extend_from_slice(&buffer[..length]);
            }
            stream.write_all(&frame).await.unwrap();
            while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {}
        });
        let client: legacy::Client<_, Full<Bytes>> =
            legacy::Client::builder(TokioExecutor::new()).http2_only(true).build_http();
        let request = Request::post(url).body("hello".into()).unwrap();
        client.request(request).await.unwrap_err().into()
    }

    #[tokio::test]
    async fn what_the_host_did_not_process() {
        for (frame, is_unprocessed) in [
            (reset(Reason::REFUSED_STREAM), true),
            (reset(Reason::INTERNAL_ERROR), false),
            (go_away(Reason::NO_ERROR), true),
            (go_away(Reason::ENHANCE_YOUR_CALM), false),
        ] {
            let error = error_of(frame).await;
            assert_eq!(error.is_unprocessed(), is_unprocessed, "{error}");
            assert!(!error.is_connect() && !error.is_reset(), "{error}");
        }
    }

    #[tokio::test]
    async fn no_connection_is_told_with_its_cause() {
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let client: legacy::Client<_, Full<Bytes>> =
            legacy::Client::builder(TokioExecutor::new()).build_http();
        let request = Request::post(format!("http://{nobody}/")).body(Full::default()).unwrap();
        let error = SendError::from(client.request(request).await.unwrap_err());
        assert!(error.is_connect() && !error.is_unprocessed());
        assert!(error.to_string().contains("Connection refused"), "{error}");
    }
}
