//! Several modes at once, and modes without their settings.

use crate::auth::{Shown, all_denied, connect, denied_for, key_with_bearer_tokens, let_in, request_line};
use crate::support::event::{Dialect, Event};
use crate::support::key_host::{Answer as Keys, KeyHost};
use crate::support::secrets::{Answer, TENANTS_ARN};
use crate::support::tokens::{
    AUDIENCE, CLOUD, ISSUER, Issuer, SHARED_SECRET, TENANT, forge_claims, good, hs256, key_set,
};
use crate::support::world::{Setup, World};
use serde_json::json;

const TOKEN: &str = "d2f8f7a1c4b94c2f9d0c0f8f5a9b4e11";
const THREE_PARTS: &str = "three.parts.here";

fn with_all(setup: Setup, host: &KeyHost) -> Setup {
    setup
        .secret(key_with_bearer_tokens(json!({"ci": TOKEN, "dotted": THREE_PARTS})))
        .with("JWKS_URL", &host.url())
        .with("JWT_ISSUER", ISSUER)
        .with("JWT_AUDIENCE", AUDIENCE)
}

#[tokio::test]
async fn the_form_of_a_credential_decides_who_judges_it() {
    let issuer = Issuer::new("own");
    let host = KeyHost::of(&key_set(&[&issuer])).await;
    let world = with_all(connect(), &host).with("AUTH_MODE", "jwks, connect,bearer").start().await;
    let forge = issuer.sign(&forge_claims());
    let good = good();
    for (shown, tenant) in [
        (Shown::jwt(&good), TENANT),
        (Shown::authorization(&format!("JWT {good}")), TENANT),
        (Shown::bearer(TOKEN), "ci"),
        (Shown::bearer(&forge), CLOUD),
        (Shown::jwt(&good).and("Bearer nonsense"), TENANT),
    ] {
        let response = let_in(&world, &shown).await;
        assert_eq!(request_line(&world, &response).await["tenant"], tenant);
    }
    // What one mode refuses, no other one saves.
    for (shown, reason) in [
        (Shown::jwt("x").and(&format!("Bearer {TOKEN}")), "malformed_token"),
        (Shown::jwt("").and(&format!("Bearer {forge}")), "malformed_token"),
        (Shown::jwt(&forge), "algorithm"),
        (Shown::jwt(TOKEN), "malformed_token"),
        (Shown::authorization(&format!("JWT {forge}")), "algorithm"),
        (Shown::authorization(&format!("JWT {TOKEN}")), "malformed_token"),
        (Shown::bearer(&good), "algorithm"),
        (Shown::bearer(THREE_PARTS), "malformed_token"),
        (Shown::bearer(&hs256(&forge_claims(), SHARED_SECRET)), "algorithm"),
        (Shown::jwt(&hs256(&forge_claims(), SHARED_SECRET)), "issuer_malformed"),
    ] {
        denied_for(&world, &shown, reason).await;
    }
    all_denied(&world, &[Shown::bearer("x"), Shown::jwt("x"), Shown::authorization("Basic x")]).await;
}

#[tokio::test]
async fn a_mode_that_is_off_judges_nothing() {
    let issuer = Issuer::new("own");
    let host = KeyHost::of(&key_set(&[&issuer])).await;
    let forge = Shown::bearer(&issuer.sign(&forge_claims()));
    let (page, token) = (Shown::jwt(&good()), Shown::bearer(TOKEN));
    for (modes, let_through, refused) in [
        ("connect,bearer", [&page, &token], &forge),
        ("bearer,jwks", [&token, &forge], &page),
        ("jwks,connect", [&forge, &page], &token),
    ] {
        let world = with_all(connect(), &host).with("AUTH_MODE", modes).start().await;
        all_denied(&world, std::slice::from_ref(refused)).await;
        for shown in let_through {
            let_in(&world, shown).await;
        }
    }
}

#[tokio::test]
async fn a_source_that_fails_locks_out_its_own_mode_only() {
    let issuer = Issuer::new("own");
    let host = KeyHost::start(Keys::Plain(503, String::new())).await;
    let setup = with_all(connect(), &host).tenants(Answer::Error("AccessDeniedException"));
    let world = setup.with("AUTH_MODE", "connect,bearer,jwks").start().await;
    let_in(&world, &Shown::bearer(TOKEN)).await;
    for shown in [Shown::jwt(&good()), Shown::bearer(&issuer.sign(&forge_claims()))] {
        let response = world.ask(shown.on(Dialect::V1.ask())).await;
        response.refused(Dialect::V1, 503, "secret_unavailable");
    }
    let models = Shown::bearer(TOKEN).on(Event::new("GET", "/v1/models"));
    assert_eq!(world.ask(models).await.status, 200);
}

/// Starts what must not start, and returns the one message of its init error.
async fn refused(setup: Setup) -> String {
    let mut world: World = setup.launch().await;
    let error = world.api.init_error().await;
    assert!(!world.function.exit().await.success());
    assert_eq!((world.api.polls(), world.secrets.tenants_reads()), (0, 0), "it went on");
    error["errorMessage"].as_str().unwrap_or_else(|| panic!("{error}")).to_owned()
}

#[tokio::test]
async fn all_that_is_wrong_with_authentication_is_in_the_one_message() {
    let setup = Setup::new()
        .with("AUTH_MODE", "connect,bearer,jwks,wizard")
        .without("OPENAI_API_KEY_SECRET_ARN")
        .with("OPENAI_API_KEY", "sk-test-env")
        .with("JWKS_URL", "http://someone:hidden-word@keys.example.com/jwks.json")
        .with("MAX_TOKENS", "lots")
        .with("KEEPALIVE_MS", "0");
    let message = refused(setup).await;
    for name in [
        "AUTH_MODE",
        "CONNECT_TENANTS_SECRET_ARN",
        "OPENAI_API_KEY_SECRET_ARN",
        "JWKS_URL",
        "JWT_ISSUER",
        "JWT_AUDIENCE",
        "MAX_TOKENS",
        "KEEPALIVE_MS",
    ] {
        assert!(message.contains(name), "{name} is not named: {message}");
    }
    assert!(!message.contains("hidden-word") && !message.contains("wizard"), "{message}");
}

#[tokio::test]
async fn each_of_them_is_refused_by_itself() {
    let issuer = |setup: Setup| setup.with("JWT_ISSUER", ISSUER).with("JWT_AUDIENCE", AUDIENCE);
    let mode =
        |modes: &str| Setup::new().with("AUTH_MODE", modes).with("CONNECT_TENANTS_SECRET_ARN", TENANTS_ARN);
    let url = |url: &str| issuer(mode("jwks")).with("JWKS_URL", url);
    let good = "https://keys.example.com/";
    for (setup, name) in [
        (mode("none,connect"), "AUTH_MODE"),
        (mode("connect,none,jwks"), "AUTH_MODE"),
        (mode("Connect"), "AUTH_MODE"),
        (mode(","), "AUTH_MODE"),
        (mode("connect").with("CONNECT_TENANTS_SECRET_ARN", " "), "CONNECT_TENANTS_SECRET_ARN"),
        (mode("").without("CONNECT_TENANTS_SECRET_ARN"), "CONNECT_TENANTS_SECRET_ARN"),
        (url("http://keys.example.com/"), "JWKS_URL"),
        (url("http://127.0.0.1.example.com/"), "JWKS_URL"),
        (url("ftp://127.0.0.1/"), "JWKS_URL"),
        (url("keys"), "JWKS_URL"),
        (url(""), "JWKS_URL"),
        (url(good).with("JWT_ISSUER", ""), "JWT_ISSUER"),
        (url(good).without("JWT_AUDIENCE"), "JWT_AUDIENCE"),
    ] {
        let message = refused(setup).await;
        assert!(message.contains(name), "{name} is not named: {message}");
    }
}
