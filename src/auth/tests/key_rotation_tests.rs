use super::*;
use tokio::time::{advance, sleep};

fn set_up() -> (Arc<Store>, Arc<Authenticator>) {
    let keys = Store::new(&JWKS["document"]);
    let authenticator =
        Authenticator { is_open: false, connect: None, bearer: None, jwks: Some(jwks(&keys)) };
    (keys, Arc::new(authenticator))
}

fn good() -> String {
    format!("Bearer {}", token(&JWKS, "Forge, RS256"))
}

/// A good token of a key that only the rotated set has.
fn rotated(kid: &str) -> String {
    format!("Bearer {}", text(&JWKS["rotated"][kid]))
}

fn unknown_key() -> Result<Caller, AuthError> {
    denied("key_unknown")
}

/// Lets a refresh in the background end. It takes a second.
async fn refreshed() {
    sleep(Duration::from_secs(2)).await;
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_once_an_hour() {
    let (keys, authenticator) = set_up();
    for _ in 0..100 {
        assert!(ask(&authenticator, &good()).await.is_ok());
        advance(Duration::from_secs(35)).await;
    }
    assert_eq!(keys.reads(), 1, "within the hour");
    advance(Duration::from_secs(101)).await;
    assert!(ask(&authenticator, &good()).await.is_ok());
    refreshed().await;
    assert_eq!(keys.reads(), 2, "after it");
}

#[tokio::test(start_paused = true)]
async fn a_rotation_is_seen_at_once_and_old_keys_are_gone() {
    let (keys, authenticator) = set_up();
    assert!(ask(&authenticator, &good()).await.is_ok());
    keys.publish(Some(&JWKS["rotated"]["document"]));
    for kid in ["rsa-2", "ec-2"] {
        assert!(ask(&authenticator, &rotated(kid)).await.is_ok(), "{kid}");
    }
    assert_eq!(ask(&authenticator, &good()).await, unknown_key());
    assert_eq!(keys.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn unknown_keys_cause_one_refetch_a_minute() {
    let (keys, authenticator) = set_up();
    assert!(ask(&authenticator, &good()).await.is_ok());
    for _ in 0..580 {
        assert_eq!(ask(&authenticator, &rotated("rsa-2")).await, unknown_key());
        sleep(Duration::from_millis(500)).await;
    }
    assert!(keys.reads() <= 6, "{} fetches in five minutes", keys.reads());
}

#[tokio::test(start_paused = true)]
async fn simultaneous_unknown_keys_cause_one_fetch_and_delay_no_known_key() {
    let (keys, authenticator) = set_up();
    assert!(ask(&authenticator, &good()).await.is_ok());
    let storm: Vec<_> = (0..200)
        .map(|_| {
            let authenticator = Arc::clone(&authenticator);
            tokio::spawn(async move { ask(&authenticator, &rotated("rsa-2")).await })
        })
        .collect();
    tokio::task::yield_now().await;
    let before = tokio::time::Instant::now();
    assert!(ask(&authenticator, &good()).await.is_ok());
    assert_eq!(before.elapsed(), Duration::ZERO);
    for caller in storm {
        assert_eq!(caller.await.unwrap(), unknown_key());
    }
    assert_eq!(keys.reads(), 2, "the first one, and one for all of the storm");
}

#[tokio::test(start_paused = true)]
async fn first_callers_share_one_fetch() {
    let (keys, authenticator) = set_up();
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let authenticator = Arc::clone(&authenticator);
            tokio::spawn(async move { ask(&authenticator, &good()).await })
        })
        .collect();
    for caller in callers {
        assert!(caller.await.unwrap().is_ok());
    }
    assert_eq!(keys.reads(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_request_waits_while_old_keys_are_replaced() {
    let (keys, authenticator) = set_up();
    assert!(ask(&authenticator, &good()).await.is_ok());
    keys.publish(Some(&JWKS["rotated"]["document"]));
    advance(Duration::from_secs(3600)).await;
    let before = tokio::time::Instant::now();
    for _ in 0..50 {
        assert!(ask(&authenticator, &good()).await.is_ok());
    }
    assert_eq!(before.elapsed(), Duration::ZERO);
    refreshed().await;
    assert_eq!(keys.reads(), 2);
    assert_eq!(ask(&authenticator, &good()).await, unknown_key(), "the old keys are gone");
}

#[tokio::test(start_paused = true)]
async fn old_keys_serve_through_an_outage() {
    let (keys, authenticator) = set_up();
    assert!(ask(&authenticator, &good()).await.is_ok());
    keys.publish(None);
    advance(Duration::from_secs(3600)).await;
    for _ in 0..600 {
        assert!(ask(&authenticator, &good()).await.is_ok());
        sleep(Duration::from_secs(1)).await;
    }
    assert!((10..=18).contains(&keys.reads()), "{} fetches in ten minutes of outage", keys.reads());
    assert_eq!(ask(&authenticator, &rotated("rsa-2")).await, unknown_key());
    keys.publish(Some(&JWKS["rotated"]["document"]));
    sleep(Duration::from_secs(60)).await;
    assert!(ask(&authenticator, &rotated("rsa-2")).await.is_ok(), "the end of the outage is noticed");
}

#[tokio::test(start_paused = true)]
async fn without_any_keys_fetches_once_a_second() {
    let (keys, authenticator) = set_up();
    keys.publish(None);
    for _ in 0..5 {
        assert_eq!(ask(&authenticator, &good()).await, Err(AuthError::Unavailable));
    }
    assert!(keys.reads() <= 5);
    keys.publish(Some(&json!("not a set")));
    advance(Duration::from_secs(1)).await;
    assert_eq!(ask(&authenticator, &good()).await, Err(AuthError::Unavailable));
    keys.publish(Some(&JWKS["document"]));
    advance(Duration::from_secs(1)).await;
    assert!(ask(&authenticator, &good()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_malformed_set_replaces_no_keys_but_an_empty_set_does() {
    let (keys, authenticator) = set_up();
    assert!(ask(&authenticator, &good()).await.is_ok());
    let malformed = [json!({}), json!([]), json!("<html>"), json!({ "keys": null }), json!({ "keys": {} })];
    for document in malformed {
        keys.publish(Some(&document));
        advance(Duration::from_secs(3601)).await;
        assert!(ask(&authenticator, &good()).await.is_ok(), "{document}");
        refreshed().await;
        assert!(ask(&authenticator, &good()).await.is_ok(), "{document}");
    }
    assert_eq!(keys.reads(), 6);
    keys.publish(Some(&json!({ "keys": [] })));
    advance(Duration::from_secs(61)).await;
    assert!(ask(&authenticator, &good()).await.is_ok());
    refreshed().await;
    assert_eq!(ask(&authenticator, &good()).await, unknown_key(), "all keys were revoked");
}

#[tokio::test(start_paused = true)]
async fn a_token_for_somebody_else_fetches_nothing() {
    let (keys, authenticator) = set_up();
    for name in
        ["iss of somebody else", "aud of another app", "alg HS512", "kid missing", "no user", "exp missing"]
    {
        assert!(ask(&authenticator, &format!("Bearer {}", token(&JWKS, name))).await.is_err());
    }
    assert_eq!(keys.reads(), 0);
}
