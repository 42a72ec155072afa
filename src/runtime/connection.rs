//! One connection to the Runtime API: HTTP/1.1 to a process on the same machine.
//!
//! It is our own because every token passes it: a client for the whole of HTTP hands each one from task to task.

use super::{
    framing::{Body, LAST_CHUNK, write_chunk},
    head::Head,
};
use crate::reply::ReplyBody;
use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use std::{
    future::{Future, poll_fn},
    io::{
        self,
        ErrorKind::{UnexpectedEof, WriteZero},
    },
    mem::take,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    net::TcpStream,
};

/// Room for an event of the usual size.
const READ_BYTES: usize = 8 * 1024;
/// Events that are ready together share writes of this size.
const WRITE_BYTES: usize = 64 * 1024;

/// A response, read to its end.
pub struct Response<const N: usize> {
    pub status: u16,
    /// The values of the fields that were asked for.
    pub values: [Option<String>; N],
    pub body: Bytes,
    /// Another request may follow.
    pub keeps_alive: bool,
}

/// A connection on which one call follows another. Dropped, it is closed.
pub struct Connection<S = TcpStream> {
    stream: S,
    incoming: BytesMut,
    outgoing: Vec<u8>,
    /// How much of `outgoing` was written.
    written: usize,
}

/// A response under way.
struct Receiving<const N: usize> {
    wanted: [&'static str; N],
    head: Option<(Head<N>, Body)>,
}

impl<const N: usize> Response<N> {
    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Connection {
    /// Connects. With Nagle's algorithm a token would wait up to 42 ms for the acknowledgement of the one before.
    ///
    /// # Errors
    /// Why it can't.
    pub async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self::over(stream))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    fn over(stream: S) -> Self {
        Self { stream, incoming: BytesMut::new(), outgoing: Vec::new(), written: 0 }
    }

    /// Whether the other side still keeps it open, and has nothing to say unasked.
    pub async fn is_idle(&mut self) -> bool {
        poll_fn(|cx| Poll::Ready(self.poll_fill(cx).is_pending())).await
    }

    /// Sends a request, its body write by write, and reads the response to the end. A request that is accepted before
    /// all of it was sent, as cargo-lambda's emulator does, is sent to its end; one that is refused is not.
    ///
    /// # Errors
    /// A connection that broke, and what is no HTTP.
    pub async fn call<const N: usize>(
        &mut self,
        request: Vec<u8>,
        mut body: Option<ReplyBody>,
        wanted: [&'static str; N],
    ) -> io::Result<Response<N>> {
        self.outgoing = request;
        let (mut receiving, mut received) = (Receiving { wanted, head: None }, None);
        poll_fn(|cx| {
            let sent = self.poll_send(cx, &mut body);
            if received.is_none() {
                if let Poll::Ready(response) = self.poll_receive(cx, &mut receiving) {
                    received = Some(response?);
                }
            } else if let Poll::Ready(read) = self.poll_fill(cx)
                && read? == 0
            {
                return Poll::Ready(Err(UnexpectedEof.into()));
            }
            if received.as_ref().is_none_or(Response::is_success) {
                ready!(sent)?;
            }
            received.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)))
        })
        .await
    }

    /// Ready when all is sent.
    fn poll_send(&mut self, cx: &mut Context<'_>, body: &mut Option<ReplyBody>) -> Poll<io::Result<()>> {
        loop {
            // What is ready at once leaves in one write, with the request's head if that is still here.
            if self.written == 0 {
                self.gather(cx, body);
            }
            if self.outgoing.is_empty() {
                return if body.is_some() { Poll::Pending } else { Poll::Ready(Ok(())) };
            }
            while let Some(rest) = self.outgoing.get(self.written..).filter(|rest| !rest.is_empty()) {
                self.written += match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                    0 => return Poll::Ready(Err(WriteZero.into())),
                    length => length,
                };
            }
            self.written = 0;
            self.outgoing.clear();
            self.outgoing.shrink_to(WRITE_BYTES);
        }
    }

    /// Writes the chunks that are ready into `outgoing`.
    fn gather(&mut self, cx: &mut Context<'_>, body: &mut Option<ReplyBody>) {
        while let Some(left) = body
            && self.outgoing.len() < WRITE_BYTES
        {
            match Pin::new(left).poll_frame(cx) {
                Poll::Pending => return,
                Poll::Ready(None) => {
                    self.outgoing.extend_from_slice(LAST_CHUNK);
                    *body = None;
                }
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        write_chunk(&data, &mut self.outgoing);
                    }
                }
            }
        }
    }

    fn poll_receive<const N: usize>(
        &mut self,
        cx: &mut Context<'_>,
        receiving: &mut Receiving<N>,
    ) -> Poll<io::Result<Response<N>>> {
        loop {
            let is_closed = ready!(self.poll_fill(cx))? == 0;
            if let Some(response) = receiving.take(&mut self.incoming, is_closed)? {
                if self.incoming.is_empty() {
                    // What was read is the body's now, megabytes perhaps.
                    drop(take(&mut self.incoming));
                }
                return Poll::Ready(Ok(response));
            }
            if is_closed {
                return Poll::Ready(Err(UnexpectedEof.into()));
            }
        }
    }

    /// Reads what is there; none is the end.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.incoming.reserve(READ_BYTES);
        pin!(self.stream.read_buf(&mut self.incoming)).poll(cx)
    }
}

impl<const N: usize> Receiving<N> {
    fn take(&mut self, buffer: &mut BytesMut, is_closed: bool) -> io::Result<Option<Response<N>>> {
        while self.head.is_none() {
            let Some(head) = Head::parse(buffer, &self.wanted)? else { return Ok(None) };
            drop(buffer.split_to(head.length));
            // What comes before the response says only that it will come.
            if head.status >= 200 {
                let body = Body::new(head.framing);
                self.head = Some((head, body));
            }
        }
        let Some((_, body)) = &mut self.head else { return Ok(None) };
        let Some(body) = body.take(buffer, is_closed)? else { return Ok(None) };
        let response =
            |(Head { status, values, keeps_alive, .. }, _)| Response { status, values, body, keeps_alive };
        Ok(self.head.take().map(response))
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
