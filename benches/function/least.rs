//! The least function: it asks for work, passes the event on to the gateway as it is, and the answer back byte by byte.
//!
//! Blocking reads, no HTTP library, no event loop, and nothing that would make it one to use: no function can add less
//! to the first token.

use crate::wire::Wire;
use std::io::{Error, Result};
use std::net::TcpStream;

const NEXT: &[u8] = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: lambda\r\n\r\n";
const PRELUDE: &str =
    "{\"statusCode\":200,\"headers\":{\"content-type\":\"text/event-stream\"}}\0\0\0\0\0\0\0\0";

/// Serves until the Runtime API closes.
pub fn main() -> Result<()> {
    let (mut lambda, mut gateway) = (connect("AWS_LAMBDA_RUNTIME_API")?, connect("OPENAI_BASEURL")?);
    loop {
        lambda.send(NEXT)?;
        let Some(head) = lambda.head()? else { return Ok(()) };
        let id = head.field("lambda-runtime-aws-request-id").ok_or(Error::other("no request"))?.to_owned();
        let event = lambda.whole_body(&head)?;
        let question = format!(
            "POST /chat/completions HTTP/1.1\r\nhost: gateway\r\ncontent-length: {}\r\n\r\n",
            event.len()
        );
        gateway.send(&[question.as_bytes(), &event].concat())?;
        let answer = gateway.head()?.ok_or(Error::other("the gateway has closed"))?;
        // The head goes with the first piece: two writes would be one more than the least.
        let mut out = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: lambda\r\n\
            transfer-encoding: chunked\r\n\r\n{:x}\r\n{PRELUDE}\r\n",
            PRELUDE.len()
        )
        .into_bytes();
        let mut sent = Ok(());
        gateway.body(&answer, |_, piece| {
            out.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            out.extend_from_slice(piece);
            out.extend_from_slice(b"\r\n");
            if sent.is_ok() {
                sent = lambda.send(&out);
            }
            out.clear();
        })?;
        sent?;
        lambda.send(b"0\r\n\r\n")?;
        let taken = lambda.head()?.ok_or(Error::other("the Runtime API has closed"))?;
        lambda.whole_body(&taken)?;
    }
}

fn connect(variable: &str) -> Result<Wire> {
    let address = std::env::var(variable).map_err(Error::other)?;
    Wire::new(TcpStream::connect(address.trim_start_matches("http://"))?)
}
