//! A Secrets Manager of the test's own.

use super::patience::Changes;
use super::wire::{Head, Wire};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};

pub const ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:gptdock/openai-AbCdEf";
pub const TENANTS_ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:gptdock/tenants-GhIjKl";

/// How reads are answered.
#[derive(Clone)]
pub enum Answer {
    Value(String),
    /// An error of this type, such as `AccessDeniedException`.
    Error(&'static str),
    /// A status and these bytes, whatever they are.
    Raw(u16, String),
    /// A 200 whose body breaks off after these bytes.
    Cut(String),
    Hang,
}

/// One secret: how its reads are answered, and how many there were.
struct Secret {
    id: &'static str,
    answer: Mutex<Answer>,
    reads: Mutex<usize>,
}

impl Secret {
    fn new(id: &'static str, answer: Answer) -> Self {
        Self { id, answer: Mutex::new(answer), reads: Mutex::default() }
    }

    fn reads(&self) -> usize {
        *self.reads.lock().unwrap()
    }
}

struct State {
    key: Secret,
    tenants: Secret,
    seen: Mutex<Vec<Head>>,
    changes: Changes,
}

pub struct Secrets {
    pub address: SocketAddr,
    state: Arc<State>,
}

impl Secrets {
    pub async fn start(key: Answer, tenants: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (key, tenants) = (Secret::new(ARN, key), Secret::new(TENANTS_ARN, tenants));
        let state = Arc::new(State { key, tenants, seen: Mutex::default(), changes: Changes::new() });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state }
    }

    pub fn set(&self, answer: Answer) {
        *self.state.key.answer.lock().unwrap() = answer;
    }

    pub fn set_key(&self, key: &str) {
        self.set(Answer::Value(key.to_owned()));
    }

    pub fn set_tenants(&self, answer: Answer) {
        *self.state.tenants.answer.lock().unwrap() = answer;
    }

    /// The head of every read, in their order.
    pub fn seen(&self) -> Vec<Head> {
        self.state.seen.lock().unwrap().clone()
    }

    pub fn reads(&self) -> usize {
        self.state.key.reads()
    }

    pub fn tenants_reads(&self) -> usize {
        self.state.tenants.reads()
    }

    /// Waits until the key's secret was asked for this many times.
    pub async fn read(&self, times: usize) {
        let read = || (self.reads() >= times).then_some(());
        self.state.changes.until("the secret to be read", read).await;
    }

    /// Waits until the tenants' secret was asked for this many times.
    pub async fn tenants_read(&self, times: usize) {
        let read = || (self.tenants_reads() >= times).then_some(());
        self.state.changes.until("the tenants' secret to be read", read).await;
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let mut wire = Wire::new(stream);
    while let Some(head) = wire.head().await {
        let body = wire.body(&head).await.unwrap_or_default();
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        assert_eq!(head.get("x-amz-target"), Some("secretsmanager.GetSecretValue"));
        assert!(head.get("authorization").is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256")));
        state.seen.lock().unwrap().push(head);
        let known = [&state.key, &state.tenants].into_iter().find(|secret| request["SecretId"] == secret.id);
        if let Some(secret) = known {
            *secret.reads.lock().unwrap() += 1;
            state.changes.tell();
        }
        let id = known.map_or("", |secret| secret.id);
        let missing = Answer::Error("ResourceNotFoundException");
        let (status, body) = match known.map_or(missing, |secret| secret.answer.lock().unwrap().clone()) {
            Answer::Hang => return wire.gone().await,
            Answer::Raw(status, body) => {
                let headers = "content-type: application/x-amz-json-1.1\r\n";
                if wire.reply(&format!("{status} Whatever"), headers, &body).await.is_err() {
                    return;
                }
                continue;
            }
            Answer::Cut(body) => {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len() + 1);
                // The test sees what the function makes of it.
                let _ = wire.send((head + &body).as_bytes()).await;
                return;
            }
            Answer::Value(value) => (
                "200 OK",
                json!({
                    "ARN": id,
                    "Name": "gptdock/something",
                    "VersionId": "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",
                    "VersionStages": ["AWSCURRENT"],
                    "CreatedDate": 1_523_477_145.713,
                    "SecretString": value,
                }),
            ),
            Answer::Error(kind) => (
                "400 Bad Request",
                json!({
                    "__type": kind,
                    "message": format!("User: f is not authorized on resource: {id}"),
                }),
            ),
        };
        let headers = "content-type: application/x-amz-json-1.1\r\n";
        if wire.reply(status, headers, &body.to_string()).await.is_err() {
            return;
        }
    }
}
