//! What a gateway does with a request: scripts, step by step.

use super::payload::{DONE, HEALTHY, completion, healthy_payloads, openai_error, sse};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex as AsyncMutex, mpsc};

#[derive(Clone)]
pub enum Step {
    Write(Bytes),
    Wait(Duration),
    /// Nothing more, until the function hangs up.
    Hang,
    /// FIN.
    Cut,
    /// RST.
    Reset,
    /// Steps that the test gives while it runs.
    Live(Arc<AsyncMutex<mpsc::UnboundedReceiver<Step>>>),
}

#[derive(Clone, Default)]
pub struct Script(pub Vec<Step>);

/// OpenAI's answer to a key it does not take. It quotes the key.
pub fn wrong_key(key: &str) -> Script {
    let message = format!("Incorrect API key provided: {key}. You can find your API key at …");
    let kind = "invalid_request_error";
    let error = json!({"message": message, "type": kind, "param": null, "code": "invalid_api_key"});
    as_json(401, &json!({"error": error}))
}

pub fn healthy() -> Script {
    Answer::stream().events(&healthy_payloads()).end()
}

/// What a healthy gateway answers to this request.
pub fn usual(request: &Value) -> Script {
    match request["stream"] == true {
        true => healthy(),
        false => as_json(200, &completion(HEALTHY)),
    }
}

/// A plain answer with a length.
pub fn plain(status: u16, headers: &[(&str, &str)], body: &str) -> Script {
    let mut head = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    Script(vec![Step::Write(Bytes::from(format!("{head}\r\n{body}")))])
}

pub fn as_json(status: u16, body: &Value) -> Script {
    plain(status, &[("content-type", "application/json")], &body.to_string())
}

/// OpenAI's answer to too many requests, with the fields given.
pub fn too_many(headers: &[(&str, &str)]) -> Script {
    let body = openai_error("rate_limit_exceeded", "requests").to_string();
    let mut all = vec![("content-type", "application/json")];
    all.extend_from_slice(headers);
    plain(429, &all, &body)
}

/// A script made of one step.
pub fn only(step: Step) -> Script {
    Script(vec![step])
}

pub fn milliseconds(ms: u64) -> Step {
    Step::Wait(Duration::from_millis(ms))
}

/// An answer built up piece by piece; every event and every piece of bytes is a write of its own.
pub struct Answer {
    steps: Vec<Step>,
    chunked: bool,
}

impl Answer {
    /// A streamed answer in chunks.
    pub fn stream() -> Self {
        Self::with(&[])
    }

    /// A streamed answer in chunks, with more header fields.
    pub fn with(headers: &[(&str, &str)]) -> Self {
        let mut fields = "transfer-encoding: chunked\r\n".to_owned();
        for (name, value) in headers {
            fields.push_str(&format!("{name}: {value}\r\n"));
        }
        Self::opened(&fields, true)
    }

    /// A streamed answer that ends when the connection does.
    pub fn until_closed() -> Self {
        Self::opened("connection: close\r\n", false)
    }

    fn opened(fields: &str, chunked: bool) -> Self {
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n{fields}\r\n");
        Self { steps: vec![Step::Write(Bytes::from(head))], chunked }
    }

    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    pub fn bytes(self, bytes: impl AsRef<[u8]>) -> Self {
        let framed = framed(self.chunked, bytes.as_ref());
        self.step(Step::Write(framed))
    }

    pub fn event(self, payload: &str) -> Self {
        self.bytes(sse(payload))
    }

    pub fn events<S: AsRef<str>>(self, payloads: &[S]) -> Self {
        payloads.iter().fold(self, |answer, payload| answer.event(payload.as_ref()))
    }

    pub fn wait(self, ms: u64) -> Self {
        self.step(milliseconds(ms))
    }

    /// `[DONE]` and the body's end.
    pub fn end(self) -> Script {
        self.event(DONE).close()
    }

    /// The body's proper end.
    pub fn close(self) -> Script {
        let last = match self.chunked {
            true => Step::Write(Bytes::from_static(b"0\r\n\r\n")),
            false => Step::Cut,
        };
        Script(self.step(last).steps)
    }

    pub fn cut(self) -> Script {
        Script(self.step(Step::Cut).steps)
    }

    pub fn reset(self) -> Script {
        Script(self.step(Step::Reset).steps)
    }

    pub fn hang(self) -> Script {
        Script(self.step(Step::Hang).steps)
    }

    /// The rest comes from the test.
    pub fn live(self) -> (Script, Live) {
        let (told, steps) = mpsc::unbounded_channel();
        let live = Live { told, chunked: self.chunked };
        (Script(self.step(Step::Live(Arc::new(AsyncMutex::new(steps)))).steps), live)
    }
}

fn framed(chunked: bool, bytes: &[u8]) -> Bytes {
    if !chunked {
        return Bytes::copy_from_slice(bytes);
    }
    let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
    framed.extend_from_slice(bytes);
    framed.extend_from_slice(b"\r\n");
    framed.into()
}

/// The test's hand on an answer that runs.
pub struct Live {
    told: mpsc::UnboundedSender<Step>,
    chunked: bool,
}

impl Live {
    pub fn step(&self, step: Step) {
        // The function may have hung up already; the test sees that elsewhere.
        let _ = self.told.send(step);
    }

    pub fn event(&self, payload: &str) {
        self.step(Step::Write(framed(self.chunked, sse(payload).as_bytes())));
    }

    pub fn end(self) {
        self.event(DONE);
        if self.chunked {
            self.step(Step::Write(Bytes::from_static(b"0\r\n\r\n")));
        }
    }
}
