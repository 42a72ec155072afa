//! `AUTH_MODE=jwks`: JWTs of an issuer that publishes a key set, such as Atlassian Forge.

use crate::auth::{Shown, all_denied, comes_in, denied_for, kept_secret, let_in, periods, request_line};
use crate::support::call::Call;
use crate::support::event::{BOTH, Dialect};
use crate::support::key_host::{Answer, KeyHost};
use crate::support::patience::{between, took};
use crate::support::tokens::{
    AUDIENCE, CLOUD, ISSUER, Issuer, JWKS, USER, always_denied, connect_claims, forge_claims, from_now,
    hs256, key_set, user_hash, vector, with,
};
use crate::support::world::Setup;
use serde_json::{Value, json};
use std::time::Instant;

fn jwks(host: &KeyHost) -> Setup {
    let setup = Setup::new().with("AUTH_MODE", "jwks").with("JWKS_URL", &host.url());
    setup.with("JWT_ISSUER", ISSUER).with("JWT_AUDIENCE", AUDIENCE)
}

fn signed(issuer: &Issuer) -> Shown {
    Shown::bearer(&issuer.sign(&forge_claims()))
}

#[tokio::test]
async fn tokens_of_rsa_and_of_elliptic_curve_keys_are_let_in() {
    let host = KeyHost::of(&JWKS["document"].to_string()).await;
    let world = jwks(&host).start().await;
    let token = vector(&JWKS, "lasts until 2100");
    let response = let_in(&world, &Shown::bearer(token)).await;
    assert_eq!(request_line(&world, &response).await["user_hash"], user_hash_of(token));
    let issuer = Issuer::new("own");
    host.publish(&key_set(&[&issuer]));
    let response = let_in(&world, &signed(&issuer)).await;
    let line = request_line(&world, &response).await;
    assert_eq!((&line["tenant"], &line["user_hash"]), (&json!(CLOUD), &json!(user_hash(USER))));
    let heads = host.seen();
    assert!(
        heads.iter().all(|head| head.method == "GET" && head.get("authorization").is_none()),
        "{heads:?}"
    );
    kept_secret(&world, &[token, token.rsplit('.').next().unwrap(), USER]);
}

fn user_hash_of(token: &str) -> String {
    let vectors = JWKS["vectors"].as_array().unwrap();
    let vector = vectors.iter().find(|vector| vector["token"] == token).unwrap();
    user_hash(vector["user"].as_str().unwrap())
}

#[tokio::test]
async fn every_vector_that_is_refused_gets_the_same_bytes() {
    let host = KeyHost::of(&JWKS["document"].to_string()).await;
    let world = jwks(&host).start().await;
    let started = Instant::now();
    let mut shown: Vec<Shown> = always_denied(&JWKS).map(Shown::of).collect();
    assert!(shown.len() > 30, "{} vectors", shown.len());
    let token = vector(&JWKS, "lasts until 2100");
    shown.extend([
        Shown::jwt(token),
        Shown::authorization(&format!("JWT {token}")),
        Shown::bearer(token).and(&format!("Bearer {token}")),
        Shown::bearer(&hs256(&forge_claims(), "a-shared-secret")),
    ]);
    all_denied(&world, &shown).await;
    let_in(&world, &Shown::bearer(token)).await;
    assert!(host.fetches() <= 2 + periods(started, 60), "{} fetches", host.fetches());
}

#[tokio::test]
async fn only_the_log_has_the_reason_of_a_refusal() {
    let [issuer, stranger] = [Issuer::new("own"), Issuer::new("own")];
    let host = KeyHost::of(&key_set(&[&issuer])).await;
    let world = jwks(&host).start().await;
    let changed = |name: &str, value: Value| issuer.sign(&with(forge_claims(), name, value));
    let refused = [
        (changed("exp", json!(from_now(-6))), "expired"),
        (changed("exp", Value::Null), "expiry_not_a_number"),
        (changed("nbf", json!(from_now(600))), "not_yet_valid"),
        (changed("iss", json!("forge/invocation-tokens")), "issuer_mismatch"),
        (changed("aud", json!(["another"])), "audience_mismatch"),
        (changed("principal", json!("")), "user_missing"),
        (stranger.sign(&forge_claims()), "signature"),
        (issuer.sign_under(&json!({"alg": "ES256"}), &forge_claims()), "key_id_missing"),
        (issuer.sign_under(&json!({"alg": "none", "kid": "own"}), &forge_claims()), "algorithm"),
        (hs256(&connect_claims(), "shared-secret-of-tenant-one"), "algorithm"),
        ("not-a-jwt".to_owned(), "mode_off"),
    ];
    for (token, reason) in &refused {
        denied_for(&world, &Shown::bearer(token), reason).await;
    }
    assert!(host.fetches() <= 1, "{} fetches", host.fetches());
    // Within the five seconds that clocks may differ.
    let_in(&world, &Shown::bearer(&changed("nbf", json!(from_now(3))))).await;
}

#[tokio::test]
async fn nothing_is_fetched_that_a_token_names() {
    let [issuer, stranger] = [Issuer::new("own"), Issuer::new("theirs")];
    let host = KeyHost::of(&key_set(&[&issuer])).await;
    let theirs = KeyHost::of(&key_set(&[&stranger])).await;
    let world = jwks(&host).start().await;
    let header = |kid: &str| {
        let url = theirs.url();
        json!({"alg": "ES256", "kid": kid, "jku": url, "x5u": url, "jwk": stranger.jwk()})
    };
    let_in(&world, &Shown::bearer(&issuer.sign_under(&header("own"), &forge_claims()))).await;
    for kid in ["own", "theirs", &theirs.url()] {
        let token = stranger.sign_under(&header(kid), &forge_claims());
        world.ask(Shown::bearer(&token).on(Dialect::V1.ask())).await.refused(
            Dialect::V1,
            401,
            "unauthorized",
        );
    }
    host.set(Answer::Redirect(theirs.url()));
    let world = jwks(&host).start().await;
    let response = world.ask(signed(&stranger).on(Dialect::V1.ask())).await;
    response.refused(Dialect::V1, 503, "secret_unavailable");
    assert_eq!(theirs.fetches(), 0);
}

#[tokio::test]
async fn a_rotation_is_seen_with_the_first_token_that_needs_it() {
    let [old, new] = [Issuer::new("old"), Issuer::new("new")];
    let host = KeyHost::of(&key_set(&[&old])).await;
    let world = jwks(&host).start().await;
    let_in(&world, &signed(&old)).await;
    host.publish(&key_set(&[&new]));
    let_in(&world, &signed(&old)).await;
    assert_eq!(host.fetches(), 1, "an hour's worth");
    let_in(&world, &signed(&new)).await;
    denied_for(&world, &signed(&old), "key_unknown").await;
    let_in(&world, &signed(&new)).await;
    assert_eq!(host.fetches(), 2);
}

#[tokio::test]
async fn many_unknown_keys_cause_one_fetch_a_minute() {
    let [own, unknown] = [Issuer::new("own"), Issuer::new("unknown")];
    let host = KeyHost::of(&key_set(&[&own])).await;
    let world = jwks(&host).with("AWS_LAMBDA_MAX_CONCURRENCY", "64").start().await;
    world.api.polled(64).await;
    let started = Instant::now();
    let_in(&world, &signed(&own)).await;
    for _ in 0..3 {
        let shown = signed(&unknown);
        let calls: Vec<(Dialect, Call)> =
            (0..64).map(|number| (BOTH[number % 2], world.call(shown.on(BOTH[number % 2].ask())))).collect();
        for (dialect, call) in calls {
            call.finish().await.refused(dialect, 401, "unauthorized");
        }
        let_in(&world, &signed(&own)).await;
    }
    assert!((2..=2 + periods(started, 60)).contains(&host.fetches()), "{} fetches", host.fetches());
}

#[tokio::test]
async fn a_host_that_was_never_there_is_503_until_it_is() {
    let issuer = Issuer::new("own");
    let large = format!("{{\"keys\":[],\"more\":\"{}\"}}", "x".repeat(2 << 20));
    let nothing = [
        Answer::Plain(503, "down".to_owned()),
        Answer::Plain(404, key_set(&[&issuer])),
        Answer::Plain(200, "<html>a proxy's page</html>".to_owned()),
        Answer::Plain(200, large),
    ];
    for answer in nothing {
        let host = KeyHost::start(answer).await;
        let world = jwks(&host).start().await;
        let started = Instant::now();
        for number in 0..20 {
            let dialect = BOTH[number % 2];
            let response = world.ask(signed(&issuer).on(dialect.ask())).await;
            response.refused(dialect, 503, "secret_unavailable");
            world.ask(Shown::bearer("x").on(dialect.ask())).await.refused(dialect, 401, "unauthorized");
        }
        let fetches = host.fetches();
        assert!(fetches <= 1 + periods(started, 1), "{fetches} fetches in {:?}", started.elapsed());
        host.publish(&key_set(&[&issuer]));
        comes_in(&world, &signed(&issuer)).await;
        assert_eq!(world.gateway.count(), 1);
    }
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_given_up() {
    let issuer = Issuer::new("own");
    let host = KeyHost::start(Answer::Hang).await;
    let world = jwks(&host).start().await;
    let response = world.ask(signed(&issuer).on(Dialect::V1.ask())).await;
    response.refused(Dialect::V1, 503, "secret_unavailable");
    took("the refusal", between(response.started, response.ended), 0..=10_000);
    host.publish(&key_set(&[&issuer]));
    comes_in(&world, &signed(&issuer)).await;
}

#[tokio::test]
async fn known_keys_serve_while_the_host_is_down() {
    let [issuer, unknown] = [Issuer::new("own"), Issuer::new("unknown")];
    let host = KeyHost::of(&key_set(&[&issuer])).await;
    let world = jwks(&host).start().await;
    let_in(&world, &signed(&issuer)).await;
    host.set(Answer::Plain(503, "down".to_owned()));
    denied_for(&world, &signed(&unknown), "key_unknown").await;
    assert_eq!(host.fetches(), 2);
    let_in(&world, &signed(&issuer)).await;
}
