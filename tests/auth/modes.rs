use crate::support::{
    BEARER_TOKEN, CONNECT, FixedBearer, JWKS, NOW, ask, at, door, headers, settings, sources, token,
};
use gptdock::auth::{
    AuthError, AuthSettings, Authenticator, Caller, Credentials, Sources, Unavailable, reason,
};
use std::sync::Arc;

fn denied(why: &'static str) -> Result<Caller, AuthError> {
    Err(AuthError::Denied(why))
}

#[tokio::test]
async fn none_asks_nobody() {
    let door = Authenticator::new(&settings("none"), Sources::default());
    for authorization in ["Bearer x", "JWT x", ""] {
        assert_eq!(ask(&door, authorization).await, Ok(Caller::default()));
    }
}

#[tokio::test]
async fn settings_without_a_mode_let_nobody_in() {
    let door = Authenticator::new(&AuthSettings::default(), sources());
    let known = [format!("Bearer {BEARER_TOKEN}"), format!("JWT {}", token(&CONNECT, "valid in the query"))];
    for authorization in known {
        assert_eq!(ask(&door, &authorization).await, denied(reason::MODE_OFF));
    }
}

#[tokio::test]
async fn a_bearer_token_is_its_name() {
    let door = door("bearer");
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let caller = ask(&door, &format!("{scheme} {BEARER_TOKEN}")).await;
        assert_eq!(caller, Ok(Caller { tenant: Some("ci".to_owned()), user_hash: None }));
    }
    for wrong in [
        "x",
        "ci",
        "a-bearer-token-of-the-test",
        "a-bearer-token-of-the-tests2",
        "A-BEARER-TOKEN-OF-THE-TESTS",
    ] {
        assert_eq!(ask(&door, &format!("Bearer {wrong}")).await, denied(reason::BEARER_UNKNOWN), "{wrong}");
    }
    assert_eq!(ask(&door, &format!("Bearer {}", "x".repeat(8193))).await, denied(reason::TOO_LARGE));
    assert_eq!(ask(&door, &format!("JWT {BEARER_TOKEN}")).await, denied(reason::MODE_OFF));
    let none = headers(&[]);
    let credentials = Credentials { query: &format!("jwt={BEARER_TOKEN}"), headers: &none };
    assert_eq!(door.identify(&credentials, at(NOW)).await, denied(reason::NO_CREDENTIALS));
}

#[tokio::test(start_paused = true)]
async fn a_mode_that_is_off_judges_nothing() {
    let jwks_token = format!("Bearer {}", token(&JWKS, "Forge, RS256"));
    let connect_token = format!("JWT {}", token(&CONNECT, "valid in the query"));
    let bearer_token = format!("Bearer {BEARER_TOKEN}");
    for (mode, authorization, why) in [
        ("connect", &bearer_token, reason::MODE_OFF),
        ("connect", &jwks_token, reason::MODE_OFF),
        ("bearer", &connect_token, reason::MODE_OFF),
        ("bearer", &jwks_token, reason::BEARER_UNKNOWN),
        ("jwks", &bearer_token, reason::MODE_OFF),
        ("jwks", &connect_token, reason::MODE_OFF),
        ("connect,jwks", &bearer_token, reason::MODE_OFF),
    ] {
        assert_eq!(ask(&door(mode), authorization).await, denied(why), "{mode}");
    }
    for authorization in [jwks_token, connect_token, bearer_token] {
        assert!(ask(&door("bearer,connect,jwks"), &authorization).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_has_nothing_is_503() {
    let down = Sources { bearer_tokens: Some(Arc::new(FixedBearer(Err(Unavailable)))), ..Sources::default() };
    for sources in [down, Sources::default()] {
        let door = Authenticator::new(&settings("connect,bearer,jwks"), sources);
        for (authorization, expected) in [
            (format!("Bearer {BEARER_TOKEN}"), AuthError::SecretUnavailable),
            (format!("JWT {}", token(&CONNECT, "valid in the query")), AuthError::SecretUnavailable),
            (format!("Bearer {}", token(&JWKS, "Forge, RS256")), AuthError::KeysUnavailable),
            (format!("JWT {}", token(&CONNECT, "exp missing")), AuthError::Denied(reason::EXPIRY_MISSING)),
        ] {
            assert_eq!(ask(&door, &authorization).await, Err(expected));
        }
    }
}
