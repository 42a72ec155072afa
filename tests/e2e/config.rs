//! Configuration is read and checked once, at the start.

use crate::support::event::Dialect;
use crate::support::world::Setup;

/// Starts with these settings, which must end in one message to `/init/error` that names them all.
async fn refused(settings: &[(&str, &str)]) {
    let setup = settings.iter().fold(Setup::new(), |setup, (name, value)| setup.with(name, value));
    let mut world = setup.launch().await;
    let error = world.api.init_error().await;
    let message = error["errorMessage"].as_str().unwrap_or_else(|| panic!("{error}"));
    assert!(error["errorType"].is_string(), "{error}");
    for (name, value) in settings.iter().filter(|(_, value)| !value.is_empty()) {
        assert!(message.contains(name), "{name}={value} is not named: {message}");
    }
    let status = world.function.exit().await;
    assert!(!status.success(), "{status}");
    assert_eq!(world.api.polls(), 0, "it asked for work");
}

#[tokio::test]
async fn every_bad_value_is_named_in_one_message() {
    refused(&[
        ("MAX_TOKENS", "lots"),
        ("CONNECT_TIMEOUT_MS", "0"),
        ("RESPONSE_TIMEOUT_MS", "900001"),
        ("FIRST_EVENT_TIMEOUT_MS", "-1"),
        ("IDLE_TIMEOUT_MS", "1.5"),
        ("KEEPALIVE_MS", "15s"),
        ("DEADLINE_MARGIN_MS", "0"),
        ("MAX_RETRIES", "6"),
        ("SECRET_TTL_SECONDS", "-5"),
        ("MAX_BODY_BYTES", "5MB"),
        ("CACHE_TTL_SECONDS", "never"),
        ("OPENAI_BASEURL", "ftp://gateway.example.com"),
        ("AUTH_MODE", "none,bearer"),
    ])
    .await;
}

#[tokio::test]
async fn each_bad_value_is_refused() {
    let bad = [
        ("OPENAI_BASEURL", "gateway.example.com"),
        ("OPENAI_BASEURL", "https://"),
        ("OPENAI_FALLBACK_BASEURL", "file:///etc/passwd"),
        ("AUTH_MODE", "open"),
        ("AUTH_MODE", "connect,open"),
        ("MAX_RETRIES", "-1"),
        ("MAX_TOKENS", "99999999999999999999999"),
    ];
    for setting in bad {
        refused(&[setting]).await;
    }
}

#[tokio::test]
async fn a_mode_without_what_it_needs_is_refused() {
    for (mode, needed) in
        [("connect", "CONNECT_TENANTS_SECRET_ARN"), ("", "CONNECT_TENANTS_SECRET_ARN"), ("jwks", "JWKS_URL")]
    {
        let world = Setup::new().with("AUTH_MODE", mode).launch().await;
        let error = world.api.init_error().await.to_string();
        assert!(error.contains(needed), "{error}");
    }
    let settings = [
        ("AUTH_MODE", "jwks"),
        ("JWKS_URL", "http://keys.example.com/jwks.json"),
        ("JWT_ISSUER", "x"),
        ("JWT_AUDIENCE", "y"),
    ];
    let world =
        settings.iter().fold(Setup::new(), |setup, (name, value)| setup.with(name, value)).launch().await;
    let error = world.api.init_error().await.to_string();
    assert!(error.contains("JWKS_URL"), "{error}");
}

#[tokio::test]
async fn half_a_cloudflare_address_is_refused() {
    for (given, missing) in [("CF_ACCOUNT_ID", "CF_GATEWAY_ID"), ("CF_GATEWAY_ID", "CF_ACCOUNT_ID")] {
        let world = Setup::new().with("OPENAI_BASEURL", "").with(given, "0123456789abcdef").launch().await;
        let error = world.api.init_error().await.to_string();
        assert!(error.contains(missing), "{error}");
    }
}

#[tokio::test]
async fn empty_means_unset() {
    let names = [
        "OPENAI_MODEL",
        "ALLOWED_MODELS",
        "MAX_TOKENS",
        "SYSTEM_PROMPT",
        "CONNECT_TIMEOUT_MS",
        "RESPONSE_TIMEOUT_MS",
        "FIRST_EVENT_TIMEOUT_MS",
        "IDLE_TIMEOUT_MS",
        "KEEPALIVE_MS",
        "DEADLINE_MARGIN_MS",
        "MAX_RETRIES",
        "SECRET_TTL_SECONDS",
        "MAX_BODY_BYTES",
        "CACHE_TTL_SECONDS",
        "CF_LOG_PAYLOADS",
        "OPENAI_API_KEY",
        "CF_ACCOUNT_ID",
        "CF_GATEWAY_ID",
        "JWKS_URL",
    ];
    let world = names.iter().fold(Setup::new(), |setup, name| setup.with(name, "")).start().await;
    world.ask(Dialect::Conversations.ask()).await.completed();
    let seen = world.gateway.request(0).await;
    assert_eq!((seen.model(), &seen.body["max_tokens"]), ("gpt-3.5-turbo", &4096.into()));
    assert!(
        seen.body["messages"][0]["content"]
            .as_str()
            .unwrap()
            .starts_with("You are an AI assistant called 'GPTDock'.")
    );
}

#[tokio::test]
async fn the_ends_of_each_range_are_taken() {
    for value in ["1", "900000"] {
        let names = [
            "CONNECT_TIMEOUT_MS",
            "RESPONSE_TIMEOUT_MS",
            "FIRST_EVENT_TIMEOUT_MS",
            "IDLE_TIMEOUT_MS",
            "KEEPALIVE_MS",
            "DEADLINE_MARGIN_MS",
        ];
        let setup = names.iter().fold(Setup::new(), |setup, name| setup.with(name, value));
        setup
            .with("MAX_RETRIES", "5")
            .with("SECRET_TTL_SECONDS", "0")
            .with("CACHE_TTL_SECONDS", "60")
            .start()
            .await;
    }
}
