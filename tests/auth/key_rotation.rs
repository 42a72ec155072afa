use crate::support::{JWKS, MemoryHost, ask, settings, text, token};
use gptdock::auth::{AuthError, Authenticator, Caller, KeyHost, Sources, reason};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::time::{advance, sleep};

fn set_up() -> (Arc<MemoryHost>, Arc<Authenticator>) {
    let host = MemoryHost::new(&JWKS["document"]);
    let key_host: Arc<dyn KeyHost> = Arc::<MemoryHost>::clone(&host);
    let sources = Sources { key_host: Some(key_host), ..Sources::default() };
    (host, Arc::new(Authenticator::new(&settings("jwks"), sources)))
}

fn good() -> String {
    format!("Bearer {}", token(&JWKS, "Forge, RS256"))
}

/// A good token of a key that only the rotated set has.
fn rotated(kid: &str) -> String {
    format!("Bearer {}", text(&JWKS["rotated"][kid]))
}

fn unknown_key() -> Result<Caller, AuthError> {
    Err(AuthError::Denied(reason::KEY_UNKNOWN))
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_once_an_hour() {
    let (host, door) = set_up();
    for _ in 0..100 {
        assert!(ask(&door, &good()).await.is_ok());
        advance(Duration::from_secs(35)).await;
    }
    assert_eq!(host.fetches(), 1, "within the hour");
    advance(Duration::from_secs(101)).await;
    assert!(ask(&door, &good()).await.is_ok());
    assert_eq!(host.fetches(), 2, "after it");
}

#[tokio::test(start_paused = true)]
async fn a_rotation_is_seen_at_once_and_old_keys_are_gone() {
    let (host, door) = set_up();
    assert!(ask(&door, &good()).await.is_ok());
    host.publish(Some(&JWKS["rotated"]["document"]));
    for kid in ["rsa-2", "ec-2"] {
        assert!(ask(&door, &rotated(kid)).await.is_ok(), "{kid}");
    }
    assert_eq!(ask(&door, &good()).await, unknown_key());
    assert_eq!(host.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_unknown_keys_fetches_at_most_once_a_minute() {
    let (host, door) = set_up();
    for _ in 0..600 {
        assert_eq!(ask(&door, &rotated("rsa-2")).await, unknown_key());
        sleep(Duration::from_millis(500)).await;
    }
    assert!(host.fetches() <= 6, "{} fetches in five minutes", host.fetches());
}

#[tokio::test(start_paused = true)]
async fn a_storm_at_one_moment_is_one_fetch_and_known_keys_do_not_wait_for_it() {
    let (host, door) = set_up();
    assert!(ask(&door, &good()).await.is_ok());
    let storm: Vec<_> = (0..200)
        .map(|_| {
            let door = Arc::clone(&door);
            tokio::spawn(async move { ask(&door, &rotated("rsa-2")).await })
        })
        .collect();
    tokio::task::yield_now().await;
    let before = tokio::time::Instant::now();
    assert!(ask(&door, &good()).await.is_ok());
    assert_eq!(before.elapsed(), Duration::ZERO);
    for caller in storm {
        assert_eq!(caller.await.unwrap(), unknown_key());
    }
    assert_eq!(host.fetches(), 2, "the first one, and one for all of the storm");
}

#[tokio::test(start_paused = true)]
async fn first_callers_share_one_fetch() {
    let (host, door) = set_up();
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let door = Arc::clone(&door);
            tokio::spawn(async move { ask(&door, &good()).await })
        })
        .collect();
    for caller in callers {
        assert!(caller.await.unwrap().is_ok());
    }
    assert_eq!(host.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_caller_replaces_old_keys_and_the_others_do_not_wait() {
    let (host, door) = set_up();
    assert!(ask(&door, &good()).await.is_ok());
    advance(Duration::from_secs(3600)).await;
    let first = tokio::spawn({
        let door = Arc::clone(&door);
        async move { ask(&door, &good()).await }
    });
    tokio::task::yield_now().await;
    let before = tokio::time::Instant::now();
    for _ in 0..50 {
        assert!(ask(&door, &good()).await.is_ok());
    }
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert!(first.await.unwrap().is_ok());
    assert_eq!(host.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn old_keys_serve_through_an_outage() {
    let (host, door) = set_up();
    assert!(ask(&door, &good()).await.is_ok());
    host.publish(None);
    advance(Duration::from_secs(3600)).await;
    for _ in 0..600 {
        assert!(ask(&door, &good()).await.is_ok());
        advance(Duration::from_secs(1)).await;
    }
    assert!((10..=12).contains(&host.fetches()), "{} fetches in ten minutes of outage", host.fetches());
    assert_eq!(ask(&door, &rotated("rsa-2")).await, unknown_key());
    host.publish(Some(&JWKS["rotated"]["document"]));
    advance(Duration::from_secs(60)).await;
    assert!(ask(&door, &rotated("rsa-2")).await.is_ok(), "and the end of the outage is noticed");
}

#[tokio::test(start_paused = true)]
async fn without_any_keys_it_is_503_and_asked_again_after_a_second() {
    let (host, door) = set_up();
    host.publish(None);
    for _ in 0..5 {
        assert_eq!(ask(&door, &good()).await, Err(AuthError::KeysUnavailable));
    }
    assert!(host.fetches() <= 5);
    host.publish(Some(&json!("not a set")));
    advance(Duration::from_secs(1)).await;
    assert_eq!(ask(&door, &good()).await, Err(AuthError::KeysUnavailable));
    host.publish(Some(&JWKS["document"]));
    advance(Duration::from_secs(1)).await;
    assert!(ask(&door, &good()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn nonsense_from_the_host_replaces_no_keys_but_a_set_without_keys_does() {
    let (host, door) = set_up();
    assert!(ask(&door, &good()).await.is_ok());
    for nonsense in [json!({}), json!([]), json!("<html>"), json!({ "keys": null })] {
        host.publish(Some(&nonsense));
        advance(Duration::from_secs(3601)).await;
        assert!(ask(&door, &good()).await.is_ok(), "{nonsense}");
    }
    host.publish(Some(&json!({ "keys": [] })));
    advance(Duration::from_secs(61)).await;
    assert_eq!(ask(&door, &good()).await, unknown_key(), "all keys were revoked");
}

#[tokio::test(start_paused = true)]
async fn a_token_for_somebody_else_fetches_nothing() {
    let (host, door) = set_up();
    for name in
        ["iss of somebody else", "aud of another app", "alg HS512", "kid missing", "no user", "exp missing"]
    {
        assert!(ask(&door, &format!("Bearer {}", token(&JWKS, name))).await.is_err());
    }
    assert_eq!(host.fetches(), 0);
}
