//! `AUTH_MODE=connect`: JWTs of an Atlassian Connect app.

use crate::auth::{Shown, connect, denied_for, let_in, request_line};
use crate::support::event::{BOTH, Dialect, Event};
use crate::support::payload::HEALTHY;
use crate::support::tokens::{
    CONNECT, SHARED_SECRET, TENANT, USER, connect_claims, from_now, good, hs256, user_hash, vector, with,
};
use serde_json::{Value, json};

#[tokio::test]
async fn the_unchanged_frontends_request_streams_an_answer() {
    let world = connect().start().await;
    let response = world.ask(Dialect::Conversations.ask().jwt(&good())).await;
    response.completed();
    assert_eq!(response.shown(), HEALTHY);
    let seen = world.gateway.request(0).await;
    assert_eq!(seen.model(), "gpt-3.5-turbo");
    assert_eq!(seen.body["messages"][1], json!({"role": "user", "content": "PRIVATE question?"}));
}

#[tokio::test]
async fn a_token_of_atlassians_own_library_is_let_in_wherever_it_stands() {
    let world = connect().start().await;
    let token = vector(&CONNECT, "lasts until 2100");
    let places = [
        Shown::jwt(token),
        Shown::query(&format!("a=b&jwt={token}&jwtx=1&c")),
        Shown::query(&format!("jwt={}", token.replace('.', "%2E"))),
        Shown::authorization(&format!("JWT {token}")),
        Shown::authorization(&format!("jwt {token}")),
        Shown::jwt(token).and("JWT nonsense"),
        Shown::jwt(token).and("Bearer nonsense"),
    ];
    for shown in &places {
        let response = let_in(&world, shown).await;
        let line = request_line(&world, &response).await;
        assert_eq!((&line["tenant"], &line["user_hash"]), (&json!(TENANT), &json!(user_hash(USER))));
    }
    for dialect in BOTH {
        world.ask(dialect.ask().jwt(token)).await.completed();
    }
    assert_eq!(world.secrets.tenants_reads(), 1, "read once, at the start");
}

#[tokio::test]
async fn unset_means_locked() {
    for setup in [connect().without("AUTH_MODE"), connect().with("AUTH_MODE", "")] {
        let world = setup.start().await;
        for dialect in BOTH {
            world.ask(dialect.ask()).await.refused(dialect, 401, "unauthorized");
        }
        assert_eq!(world.gateway.count(), 0);
        let_in(&world, &Shown::jwt(&good())).await;
    }
}

#[tokio::test]
async fn the_list_of_models_needs_credentials_and_health_does_not() {
    let world = connect().start().await;
    let models = || Event::new("GET", "/v1/models");
    world.ask(models()).await.refused(Dialect::V1, 401, "unauthorized");
    world.ask(models().jwt("x")).await.refused(Dialect::V1, 401, "unauthorized");
    let response = world.ask(models().jwt(&good())).await;
    assert_eq!((response.status, &response.json()["object"]), (200, &json!("list")));
    for event in [Event::new("GET", "/health"), Event::new("GET", "/health").jwt("x")] {
        assert_eq!(world.ask(event).await.status, 200);
    }
    assert_eq!(world.gateway.count(), 0);
}

/// `checkValidToken` took these, too.
#[tokio::test]
async fn every_form_of_a_good_token_is_let_in() {
    let world = connect().start().await;
    let mut no_hash = connect_claims();
    no_hash.as_object_mut().unwrap().remove("qsh");
    let mut older = with(connect_claims(), "context", json!({"user": {"accountId": USER}}));
    older.as_object_mut().unwrap().remove("sub");
    let good = [
        no_hash,
        older,
        with(connect_claims(), "exp", json!(from_now(900) as f64 + 0.5)),
        with(connect_claims(), "nbf", json!(from_now(-60))),
        with(connect_claims(), "unknown", json!({"a": [1, {"b": null}]})),
        with(connect_claims(), "iat", json!(from_now(600))),
    ];
    for claims in &good {
        let_in(&world, &Shown::jwt(&hs256(claims, SHARED_SECRET))).await;
    }
}

#[tokio::test]
async fn only_the_log_has_the_reason_of_a_refusal() {
    let world = connect().start().await;
    let changed = |name: &str, value: Value| hs256(&with(connect_claims(), name, value), SHARED_SECRET);
    let without = |name: &str| {
        let mut claims = connect_claims();
        claims.as_object_mut().unwrap().remove(name);
        hs256(&claims, SHARED_SECRET)
    };
    let refused = [
        (changed("exp", json!(from_now(0))), "expired"),
        (changed("exp", json!(from_now(-1))), "expired"),
        (changed("exp", json!(from_now(900).to_string())), "expiry_not_a_number"),
        (without("exp"), "expiry_missing"),
        (changed("nbf", json!(from_now(600))), "not_yet_valid"),
        (changed("nbf", json!("0")), "not_before_not_a_number"),
        (without("iss"), "issuer_missing"),
        (changed("iss", json!("tenant/slash")), "issuer_malformed"),
        (changed("iss", json!("a".repeat(129))), "issuer_malformed"),
        (changed("iss", json!("tenant-nobody")), "tenant_unknown"),
        (without("sub"), "user_missing"),
        (changed("aud", json!(TENANT)), "audience_present"),
        (changed("qsh", json!("0".repeat(64))), "query_hash"),
        (hs256(&connect_claims(), "another-secret"), "signature"),
        (hs256(&with(connect_claims(), "iss", json!("tenant-empty")), ""), "tenant_unknown"),
        (good().replace('.', "!"), "malformed_token"),
        (format!("{}.{}", good(), "x".repeat(8192)), "token_too_large"),
        (String::new(), "malformed_token"),
    ];
    for (token, reason) in &refused {
        denied_for(&world, &Shown::jwt(token), reason).await;
    }
    let token = good();
    let refused = [
        (Shown::default(), "no_credentials"),
        (Shown::query("JWT=x&jwtx=y"), "no_credentials"),
        (Shown::query(&format!("jwt={token}&jwt={token}")), "two_jwt_parameters"),
        (Shown::query(&format!("jwt={token}&%6Awt=")), "two_jwt_parameters"),
        (Shown::bearer(&token), "mode_off"),
        (Shown::authorization("Basic dXNlcjpwYXNz"), "mode_off"),
        (Shown::authorization(&token), "malformed_authorization_header"),
        (Shown::jwt("x").and(&format!("JWT {token}")), "malformed_token"),
    ];
    for (shown, reason) in &refused {
        denied_for(&world, shown, reason).await;
    }
    assert_eq!(world.gateway.count(), 0);
    let_in(&world, &Shown::jwt(&token)).await;
}
