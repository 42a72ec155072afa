//! No tokens, secrets or user ids reach the gateway or the log.

use crate::auth::{Shown, all_denied, connect, kept_secret, let_in, request_line, tenants};
use crate::support::answer::as_json;
use crate::support::event::{BOTH, Dialect};
use crate::support::payload::openai_error;
use crate::support::secrets::Answer;
use crate::support::tokens::{
    CONNECT, SHARED_SECRET, TENANT, USER, always_denied, connect_claims, from_now, good, hs256, user_hash,
    with,
};
use serde_json::{Value, json};

/// The parts of a token that could give it away.
fn pieces(token: &str) -> Vec<&str> {
    std::iter::once(token).chain(token.split('.').skip(1).filter(|part| part.len() > 8)).collect()
}

#[tokio::test]
async fn the_gateway_gets_tenant_and_user_hash_but_no_token() {
    let secret = json!({"OPENAI_API_KEY": "sk-test-first", "CF_AIG_TOKEN": "sk-test-cf"}).to_string();
    let setup = connect().once().secret(Answer::Value(secret)).with("OPENAI_FALLBACK_MODELS", "gpt-6-luna");
    let world = setup.fallback().start().await;
    let token = good();
    let places = [Shown::jwt(&token), Shown::authorization(&format!("JWT {token}"))];
    for (dialect, shown) in BOTH.iter().zip(&places) {
        let before = world.gateway.count();
        let response = world.ask(shown.on(dialect.ask())).await;
        response.completed();
        let line = request_line(&world, &response).await;
        assert_eq!((&line["tenant"], &line["user_hash"]), (&json!(TENANT), &json!(user_hash(USER))));
        let seen = world.gateway.request(before).await;
        let metadata: Value = serde_json::from_str(seen.header("cf-aig-metadata").unwrap()).unwrap();
        let values: Vec<&str> = metadata.as_object().unwrap().values().filter_map(Value::as_str).collect();
        assert!(values.contains(&TENANT) && values.contains(&user_hash(USER).as_str()), "{metadata}");
        // A failure has more to tell, and another base to tell it to.
        world.gateway.next(as_json(500, &openai_error("server_error", "server_error")));
        let response = world.ask(shown.on(dialect.ask())).await;
        response.completed();
        request_line(&world, &response).await;
    }
    assert!(world.fallback.count() > 0);
    let words: Vec<&str> = pieces(&token).into_iter().chain([SHARED_SECRET, USER]).collect();
    kept_secret(&world, &words);
}

#[tokio::test]
async fn without_a_gateway_token_the_gateway_learns_nothing_of_the_caller() {
    let world = connect().start().await;
    let_in(&world, &Shown::jwt(&good())).await;
    let seen = world.gateway.request(0).await;
    let sent = format!("{:?} {}", seen.head, seen.body);
    assert!(!sent.contains(TENANT) && !sent.contains(&user_hash(USER)), "{sent}");
}

#[tokio::test]
async fn hides_refused_tokens() {
    let world = connect().start().await;
    let expired = hs256(&with(connect_claims(), "exp", json!(from_now(-10))), SHARED_SECRET);
    let stranger = hs256(&with(connect_claims(), "iss", json!("tenant-nobody")), "guessed-secret");
    let odd = ["PRIVATE", "PRIVATE.PRIVATE.PRIVATE", "%50RIVATE", "\",\"fake\":\"PRIVATE"];
    let mut shown: Vec<Shown> = always_denied(&CONNECT).map(Shown::of).collect();
    for text in [expired.as_str(), stranger.as_str()].iter().chain(&odd) {
        shown.extend([Shown::jwt(text), Shown::authorization(&format!("JWT {text}")), Shown::bearer(text)]);
        shown.push(Shown::authorization(text));
    }
    all_denied(&world, &shown).await;
    let last = let_in(&world, &Shown::jwt(&good())).await;
    request_line(&world, &last).await;
    let mut words: Vec<&str> = [expired.as_str(), &stranger].into_iter().flat_map(pieces).collect();
    words.extend([SHARED_SECRET, "guessed-secret", "tenant-nobody", USER]);
    words.extend(always_denied(&CONNECT).filter_map(|vector| {
        let token = vector["query"].as_str().unwrap().strip_prefix("jwt=")?;
        token.rsplit('.').next().filter(|signature| signature.len() > 8)
    }));
    kept_secret(&world, &words);
}

#[tokio::test]
async fn hides_secrets_while_they_change_and_fail() {
    let world = connect().with("SECRET_TTL_SECONDS", "0").start().await;
    let token = good();
    let nearly = CONNECT["tenants"].to_string().replace('}', "");
    for answer in [Answer::Value(nearly), Answer::Error("AccessDeniedException"), tenants()] {
        world.secrets.set_tenants(answer);
        let_in(&world, &Shown::jwt(&token)).await;
        let response = world.ask(Dialect::V1.ask().jwt(&hs256(&connect_claims(), "guessed-secret"))).await;
        response.refused(Dialect::V1, 401, "unauthorized");
        request_line(&world, &response).await;
    }
    kept_secret(&world, &["shared-secret-of", "guessed-secret", &token, USER]);
}
