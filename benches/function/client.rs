//! A client that calls the gateway itself, with no function between.

use crate::clock::now;
use crate::gateway::question;
use crate::run::Run;
use crate::scanner::Scanner;
use crate::wire::Wire;
use std::io::{self, Error, ErrorKind::UnexpectedEof};
use std::net::TcpStream;
use std::sync::Arc;

pub struct Client(Wire);

impl Client {
    pub fn connect(port: u16) -> io::Result<Self> {
        TcpStream::connect(("127.0.0.1", port)).and_then(Wire::new).map(Self)
    }

    /// Has one conversation, and hangs up.
    pub fn ask(mut self, run: &Arc<Run>) {
        let trouble = self.converse(run).err();
        run.end(trouble.map(|error| error.to_string()));
    }

    fn converse(&mut self, run: &Arc<Run>) -> io::Result<()> {
        let body = format!(
            r#"{{"model":"gpt-3.5-turbo","messages":[{{"role":"user","content":"{}"}}],"stream":true}}"#,
            question(run.number)
        );
        let request = format!(
            "POST /chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
            content-length: {}\r\n\r\n{body}",
            body.len()
        );
        run.delivered.set(now());
        self.0.send(request.as_bytes())?;
        let head = self.0.head()?.ok_or(UnexpectedEof)?;
        if !head.line().contains(" 200 ") {
            return Err(Error::other(head.line()));
        }
        let mut scanner = Scanner::new(Arc::clone(run));
        self.0.body(&head, |at, piece| scanner.take(at, piece))
    }
}
