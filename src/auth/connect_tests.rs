#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{
    super::tests::{Store, connect},
    *,
};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::time::{advance, sleep};

const OLD: &str = r#"{"one":{"sharedSecret":"old"}}"#;
const NEW: &str = r#"{"one":{"sharedSecret":"new"},"two":{"sharedSecret":"second"}}"#;

/// A store, and an authenticator that has read it.
async fn set_up(content: &str) -> (Arc<Store>, Cached<Tenants>) {
    let store = Store::new(content);
    let connect = connect(&store);
    connect.current().await;
    assert_eq!(store.reads(), 1);
    (store, connect)
}

fn token(tenant: &str, secret: &str) -> String {
    let claims = json!({ "iss": tenant, "sub": "user", "exp": 4_102_444_800_u64 });
    encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

async fn ask(connect: &Cached<Tenants>, tenant: &str, secret: &str) -> Result<Option<String>, AuthError> {
    authenticate(connect, &token(tenant, secret), SystemTime::now()).await.map(|caller| caller.tenant)
}

fn denied(why: &'static str) -> Result<Option<String>, AuthError> {
    Err(AuthError::Denied(why))
}

#[tokio::test(start_paused = true)]
async fn one_refresh_finds_a_new_tenant_and_a_rotated_secret() {
    for (tenant, secret) in [("two", "second"), ("one", "new")] {
        let (store, connect) = set_up(OLD).await;
        store.publish(Some(&NEW));
        assert_eq!(ask(&connect, "one", "old").await, Ok(Some("one".to_owned())));
        assert_eq!(store.reads(), 1, "a good token needs none");
        assert_eq!(ask(&connect, tenant, secret).await, Ok(Some(tenant.to_owned())));
        assert_eq!(
            ask(&connect, "one", "old").await,
            denied("signature"),
            "the old secret is worth nothing now"
        );
        assert_eq!(store.reads(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_tenants_cause_one_refresh_a_minute() {
    let (store, connect) = set_up(OLD).await;
    for second in 0..180 {
        assert_eq!(ask(&connect, &format!("stranger-{second}"), "x").await, denied("tenant_unknown"));
        assert_eq!(ask(&connect, "one", "wrong").await, denied("signature"));
        advance(Duration::from_secs(1)).await;
    }
    let refreshes = store.reads() - 1;
    assert!((3..=4).contains(&refreshes), "{refreshes} in three minutes");
}

#[tokio::test(start_paused = true)]
async fn the_next_refresh_is_due_after_a_minute() {
    let (store, connect) = set_up(OLD).await;
    assert_eq!(ask(&connect, "two", "second").await, denied("tenant_unknown"));
    store.publish(Some(&NEW));
    // The refresh itself took a second of the minute.
    advance(Duration::from_millis(58_900)).await;
    assert_eq!(ask(&connect, "two", "second").await, denied("tenant_unknown"));
    advance(Duration::from_millis(100)).await;
    assert_eq!(ask(&connect, "two", "second").await, Ok(Some("two".to_owned())));
    assert_eq!(store.reads(), 3);
}

#[tokio::test(start_paused = true)]
async fn callers_at_one_time_share_one_refresh() {
    let (store, connect) = set_up(OLD).await;
    store.publish(Some(&NEW));
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let connect = connect.clone();
            tokio::spawn(async move { ask(&connect, "two", "second").await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Ok(Some("two".to_owned())));
    }
    assert_eq!(store.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_invalid_token_causes_no_refresh() {
    let (store, connect) = set_up(OLD).await;
    let expired = json!({ "iss": "two", "sub": "user", "exp": 1 });
    let expired = encode(&Header::default(), &expired, &EncodingKey::from_secret(b"x")).unwrap();
    let now = SystemTime::now();
    assert_eq!(authenticate(&connect, &expired, now).await, Err(AuthError::Denied("expired")));
    assert_eq!(authenticate(&connect, "a.b.c", now).await, Err(AuthError::Denied("malformed_token")));
    assert_eq!(store.reads(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_unavailable_until_tenants_are_known_and_a_rejection_afterwards() {
    let (store, connect) = set_up(OLD).await;
    store.publish(None);
    assert_eq!(ask(&connect, "two", "second").await, denied("tenant_unknown"));
    assert_eq!(ask(&connect, "one", "old").await, Ok(Some("one".to_owned())));
    let connect = super::super::tests::connect(&store);
    assert_eq!(ask(&connect, "one", "old").await, Err(AuthError::Unavailable));
    store.publish(Some(&OLD));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(ask(&connect, "one", "old").await, Ok(Some("one".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_clock_before_1970_rejects_every_token() {
    let (_, connect) = set_up(OLD).await;
    let early = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    assert_eq!(authenticate(&connect, &token("one", "old"), early).await, Err(AuthError::Denied("expired")));
}
