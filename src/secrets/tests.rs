#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{secrets_manager::tests::reader, *};
use crate::http_client::stub_server::StubServer;
use serde_json::{Value, json};
use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};
use tracing_subscriber::fmt::MakeWriter;

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Reads a secret with this text. Returns whether it was usable, and what was logged.
async fn read(text: &str) -> (bool, String) {
    let server = StubServer::start(200, &json!({ "SecretString": text }).to_string()).await;
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let secret = reader(&server).cached("openai", "an-id", OpenAiSecret::parse);
    let outcome = secret.current().await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    (outcome.is_some(), log)
}

#[tokio::test]
async fn logs_why_a_secret_is_unusable_and_quotes_nothing() {
    for (text, reason) in [
        (
            r#"{"OPENAI_API_KEY":"sk-1","CF_AIG_TOKEN":"cf-2","BEARER_TOKENS":{"ci":"tok-3"},}"#,
            "is not a valid JSON object",
        ),
        ("{OPENAI_API_KEY:sk-1}", "is not a valid JSON object"),
        (r#"{"OPENAI_API_KEY":"sk-1\n2"}"#, "OPENAI_API_KEY cannot stand in an HTTP header"),
        (r#"{"CF_AIG_TOKEN":"cf 2"}"#, "CF_AIG_TOKEN cannot stand in an HTTP header"),
        (r#"{"BEARER_TOKENS":{"ci":"tok-3"}}"#, "has no OPENAI_API_KEY and no CF_AIG_TOKEN"),
    ] {
        let (is_usable, log) = read(text).await;
        let line: Value = serde_json::from_str(log.trim()).unwrap();
        assert!(!is_usable);
        let fields = ["level", "event", "secret", "reason"].map(|name| line[name].as_str().unwrap());
        assert_eq!(fields, ["WARN", "secret_unreadable", "openai", reason], "{text}");
        assert!(!["sk-1", "cf-2", "cf 2", "tok-3"].iter().any(|value| log.contains(value)), "{log}");
    }
}

#[tokio::test]
async fn logs_nothing_of_a_usable_secret() {
    assert_eq!(read("\u{feff}sk-1\n").await, (true, String::new()));
}

#[tokio::test]
async fn a_key_from_the_environment_is_never_read() {
    let lookup = |name: &str| match name {
        "AUTH_MODE" => Some("none".to_owned()),
        "OPENAI_API_KEY" => Some("sk-env".to_owned()),
        _ => None,
    };
    let config = Config::from_lookup(lookup).unwrap();
    let http = crate::http_client::build(Duration::from_secs(1)).unwrap();
    let secret = Secrets::new(&config, http).openai.current().await.unwrap();
    assert_eq!(secret.api_key.as_ref().map(|key| key.expose()), Some("sk-env"));
}
