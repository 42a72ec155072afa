//! Function URL events, payload format 2.0.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// A word in every prompt and every answer, which no log line may hold.
pub const PRIVATE: &str = "PRIVATE";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The old route, for the unchanged frontend.
    Conversations,
    /// OpenAI's own.
    V1,
}

pub const BOTH: [Dialect; 2] = [Dialect::Conversations, Dialect::V1];

impl Dialect {
    pub fn path(self) -> &'static str {
        match self {
            Self::Conversations => "/conversations",
            Self::V1 => "/v1/chat/completions",
        }
    }

    /// A valid question, to be answered with a stream.
    pub fn ask(self) -> Event {
        self.post(match self {
            Self::Conversations => json!({
                "action": "next",
                "messages": [chatgpt("user", &[json!("PRIVATE question?")])],
                "parent_message_id": "d53b8c5b-1d4b-4ef3-8d1e-0a3c0c4dd4b1",
                "model": "text-davinci-002",
            }),
            Self::V1 => json!({
                "messages": [{"role": "user", "content": "PRIVATE question?"}],
                "stream": true,
            }),
        })
    }

    pub fn post(self, body: Value) -> Event {
        Event::new("POST", self.path()).body(&body.to_string())
    }
}

/// A message as ChatGPT's web page has it.
pub fn chatgpt(role: &str, parts: &[Value]) -> Value {
    json!({
        "id": "b059aadc-5f1c-4d8e-9a43-0a0f4fb22a8c",
        "author": {"role": role},
        "content": {"content_type": "text", "parts": parts},
    })
}

#[derive(Clone)]
pub struct Event {
    pub json: Value,
    /// From the hand-out of the event to the invocation's deadline.
    pub time_left: Duration,
}

impl Event {
    pub fn new(method: &str, path: &str) -> Self {
        let host = "abcdefghijklmnop.lambda-url.us-east-1.on.aws";
        let json = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {
                "content-type": "application/json; charset=UTF-8",
                "host": host,
                "user-agent": "the browser",
                "x-forwarded-for": "192.0.2.7",
                "x-forwarded-port": "443",
                "x-forwarded-proto": "https",
            },
            "requestContext": {
                "accountId": "anonymous",
                "apiId": "abcdefghijklmnop",
                "domainName": host,
                "domainPrefix": "abcdefghijklmnop",
                "http": {
                    "method": method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.7",
                    "userAgent": "the browser",
                },
                "requestId": "7e9c0e0a-7c5f-4f0d-b5c7-9c7a3f6c7e11",
                "routeKey": "$default",
                "stage": "$default",
                "time": "22/Nov/2026:00:00:00 +0000",
                "timeEpoch": 1_795_305_600_000_u64,
            },
            "isBase64Encoded": false,
        });
        Self { json, time_left: Duration::from_secs(60) }
    }

    pub fn raw(json: Value) -> Self {
        Self { json, time_left: Duration::from_secs(60) }
    }

    pub fn body(mut self, text: &str) -> Self {
        self.json["body"] = json!(text);
        self
    }

    /// A body as Function URLs hand on what they do not know to be text.
    pub fn base64(mut self, bytes: &[u8]) -> Self {
        self.json["body"] = json!(STANDARD.encode(bytes));
        self.json["isBase64Encoded"] = json!(true);
        self
    }

    /// A query string, raw and, as Lambda adds it, taken apart.
    pub fn query(mut self, query: &str) -> Self {
        let mut taken_apart = Map::<String, Value>::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let joined = match taken_apart.get(name).and_then(Value::as_str) {
                Some(first) => format!("{first},{value}"),
                None => value.to_owned(),
            };
            taken_apart.insert(name.to_owned(), joined.into());
        }
        self.json["rawQueryString"] = json!(query);
        self.json["queryStringParameters"] = taken_apart.into();
        self
    }

    /// The frontend's token.
    pub fn jwt(self, token: &str) -> Self {
        self.query(&format!("jwt={token}"))
    }

    /// A header field; Lambda writes names in lower case, and joins values of one name by a comma.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let field = &mut self.json["headers"][name.to_ascii_lowercase()];
        *field = match field.as_str() {
            Some(first) => format!("{first},{value}").into(),
            None => value.into(),
        };
        self
    }

    pub fn authorization(self, value: &str) -> Self {
        self.header("authorization", value)
    }

    pub fn time_left(mut self, milliseconds: u64) -> Self {
        self.time_left = Duration::from_millis(milliseconds);
        self
    }
}
