#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use std::{collections::VecDeque, io::Result};
use tokio::io::ReadBuf;

const REQUEST: &str = "POST / HTTP/1.1\r\n\r\n";
const SENT: &str = "POST / HTTP/1.1\r\n\r\n5\r\nreply\r\n0\r\n\r\n";
const ACCEPTED: &str = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";

/// A peer that takes and says what it is told to, step by step, and then no more. `None` is a step on which it waits.
#[derive(Default)]
struct Peer {
    takes: VecDeque<Option<usize>>,
    says: VecDeque<Option<&'static str>>,
    took: Vec<String>,
}

impl Peer {
    /// Takes everything at once, and says this.
    fn saying(says: &[&'static str]) -> Self {
        Self { says: says.iter().map(|text| Some(*text)).collect(), ..Self::default() }
    }

    async fn call(self) -> (Result<Response<1>>, Connection<Self>) {
        let mut connection = Connection::over(self);
        let reply = ReplyBody::Whole(Bytes::from_static(b"reply"));
        let response = connection.call(REQUEST.into(), Some(reply), ["x-a"]).await;
        (response, connection)
    }
}

impl AsyncRead for Peer {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        match self.says.pop_front() {
            Some(Some(text)) => buffer.put_slice(text.as_bytes()),
            Some(None) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            None => {}
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Peer {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let length = match self.takes.pop_front() {
            Some(Some(most)) => most.min(bytes.len()),
            Some(None) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            None => bytes.len(),
        };
        self.took.push(String::from_utf8(bytes[..length].to_vec()).unwrap());
        Poll::Ready(Ok(length))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn what_is_ready_leaves_in_one_write() {
    let (response, connection) = Peer::saying(&[ACCEPTED]).call().await;
    assert!(response.is_ok_and(|response| response.is_success() && response.keeps_alive));
    assert_eq!(connection.stream.took, [SENT]);
}

#[tokio::test]
async fn a_peer_may_take_it_bit_by_bit() {
    let takes = [Some(1), None, Some(3), None, None, Some(20)].into();
    let says = [None, None, None, None, Some(ACCEPTED)].into();
    let (response, connection) = Peer { takes, says, ..Peer::default() }.call().await;
    assert!(response.is_ok());
    assert_eq!(connection.stream.took.concat(), SENT);
}

#[tokio::test]
async fn responses() {
    for (says, status, value, body, keeps_alive) in [
        (vec!["HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 3\r\n\r\nabc"], 200, Some("b"), "abc", true),
        (vec!["HTTP/1.1 2", "00 OK\r\ncontent-length: 3\r\n", "\r\na", "bc"], 200, None, "abc", true),
        (
            vec!["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na", "\r\n0\r\n\r\n"],
            200,
            None,
            "a",
            true,
        ),
        (vec!["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 x\r\nx-a: c\r\n\r\n"], 204, Some("c"), "", true),
        (vec!["HTTP/1.1 200 OK\r\n\r\nab", "c"], 200, None, "abc", false),
        (vec!["HTTP/1.1 500 x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"], 500, None, "", false),
    ] {
        let response = Peer::saying(&says).call().await.0.unwrap();
        assert_eq!((response.status, response.values[0].as_deref()), (status, value), "{says:?}");
        assert_eq!((&response.body[..], response.keeps_alive), (body.as_bytes(), keeps_alive), "{says:?}");
    }
}

#[tokio::test]
async fn what_is_no_response() {
    for says in [
        vec![],
        vec!["HTTP/1.1 200 OK\r\n"],
        vec!["HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab"],
        vec!["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n"],
        vec!["HTTP/1.1 100 Continue\r\n\r\n"],
        vec!["<html>"],
    ] {
        assert!(Peer::saying(&says).call().await.0.is_err(), "{says:?}");
    }
}

#[tokio::test]
async fn a_refused_request_is_not_sent_to_its_end() {
    let says = [None, Some("HTTP/1.1 413 x\r\ncontent-length: 0\r\n\r\n")].into();
    let takes = std::iter::once(Some(9)).chain([None; 9]).collect();
    let (response, connection) = Peer { takes, says, ..Peer::default() }.call().await;
    assert_eq!(response.unwrap().status, 413);
    assert_eq!(connection.stream.took, [&SENT[..9]]);
}

#[tokio::test]
async fn an_accepted_one_is_unless_the_peer_goes() {
    let takes: VecDeque<_> = [Some(9), None, None].into();
    let stays =
        Peer { takes: takes.clone(), says: [Some(ACCEPTED), None, None, None].into(), ..Peer::default() };
    let (response, connection) = stays.call().await;
    assert!(response.is_ok());
    assert_eq!(connection.stream.took.concat(), SENT);
    let goes = Peer { takes, says: [Some(ACCEPTED)].into(), ..Peer::default() };
    assert_eq!(goes.call().await.0.err().map(|error| error.kind()), Some(UnexpectedEof));
}

#[tokio::test]
async fn a_kept_connection_is_idle_or_gone() {
    let says = [Some(ACCEPTED), None, None, Some("unasked")].into();
    let (_, mut connection) = Peer { says, ..Peer::default() }.call().await;
    let mut idle = Vec::new();
    for _ in 0..4 {
        idle.push(connection.is_idle().await);
    }
    assert_eq!(idle, [true, true, false, false]);
}
