use super::*;
use crate::{
    config::Config,
    http_client::{self, stub_server::StubServer},
    secrets::Secrets,
};

#[tokio::test]
async fn none_admits_everybody() {
    let authenticator = authenticator("none");
    for authorization in ["Bearer x", "JWT x", ""] {
        assert_eq!(ask(&authenticator, authorization).await, Ok(Caller::default()));
    }
}

#[tokio::test]
async fn without_a_mode_nobody_is_authenticated() {
    let authenticator = authenticator("");
    let known = [format!("Bearer {BEARER_TOKEN}"), format!("JWT {}", token(&CONNECT, "valid in the query"))];
    for authorization in known {
        assert_eq!(ask(&authenticator, &authorization).await, denied("mode_off"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_bearer_token_identifies_its_name() {
    let authenticator = authenticator("bearer");
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let caller = ask(&authenticator, &format!("{scheme} {BEARER_TOKEN}")).await;
        assert_eq!(caller, Ok(Caller { tenant: Some("ci".to_owned()), user_hash: None }));
    }
    for wrong in [
        "x",
        "ci",
        "a-bearer-token-of-the-test",
        "a-bearer-token-of-the-tests2",
        "A-BEARER-TOKEN-OF-THE-TESTS",
    ] {
        let outcome = ask(&authenticator, &format!("Bearer {wrong}")).await;
        assert_eq!(outcome, denied("bearer_unknown"), "{wrong}");
    }
    let large = format!("Bearer {}", "x".repeat(8193));
    assert_eq!(ask(&authenticator, &large).await, denied("token_too_large"));
    assert_eq!(ask(&authenticator, &format!("JWT {BEARER_TOKEN}")).await, denied("mode_off"));
    let none = headers(&[]);
    let credentials = Credentials { query: &format!("jwt={BEARER_TOKEN}"), headers: &none };
    assert_eq!(authenticator.authenticate(&credentials, at(NOW)).await, denied("no_credentials"));
}

#[tokio::test(start_paused = true)]
async fn a_mode_that_is_off_authenticates_nobody() {
    let jwks_token = format!("Bearer {}", token(&JWKS, "Forge, RS256"));
    let connect_token = format!("JWT {}", token(&CONNECT, "valid in the query"));
    let bearer_token = format!("Bearer {BEARER_TOKEN}");
    for (modes, authorization, why) in [
        ("connect", &bearer_token, "mode_off"),
        ("connect", &jwks_token, "mode_off"),
        ("bearer", &connect_token, "mode_off"),
        ("bearer", &jwks_token, "bearer_unknown"),
        ("jwks", &bearer_token, "mode_off"),
        ("jwks", &connect_token, "mode_off"),
        ("connect,jwks", &bearer_token, "mode_off"),
    ] {
        assert_eq!(ask(&authenticator(modes), authorization).await, denied(why), "{modes}");
    }
    for authorization in [jwks_token, connect_token, bearer_token] {
        assert!(ask(&authenticator("bearer,connect,jwks"), &authorization).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_down_is_unavailable() {
    let down = Store::new("");
    down.publish(None);
    let authenticator = over("connect,bearer,jwks", &down, &down, &down);
    for (authorization, expected) in [
        (format!("Bearer {BEARER_TOKEN}"), AuthError::Unavailable),
        (format!("JWT {}", token(&CONNECT, "valid in the query")), AuthError::Unavailable),
        (format!("Bearer {}", token(&JWKS, "Forge, RS256")), AuthError::Unavailable),
        (format!("JWT {}", token(&CONNECT, "exp missing")), AuthError::Denied("expiry_missing")),
    ] {
        assert_eq!(ask(&authenticator, &authorization).await, Err(expected));
    }
}

/// The modes of a real configuration, over a key host of the test's own.
#[tokio::test]
async fn the_configuration_selects_the_modes() {
    let host = StubServer::start(200, &JWKS["document"].to_string()).await;
    for (modes, expected) in [("jwks", (false, false, true)), ("bearer,jwks,connect", (true, true, true))] {
        let lookup = |name: &str| {
            let value = match name {
                "AUTH_MODE" => modes,
                "CONNECT_TENANTS_SECRET_ARN" | "OPENAI_API_KEY_SECRET_ARN" => "secret",
                "JWKS_URL" => &host.url,
                "JWT_ISSUER" => text(&JWKS["issuer"]),
                "JWT_AUDIENCE" => text(&JWKS["audience"]),
                _ => return None,
            };
            Some(value.to_owned())
        };
        let config = Config::from_lookup(lookup).unwrap();
        let http = http_client::build(Duration::from_secs(1)).unwrap();
        let authenticator = Authenticator::new(&config, &Secrets::new(&config, http.clone()), http);
        let modes =
            [authenticator.connect.is_some(), authenticator.bearer.is_some(), authenticator.jwks.is_some()];
        assert_eq!((modes[0], modes[1], modes[2]), expected);
        assert!(!authenticator.is_open);
        assert!(ask(&authenticator, &format!("Bearer {}", token(&JWKS, "ES256"))).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn warming_reads_tenants_and_keys_once() {
    let [tenants, secret, keys] = [&CONNECT["tenants"], &json!("x"), &JWKS["document"]].map(Store::new);
    let authenticator = over("connect,bearer,jwks", &tenants, &secret, &keys);
    authenticator.warm().await;
    assert_eq!((tenants.reads(), secret.reads(), keys.reads()), (1, 0, 1));
    assert!(ask(&authenticator, &format!("JWT {}", token(&CONNECT, "valid in the query"))).await.is_ok());
    assert!(ask(&authenticator, &format!("Bearer {}", token(&JWKS, "ES256"))).await.is_ok());
    assert_eq!((tenants.reads(), keys.reads()), (1, 1));
}
