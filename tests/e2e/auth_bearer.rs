//! `AUTH_MODE=bearer`: named tokens for servers and scripts.

use crate::auth::{
    Shown, all_denied, comes_in, denied_for, goes_out, kept_secret, key_with_bearer_tokens, let_in, periods,
    request_line,
};
use crate::support::event::{BOTH, Dialect, Event};
use crate::support::secrets::Answer;
use crate::support::tokens::good;
use crate::support::world::Setup;
use serde_json::{Value, json};
use std::time::Instant;

const CI: &str = "d2f8f7a1c4b94c2f9d0c0f8f5a9b4e11";
const REPORTING: &str = "0c7d1b8f2a6e4b19a3f5e6d7c8b9a012";

fn bearer(tokens: Value) -> Setup {
    Setup::new().with("AUTH_MODE", "bearer").secret(key_with_bearer_tokens(tokens))
}

#[tokio::test]
async fn each_token_is_let_in_under_its_name() {
    let world = bearer(json!({"ci": CI, "reporting": REPORTING})).start().await;
    for (name, token) in [("ci", CI), ("reporting", REPORTING)] {
        for scheme in ["Bearer", "bearer", "BEARER"] {
            let response = let_in(&world, &Shown::authorization(&format!("{scheme} {token}"))).await;
            let line = request_line(&world, &response).await;
            assert_eq!((&line["tenant"], &line["user_hash"]), (&json!(name), &Value::Null));
        }
    }
    let models = Shown::bearer(CI).on(Event::new("GET", "/v1/models"));
    assert_eq!(world.ask(models).await.status, 200);
    assert_eq!(world.secrets.reads(), 1, "one secret holds key and tokens");
    kept_secret(&world, &[CI, REPORTING]);
}

#[tokio::test]
async fn every_other_token_is_refused_and_causes_no_read() {
    let world = bearer(json!({"ci": CI, "nobody": "", "odd": 7})).start().await;
    let near = [
        CI[1..].to_owned(),
        CI[..31].to_owned(),
        format!("{CI}0"),
        format!("{CI},{CI}"),
        CI.to_uppercase(),
        "ci".to_owned(),
        "7".to_owned(),
        "null".to_owned(),
        String::new(),
        "sk-test-first".to_owned(),
        good(),
        "x".repeat(8_193),
    ];
    let mut shown: Vec<Shown> = near.iter().map(|token| Shown::bearer(token)).collect();
    shown.extend([
        Shown::jwt(CI),
        Shown::query(&format!("token={CI}&access_token={CI}")),
        Shown::authorization(CI),
        Shown::authorization(&format!("JWT {CI}")),
        Shown::authorization(&format!("Basic {CI}")),
        Shown::authorization(&format!("Bearer{CI}")),
        Shown::bearer(CI).and(&format!("Bearer {CI}")),
    ]);
    all_denied(&world, &shown).await;
    denied_for(&world, &Shown::bearer("x"), "bearer_unknown").await;
    denied_for(&world, &Shown::jwt(&good()), "no_credentials").await;
    let_in(&world, &Shown::bearer(CI)).await;
    assert_eq!(world.secrets.reads(), 1);
    kept_secret(&world, &[CI]);
}

#[tokio::test]
async fn a_secret_without_tokens_authenticates_nobody() {
    let secrets = [
        Answer::Value("sk-test-first".to_owned()),
        key_with_bearer_tokens(Value::Null),
        key_with_bearer_tokens(json!({})),
        key_with_bearer_tokens(json!([CI])),
        key_with_bearer_tokens(json!(CI)),
        key_with_bearer_tokens(json!({"ci": [CI]})),
    ];
    for secret in secrets {
        let world = Setup::new().with("AUTH_MODE", "bearer").secret(secret).start().await;
        all_denied(&world, &[Shown::bearer(CI), Shown::bearer("null"), Shown::bearer("")]).await;
    }
}

/// The way that the documentation names: add, move, remove.
#[tokio::test]
async fn a_rotation_costs_no_request() {
    let world = bearer(json!({"old": CI})).with("SECRET_TTL_SECONDS", "1").start().await;
    let [old, new] = [Shown::bearer(CI), Shown::bearer(REPORTING)];
    let_in(&world, &old).await;
    world.secrets.set(key_with_bearer_tokens(json!({"old": CI, "new": REPORTING})));
    comes_in(&world, &new).await;
    let_in(&world, &old).await;
    world.secrets.set(key_with_bearer_tokens(json!({"new": REPORTING})));
    goes_out(&world, &old).await;
    let response = let_in(&world, &new).await;
    assert_eq!(request_line(&world, &response).await["tenant"], "new");
}

#[tokio::test]
async fn a_young_copy_is_not_read_again() {
    let world = bearer(json!({"old": CI})).start().await;
    let started = Instant::now();
    world.secrets.set(key_with_bearer_tokens(json!({"new": REPORTING})));
    let_in(&world, &Shown::bearer(CI)).await;
    denied_for(&world, &Shown::bearer(REPORTING), "bearer_unknown").await;
    let reads = world.secrets.reads();
    assert!(reads <= 1 + periods(started, 300), "{reads} reads");
}

#[tokio::test]
async fn without_the_secret_it_is_503_and_recovers_without_a_restart() {
    let setup = Setup::new().with("AUTH_MODE", "bearer").secret(Answer::Error("AccessDeniedException"));
    let world = setup.start().await;
    for dialect in BOTH {
        let response = world.ask(Shown::bearer(CI).on(dialect.ask())).await;
        response.refused(dialect, 503, "secret_unavailable");
        // Not a credential at all: no secret is needed to say so.
        world.ask(dialect.ask()).await.refused(dialect, 401, "unauthorized");
        world.ask(dialect.ask().jwt("x")).await.refused(dialect, 401, "unauthorized");
    }
    world.secrets.set(key_with_bearer_tokens(json!({"ci": CI})));
    comes_in(&world, &Shown::bearer(CI)).await;
    world.ask(Shown::bearer("x").on(Dialect::V1.ask())).await.refused(Dialect::V1, 401, "unauthorized");
}
