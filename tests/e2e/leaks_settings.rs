//! An init error names a bad setting and what it should be. It does not quote the value, which may be a
//! misplaced key.

use crate::support::world::Setup;

const MARK: &str = "LEAKED";

/// Fails unless the function does not start, names the setting, and quotes no value anywhere.
async fn names_without_quoting(name: &str, value: &str, others: &[(&str, &str)]) {
    let setup = others.iter().fold(Setup::new(), |setup, (name, value)| setup.with(name, value));
    let mut world = setup.with(name, value).launch().await;
    let error = world.api.init_error().await;
    let message = error["errorMessage"].as_str().unwrap_or_else(|| panic!("{error}"));
    assert!(message.contains(name), "{name} is not named: {message}");
    assert!(!error.to_string().contains(MARK), "{name}: {error}");
    assert!(message.len() > name.len() + 10, "{name}: it does not say what it should be: {message}");
    assert!(!world.function.exit().await.success());
    for line in world.function.lines() {
        assert!(!line.contains(MARK), "{name}: {line}");
    }
}

#[tokio::test]
async fn a_bad_setting_is_never_quoted() {
    let settings = [
        ("AUTH_MODE", "sk-test-LEAKED"),
        ("AUTH_MODE", "connect,sk-test-LEAKED"),
        ("OPENAI_BASEURL", "sk-test-LEAKED"),
        ("OPENAI_BASEURL", "https://user:sk-test-LEAKED@gateway.example.com/v1"),
        ("OPENAI_BASEURL", "ftp://LEAKED.example.com/"),
        ("OPENAI_FALLBACK_BASEURL", "sk-test-LEAKED"),
        ("MAX_TOKENS", "sk-test-LEAKED"),
        ("MAX_RETRIES", "sk-test-LEAKED"),
        ("MAX_BODY_BYTES", "sk-test-LEAKED"),
        ("SECRET_TTL_SECONDS", "sk-test-LEAKED"),
        ("CACHE_TTL_SECONDS", "sk-test-LEAKED"),
        ("CONNECT_TIMEOUT_MS", "sk-test-LEAKED"),
        ("RESPONSE_TIMEOUT_MS", "sk-test-LEAKED"),
        ("FIRST_EVENT_TIMEOUT_MS", "sk-test-LEAKED"),
        ("IDLE_TIMEOUT_MS", "sk-test-LEAKED"),
        ("KEEPALIVE_MS", "sk-test-LEAKED"),
        ("DEADLINE_MARGIN_MS", "sk-test-LEAKED"),
        ("CF_LOG_PAYLOADS", "sk-test-LEAKED"),
    ];
    for (name, value) in settings {
        names_without_quoting(name, value, &[]).await;
    }
}

#[tokio::test]
async fn a_bad_setting_that_needs_others_is_never_quoted() {
    let jwks = [("AUTH_MODE", "jwks"), ("JWT_ISSUER", "x"), ("JWT_AUDIENCE", "y")];
    names_without_quoting("JWKS_URL", "sk-test-LEAKED", &jwks).await;
    names_without_quoting("JWKS_URL", "http://LEAKED.example.com/keys", &jwks).await;
    let account = [("OPENAI_BASEURL", ""), ("CF_GATEWAY_ID", "gateway")];
    names_without_quoting("CF_ACCOUNT_ID", "sk test LEAKED/../?", &account).await;
    let environment = [("OPENAI_API_KEY_SECRET_ARN", "")];
    names_without_quoting("OPENAI_API_KEY", "sk-test LEAKED\u{7f}", &environment).await;
}

#[tokio::test]
async fn a_cache_time_below_cloudflares_minimum_is_refused() {
    for value in ["0", "1", "59"] {
        let mut world = Setup::new().with("CACHE_TTL_SECONDS", value).launch().await;
        let message = world.api.init_error().await["errorMessage"].to_string();
        assert!(message.contains("CACHE_TTL_SECONDS") && message.contains("60"), "{message}");
        assert!(!world.function.exit().await.success());
    }
    Setup::new().with("CACHE_TTL_SECONDS", "60").start().await.is_healthy().await;
}
