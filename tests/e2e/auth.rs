//! Helpers of the authentication tests.

use crate::support::event::{BOTH, Dialect, Event};
use crate::support::payload::HEALTHY;
use crate::support::response::Response;
use crate::support::secrets::Answer;
use crate::support::tokens::{CONNECT, TENANT};
use crate::support::world::{Setup, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The tenants of the vectors.
pub fn tenants() -> Answer {
    Answer::Value(CONNECT["tenants"].to_string())
}

/// One tenant, with this shared secret.
pub fn tenant_with(secret: &str) -> Answer {
    Answer::Value(
        json!({TENANT: {"sharedSecret": secret, "baseUrl": "https://site.example.org"}}).to_string(),
    )
}

/// A function for the pages of a Connect app.
pub fn connect() -> Setup {
    Setup::new().with("AUTH_MODE", "connect").tenants(tenants())
}

/// A key's secret that holds bearer tokens beside the key.
pub fn key_with_bearer_tokens(tokens: Value) -> Answer {
    Answer::Value(json!({"OPENAI_API_KEY": "sk-test-first", "BEARER_TOKENS": tokens}).to_string())
}

/// Credentials as a caller shows them.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    query: String,
    headers: Vec<(String, String)>,
}

impl Shown {
    pub fn query(query: &str) -> Self {
        Self { query: query.to_owned(), headers: Vec::new() }
    }

    pub fn jwt(token: &str) -> Self {
        Self::query(&format!("jwt={token}"))
    }

    pub fn authorization(value: &str) -> Self {
        Self::default().and(value)
    }

    pub fn bearer(token: &str) -> Self {
        Self::authorization(&format!("Bearer {token}"))
    }

    /// One more `Authorization` header.
    pub fn and(mut self, value: &str) -> Self {
        self.headers.push(("authorization".to_owned(), value.to_owned()));
        self
    }

    /// Those of a vector, of Connect or of an issuer.
    pub fn of(vector: &Value) -> Self {
        if let Some(token) = vector["token"].as_str() {
            return Self::bearer(token);
        }
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let headers = vector["headers"].as_array().unwrap().iter();
        Self {
            query: text(&vector["query"]),
            headers: headers.map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
        }
    }

    pub fn on(&self, event: Event) -> Event {
        let headers = self.headers.iter();
        headers.fold(event.query(&self.query), |event, (name, value)| event.header(name, value))
    }
}

/// Fails unless these credentials get the usual answer.
pub async fn let_in(world: &World, shown: &Shown) -> Response {
    let response = world.ask(shown.on(Dialect::Conversations.ask())).await;
    assert_eq!(response.status, 200, "{shown:?}: {}", response.text());
    response.completed();
    assert_eq!(response.shown(), HEALTHY);
    response
}

/// All that a caller gets, but for what names the request.
pub fn faceless(response: &Response) -> (u16, BTreeMap<String, String>, String) {
    let mut headers = response.headers.clone();
    assert_eq!(headers.remove("x-request-id").as_ref(), Some(&response.request_id));
    (response.status, headers, response.text().replace(&response.request_id, "*"))
}

/// Fails unless each of these gets, in both dialects, the very refusal that no credentials get, and none of them
/// reaches the gateway.
pub async fn all_denied(world: &World, all: &[Shown]) {
    let asked = world.gateway.count();
    for dialect in BOTH {
        let nobody = world.ask(dialect.ask()).await;
        nobody.refused(dialect, 401, "unauthorized");
        for shown in all {
            let response = world.ask(shown.on(dialect.ask())).await;
            assert_eq!(faceless(&response), faceless(&nobody), "{shown:?}");
        }
    }
    assert_eq!(world.gateway.count(), asked, "the gateway was asked");
}

/// Fails unless these credentials are refused, with this reason in the log only.
pub async fn denied_for(world: &World, shown: &Shown, reason: &str) {
    let response = world.ask(shown.on(Dialect::V1.ask())).await;
    assert_eq!(response.status, 401, "{shown:?}: {}", response.text());
    assert!(!response.text().contains(reason), "{}", response.text());
    let line = request_line(world, &response).await;
    assert_eq!((&line["reason"], &line["status"]), (&json!(reason), &json!(401)), "{shown:?}");
    assert_eq!((&line["tenant"], &line["user_hash"]), (&Value::Null, &Value::Null), "nobody was identified");
}

/// The log line of a request.
pub async fn request_line(world: &World, response: &Response) -> Value {
    let wanted = |line: &Value| line["event"] == "request" && line["request_id"] == *response.request_id;
    world.function.line("the request's line", wanted).await
}

/// Fails when one of these words was printed or sent to a gateway.
pub fn kept_secret(world: &World, words: &[&str]) {
    let seen = [world.gateway.seen(), world.fallback.seen()].concat();
    let sent = seen.iter().map(|seen| format!("{:?} {}", seen.head, seen.body));
    for text in world.function.lines().into_iter().chain(sent) {
        for word in words {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
}

/// Asks until these credentials are let in, which must be soon.
pub async fn comes_in(world: &World, shown: &Shown) {
    until(world, shown, 200).await;
}

/// Asks until these credentials are refused, which must be soon.
pub async fn goes_out(world: &World, shown: &Shown) {
    until(world, shown, 401).await;
}

async fn until(world: &World, shown: &Shown, status: u16) {
    let started = Instant::now();
    loop {
        let response = world.ask(shown.on(Dialect::Conversations.ask())).await;
        if response.status == status {
            return;
        }
        assert!(started.elapsed().as_secs() < 15, "never {status}: {}", response.text());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// How many whole periods of this length lie in the time since `started`.
pub fn periods(started: Instant, seconds: u64) -> usize {
    usize::try_from(started.elapsed().as_secs() / seconds).unwrap()
}
