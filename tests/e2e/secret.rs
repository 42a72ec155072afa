//! Where the key comes from, and what happens when it is unavailable.

use crate::support::event::{BOTH, Dialect};
use crate::support::patience::{between, took};
use crate::support::secrets::Answer;
use crate::support::world::{Setup, World};
use serde_json::json;
use std::time::Instant;

async fn authorization(world: &World) -> String {
    let before = world.gateway.count();
    world.is_healthy().await;
    world.gateway.request(before).await.header("authorization").unwrap().to_owned()
}

#[tokio::test]
async fn a_plain_secret_is_the_key_and_is_read_once() {
    let world = Setup::new().secret(Answer::Value("sk-test-plain".to_owned())).start().await;
    for _ in 0..3 {
        assert_eq!(authorization(&world).await, "Bearer sk-test-plain");
    }
    assert_eq!(world.secrets.reads(), 1);
}

#[tokio::test]
async fn the_key_is_read_before_the_first_request() {
    let world = Setup::new().start().await;
    world.secrets.read(1).await;
    assert_eq!(world.gateway.count(), 0);
}

#[tokio::test]
async fn a_json_secret_holds_the_key() {
    let secret = json!({"OPENAI_API_KEY": "sk-test-json", "SOMETHING": "else"}).to_string();
    let world = Setup::new().secret(Answer::Value(secret)).start().await;
    assert_eq!(authorization(&world).await, "Bearer sk-test-json");
}

#[tokio::test]
async fn white_space_around_a_key_does_not_count() {
    let world = Setup::new().secret(Answer::Value(" sk-test-space\n".to_owned())).start().await;
    assert_eq!(authorization(&world).await, "Bearer sk-test-space");
}

#[tokio::test]
async fn without_a_secret_the_key_is_in_the_environment() {
    let setup = Setup::new().without("OPENAI_API_KEY_SECRET_ARN").with("OPENAI_API_KEY", "sk-test-env");
    let world = setup.start().await;
    assert_eq!(authorization(&world).await, "Bearer sk-test-env");
    assert_eq!(world.secrets.reads(), 0);
}

#[tokio::test]
async fn the_secret_wins_over_the_environment() {
    let world = Setup::new().with("OPENAI_API_KEY", "sk-test-env").start().await;
    assert_eq!(authorization(&world).await, "Bearer sk-test-first");
}

#[tokio::test]
async fn no_key_is_503_and_recovers_without_a_restart() {
    for kind in ["AccessDeniedException", "ThrottlingException", "ResourceNotFoundException"] {
        let world = Setup::new().secret(Answer::Error(kind)).start().await;
        for dialect in BOTH {
            let sentence = world.ask(dialect.ask()).await.refused(dialect, 503, "secret_unavailable");
            assert!(!sentence.contains("arn:") && !sentence.contains("gptdock/openai"), "{sentence}");
        }
        assert_eq!(world.gateway.count(), 0);
        world.secrets.set_key("sk-test-late");
        recovers(&world).await;
        assert_eq!(authorization(&world).await, "Bearer sk-test-late");
    }
}

#[tokio::test]
async fn a_secret_that_holds_no_key_is_503() {
    for secret in [
        "",
        " ",
        "{}",
        r#"{"OPENAI_API_KEY": ""}"#,
        r#"{"OPENAI_API_KEY": 7}"#,
        r#"{"OTHER": "sk-test-x"}"#,
        "sk-test\nbroken",
    ] {
        let world = Setup::new().secret(Answer::Value(secret.to_owned())).start().await;
        let response = world.ask(Dialect::Conversations.ask()).await;
        assert_eq!(response.status, 503, "{secret:?}: {}", response.text());
        response.refused(Dialect::Conversations, 503, "secret_unavailable");
        assert_eq!(world.gateway.count(), 0);
    }
}

#[tokio::test]
async fn a_dead_secrets_manager_is_not_hammered() {
    let world = Setup::new().secret(Answer::Error("AccessDeniedException")).start().await;
    let started = Instant::now();
    let before = world.secrets.reads();
    for _ in 0..20 {
        world.ask(Dialect::V1.ask()).await.refused(Dialect::V1, 503, "secret_unavailable");
    }
    let seconds = usize::try_from(started.elapsed().as_secs()).unwrap();
    let reads = world.secrets.reads() - before;
    assert!(reads <= 2 + 2 * seconds, "{reads} reads in {seconds} s");
}

#[tokio::test]
async fn a_secrets_manager_that_does_not_answer_is_given_up() {
    let world = Setup::new().secret(Answer::Hang).launch().await;
    let started = Instant::now();
    let response = world.ask(Dialect::Conversations.ask()).await;
    response.refused(Dialect::Conversations, 503, "secret_unavailable");
    took("the refusal", between(started, response.ended), 0..=8_000);
    assert!(world.secrets.reads() <= 4, "{} reads", world.secrets.reads());
    world.secrets.set_key("sk-test-late");
    recovers(&world).await;
}

/// Asks again until the key is there, which must be soon.
async fn recovers(world: &World) {
    let started = Instant::now();
    while world.ask(Dialect::Conversations.ask()).await.status != 200 {
        assert!(started.elapsed().as_secs() < 5, "no recovery");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
