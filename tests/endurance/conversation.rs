//! One conversation: its question, what the gateway makes of it, and what must come out.

use crate::support::answer::{Answer, Script, as_json, too_many};
use crate::support::event::{Dialect, Event, chatgpt};
use crate::support::payload::{DONE, finish, openai_error, sse, token};
use crate::support::response::Response;
use fastrand::Rng;
use serde_json::{Value, json};

pub const CONVERSATIONS: u64 = 10_000;
/// A stalled answer ends after this time. Long enough that a busy machine stalls no other.
pub const IDLE_TIMEOUT_MS: &str = "5000";

const FAULTS: [Fault; 4] = [Fault::Cut, Fault::Stall, Fault::TooMany, Fault::Broken];

/// What the gateway does to one in ten.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// The connection ends in the middle.
    Cut,
    /// Nothing more comes after the middle.
    Stall,
    /// 429, and a longer pause than the function waits.
    TooMany,
    /// 500, however often it is asked.
    Broken,
}

/// Everything about it follows from its number.
#[derive(Clone, Copy, Debug)]
pub struct Conversation {
    id: u64,
    fault: Option<Fault>,
    dialect: Dialect,
}

impl Conversation {
    pub fn new(id: u64) -> Self {
        let turn = usize::try_from(id / 10).unwrap();
        let fault = (id % 10 == 9).then(|| FAULTS[turn % FAULTS.len()]);
        // Two of three through the old route, whatever the fault.
        let dialect = if id % 3 == 2 { Dialect::V1 } else { Dialect::Conversations };
        Self { id, fault, dialect }
    }

    /// The one that the gateway is asked about.
    pub fn of(request: &Value) -> Self {
        let last = request["messages"].as_array().and_then(|messages| messages.last()).unwrap();
        let id = last["content"].as_str().and_then(|text| text.rsplit(' ').next()).unwrap();
        let conversation = Self::new(id.parse().unwrap());
        assert_eq!(last["content"], conversation.question().as_str());
        conversation
    }

    pub fn id(&self) -> u64 {
        self.id
    }

    /// How often the gateway is asked.
    pub fn attempts(&self) -> u64 {
        if self.fault == Some(Fault::Broken) { 2 } else { 1 }
    }

    pub fn event(&self) -> Event {
        let question = self.question();
        self.dialect.post(match self.dialect {
            Dialect::Conversations => json!({"messages": [chatgpt("user", &[json!(question)])]}),
            Dialect::V1 => json!({"messages": [{"role": "user", "content": question}], "stream": true}),
        })
    }

    pub fn script(&self) -> Script {
        match self.fault {
            None => self.stream(&[finish(), DONE.to_owned()]).close(),
            Some(Fault::Cut) => self.stream(&[]).cut(),
            Some(Fault::Stall) => self.stream(&[]).hang(),
            Some(Fault::TooMany) => too_many(&[("retry-after", "60")]),
            Some(Fault::Broken) => as_json(500, &openai_error("server_error", "server_error")),
        }
    }

    /// The response must be the answer to this question, to its last byte, and end as its fault demands.
    pub fn check(&self, response: &Response) {
        match self.fault {
            None => {
                let payloads = response.completed();
                let (last, tokens) = payloads.split_last().unwrap();
                assert_eq!(*last, finish(), "{self:?}");
                assert_eq!(tokens, self.tokens(), "{self:?}");
            }
            Some(Fault::Cut) => self.check_interrupted(response, "gateway_error"),
            Some(Fault::Stall) => self.check_interrupted(response, "gateway_timeout"),
            Some(Fault::TooMany) => {
                response.refused(self.dialect, 429, "rate_limit_exceeded");
                assert_eq!(response.header("retry-after"), Some("60"), "{self:?}");
            }
            Some(Fault::Broken) => {
                response.refused(self.dialect, 502, "gateway_error");
            }
        }
    }

    fn check_interrupted(&self, response: &Response, code: &str) {
        let (tokens, told) = response.interrupted(self.dialect);
        assert_eq!(tokens, self.tokens(), "{self:?}");
        assert_eq!(told, code, "{self:?}");
    }

    /// The log's words for its end.
    pub fn outcome(&self) -> &'static str {
        match self.fault {
            None => "complete",
            Some(Fault::Cut | Fault::Stall) => "interrupted",
            Some(Fault::TooMany | Fault::Broken) => "failed",
        }
    }

    fn rng(&self) -> Rng {
        Rng::with_seed(self.id)
    }

    /// Up to 4 kB, its number last.
    fn question(&self) -> String {
        format!("PRIVATE {} {}", "Wörter ".repeat(self.rng().usize(..500)), self.id)
    }

    /// Each says whose it is, and which.
    fn tokens(&self) -> Vec<String> {
        let mut rng = self.rng();
        let text = |n| format!("PRIVATE {}:{n} {}", self.id, "日本語".repeat(rng.usize(..40)));
        (0..self.rng().usize(4..40)).map(text).map(|text| token(&text)).collect()
    }

    /// The events in pieces that are cut anywhere, some of them after a pause.
    fn stream(&self, end: &[String]) -> Answer {
        let text: String = self.tokens().iter().chain(end).map(|payload| sse(payload)).collect();
        let (mut rng, mut rest, mut answer) = (self.rng(), text.as_bytes(), Answer::stream());
        while !rest.is_empty() {
            let (piece, tail) = rest.split_at(rng.usize(1..=rest.len().min(1_500)));
            answer = answer.bytes(piece);
            if rng.u8(..4) == 0 {
                answer = answer.wait(1);
            }
            rest = tail;
        }
        answer
    }
}
