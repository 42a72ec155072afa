//! A malformed secret is not used as a key. The function sends it nowhere and logs what is wrong without
//! quoting it.

use crate::auth::connect;
use crate::support::event::{BOTH, Dialect};
use crate::support::secrets::Answer;
use crate::support::tokens::good;
use crate::support::world::{Setup, World};
use serde_json::Value;

/// A part of every value that must stay secret.
const MARK: &str = "LEAKED";

/// The reason of the warning. Nothing that was printed may hold a secret value.
async fn reason(world: &World) -> String {
    let unreadable = |line: &Value| line["event"] == "secret_unreadable";
    let line = world.function.line("the warning", unreadable).await;
    assert_eq!(line["level"], "WARN", "{line}");
    quotes_nothing(world);
    line["reason"].as_str().unwrap_or_else(|| panic!("no reason: {line}")).to_owned()
}

fn quotes_nothing(world: &World) {
    for line in world.function.lines() {
        assert!(!line.contains(MARK), "{line}");
    }
}

/// Fails unless this secret is no key at all. Answers the reason in the log.
async fn is_no_key(answer: Answer, name: &str) -> String {
    let world = Setup::new().fallback().secret(answer).start().await;
    for dialect in BOTH {
        let response = world.ask(dialect.ask()).await;
        assert_eq!(response.status, 503, "{name}: {}", response.text());
        response.refused(dialect, 503, "secret_unavailable");
        assert!(!response.text().contains(MARK), "{}", response.text());
    }
    assert_eq!((world.gateway.count(), world.fallback.count()), (0, 0), "{name}: it was sent");
    reason(&world).await
}

#[tokio::test]
async fn rejects_almost_json_as_a_key() {
    for secret in [
        r#"{"OPENAI_API_KEY":"sk-test-LEAKED","CF_AIG_TOKEN":"cf-LEAKED","BEARER_TOKENS":{"ci":"tok-LEAKED"},}"#,
        "{OPENAI_API_KEY:sk-test-LEAKED}",
        "{sk-test-LEAKED}",
        r#"{"OPENAI_API_KEY":"sk-test-LEAKED""#,
        r#"{'OPENAI_API_KEY':'sk-test-LEAKED'}"#,
        r#"{"OPENAI_API_KEY":"sk-test-LEAKED"} x"#,
        " \n\u{feff}{OPENAI_API_KEY:sk-test-LEAKED}",
        "[sk-test-LEAKED]",
        r#"["sk-test-LEAKED""#,
        r#""sk-test-LEAKED"#,
    ] {
        let reason = is_no_key(Answer::Value(secret.to_owned()), secret).await;
        assert!(reason.contains("JSON"), "{secret}: {reason}");
    }
}

#[tokio::test]
async fn rejects_json_of_another_shape() {
    for secret in [
        r#"["sk-test-LEAKED"]"#,
        r#""sk-test-LEAKED""#,
        r#"{"openai_api_key":"sk-test-LEAKED"}"#,
        r#"{"OPENAI_API_KEY":["sk-test-LEAKED"]}"#,
        r#"{"OPENAI_API_KEY":{"value":"sk-test-LEAKED"}}"#,
        r#"{"OPENAI_API_KEY":"sk-test-LEAKED","CF_AIG_TOKEN":["cf-LEAKED"]}"#,
        r#"{"OPENAI_API_KEY":null,"BEARER_TOKENS":{"ci":"tok-LEAKED"}}"#,
    ] {
        let reason = is_no_key(Answer::Value(secret.to_owned()), secret).await;
        assert!(!reason.is_empty(), "{secret}");
    }
}

#[tokio::test]
async fn rejects_keys_that_no_header_can_hold() {
    let bad = ["sk-test-LEAKED\nx", "sk-test-LEAKED é", "sk-test LEAKED", "sk-test-LEAKED\u{7f}"];
    for value in bad {
        is_no_key(Answer::Value(value.to_owned()), value).await;
        let key = serde_json::json!({"OPENAI_API_KEY": value}).to_string();
        let reason = is_no_key(Answer::Value(key), value).await;
        assert!(reason.contains("OPENAI_API_KEY"), "{value:?}: {reason}");
        let token = serde_json::json!({"OPENAI_API_KEY": "sk-test-fine", "CF_AIG_TOKEN": value}).to_string();
        let reason = is_no_key(Answer::Value(token), value).await;
        assert!(reason.contains("CF_AIG_TOKEN"), "{value:?}: {reason}");
    }
}

#[tokio::test]
async fn what_stands_around_a_key_does_not_count() {
    for secret in [
        "\u{feff}sk-test-fine\r\n",
        "\r\n sk-test-fine \u{feff}",
        "\u{feff} {\"OPENAI_API_KEY\":\" sk-test-fine\\r\\n\"}\r\n",
    ] {
        let world = Setup::new().secret(Answer::Value(secret.to_owned())).start().await;
        world.is_healthy().await;
        let seen = world.gateway.request(0).await;
        assert_eq!(seen.header("authorization"), Some("Bearer sk-test-fine"), "{secret:?}");
    }
}

/// Answers of Secrets Manager that no SDK can read, or that say no.
fn malformed() -> Vec<Answer> {
    let raw = |status, body: &str| Answer::Raw(status, body.to_owned());
    vec![
        raw(200, r#"{"SecretString":"sk-test-LEAKED","CreatedDate":"yesterday"}"#),
        raw(200, r#"{"SecretString":["sk-test-LEAKED"]}"#),
        raw(200, r#"{"SecretString":"sk-test-LEAKED""#),
        raw(200, "sk-test-LEAKED"),
        raw(200, r#"{"SecretBinary":"sk-test-LEAKED!"}"#),
        raw(400, r#"{"__type":"InvalidRequestException","message":"sk-test-LEAKED"}"#),
        raw(400, "sk-test-LEAKED"),
        raw(403, "<html>sk-test-LEAKED</html>"),
        Answer::Cut(r#"{"SecretString":"sk-test-LEAKED"#.to_owned()),
    ]
}

#[tokio::test]
async fn a_malformed_answer_of_secrets_manager_is_not_quoted() {
    for answer in malformed() {
        is_no_key(answer, "a malformed answer").await;
    }
}

#[tokio::test]
async fn a_bad_refresh_leaves_the_old_key_in_use() {
    let world = Setup::new().with("SECRET_TTL_SECONDS", "0").start().await;
    world.is_healthy().await;
    let almost_json = Answer::Value("{OPENAI_API_KEY:sk-test-LEAKED}".to_owned());
    world.secrets.set(almost_json);
    world.is_healthy().await;
    world.secrets.read(2).await;
    reason(&world).await;
    world.is_healthy().await;
    for seen in world.gateway.seen() {
        assert_eq!(seen.header("authorization"), Some("Bearer sk-test-first"));
    }
}

#[tokio::test]
async fn a_tenants_secret_is_held_to_the_same_rules() {
    let almost = [
        r#"{"tenant-one":{"sharedSecret":"LEAKED-1"},}"#,
        "{tenant-one:{sharedSecret:LEAKED-1}}",
        r#"{"tenant-one":{"sharedSecret":"LEAKED-1""#,
        r#"["LEAKED-1"]"#,
        "LEAKED-1",
    ];
    let values = almost.iter().map(|value| Answer::Value((*value).to_owned()));
    for answer in values.chain(malformed()) {
        let world = connect().tenants(answer).start().await;
        let response = world.ask(Dialect::V1.ask().jwt(&good())).await;
        response.refused(Dialect::V1, 503, "secret_unavailable");
        assert!(!reason(&world).await.is_empty());
        assert_eq!(world.gateway.count(), 0);
    }
}
