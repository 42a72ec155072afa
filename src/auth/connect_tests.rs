#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{super::BoxFuture, super::Unavailable, AuthError, Connect, TenantSecrets, Tenants, reason};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, SystemTime},
};
use tokio::time::{advance, sleep};

/// A secret store that counts; `None` is one that is down.
struct Store {
    known: Mutex<Option<Arc<TenantSecrets>>>,
    newest: Mutex<Option<Arc<TenantSecrets>>>,
    refreshes: AtomicUsize,
}

impl Tenants for Store {
    fn current(&self) -> BoxFuture<'_, Result<Arc<TenantSecrets>, Unavailable>> {
        Box::pin(async { self.known.lock().unwrap().clone().ok_or(Unavailable) })
    }

    fn refresh(&self) -> BoxFuture<'_, Result<Arc<TenantSecrets>, Unavailable>> {
        Box::pin(async {
            self.refreshes.fetch_add(1, SeqCst);
            sleep(Duration::from_secs(1)).await;
            let newest = self.newest.lock().unwrap().clone().ok_or(Unavailable)?;
            *self.known.lock().unwrap() = Some(Arc::clone(&newest));
            Ok(newest)
        })
    }
}

impl Store {
    fn publish(&self, tenants: &str) {
        *self.newest.lock().unwrap() = Some(Arc::new(TenantSecrets::parse(tenants).unwrap()));
    }
}

const OLD: &str = r#"{"one":{"sharedSecret":"old"}}"#;
const NEW: &str = r#"{"one":{"sharedSecret":"new"},"two":{"sharedSecret":"second"}}"#;

fn set_up(known: &str) -> (Arc<Store>, Arc<Connect>) {
    let known = Arc::new(TenantSecrets::parse(known).unwrap());
    let (newest, known) = (Mutex::new(Some(Arc::clone(&known))), Mutex::new(Some(known)));
    let store = Arc::new(Store { known, newest, refreshes: AtomicUsize::new(0) });
    let source: Arc<dyn Tenants> = Arc::<Store>::clone(&store);
    (store, Arc::new(Connect::new(Some(source))))
}

fn token(tenant: &str, secret: &str) -> String {
    let claims = json!({ "iss": tenant, "sub": "user", "exp": 4_102_444_800_u64 });
    encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

async fn ask(connect: &Connect, tenant: &str, secret: &str) -> Result<Option<String>, AuthError> {
    connect.identify(&token(tenant, secret), SystemTime::now()).await.map(|caller| caller.tenant)
}

fn denied(why: &'static str) -> Result<Option<String>, AuthError> {
    Err(AuthError::Denied(why))
}

#[tokio::test(start_paused = true)]
async fn a_new_tenant_and_a_rotated_secret_are_found_by_one_refresh() {
    for (tenant, secret) in [("two", "second"), ("one", "new")] {
        let (store, connect) = set_up(OLD);
        store.publish(NEW);
        assert_eq!(ask(&connect, "one", "old").await, Ok(Some("one".to_owned())));
        assert_eq!(store.refreshes.load(SeqCst), 0, "a good token needs none");
        assert_eq!(ask(&connect, tenant, secret).await, Ok(Some(tenant.to_owned())));
        assert_eq!(
            ask(&connect, "one", "old").await,
            denied(reason::SIGNATURE),
            "the old secret is worth nothing now"
        );
        assert_eq!(store.refreshes.load(SeqCst), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn strangers_cause_one_refresh_a_minute() {
    let (store, connect) = set_up(OLD);
    for second in 0..180 {
        assert_eq!(ask(&connect, &format!("stranger-{second}"), "x").await, denied(reason::TENANT_UNKNOWN));
        assert_eq!(ask(&connect, "one", "wrong").await, denied(reason::SIGNATURE));
        advance(Duration::from_secs(1)).await;
    }
    let refreshes = store.refreshes.load(SeqCst);
    assert!((3..=4).contains(&refreshes), "{refreshes} in three minutes");
}

#[tokio::test(start_paused = true)]
async fn a_minute_after_a_refresh_the_next_one_is_due() {
    let (store, connect) = set_up(OLD);
    assert_eq!(ask(&connect, "two", "second").await, denied(reason::TENANT_UNKNOWN));
    store.publish(NEW);
    // The refresh itself took a second of the minute.
    advance(Duration::from_millis(58_900)).await;
    assert_eq!(ask(&connect, "two", "second").await, denied(reason::TENANT_UNKNOWN));
    advance(Duration::from_millis(100)).await;
    assert_eq!(ask(&connect, "two", "second").await, Ok(Some("two".to_owned())));
    assert_eq!(store.refreshes.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn callers_at_one_time_share_one_refresh() {
    let (store, connect) = set_up(OLD);
    store.publish(NEW);
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let connect = Arc::clone(&connect);
            tokio::spawn(async move { ask(&connect, "two", "second").await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Ok(Some("two".to_owned())));
    }
    assert_eq!(store.refreshes.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_unfit_causes_no_refresh() {
    let (store, connect) = set_up(OLD);
    let expired = json!({ "iss": "two", "sub": "user", "exp": 1 });
    let expired = encode(&Header::default(), &expired, &EncodingKey::from_secret(b"x")).unwrap();
    let now = SystemTime::now();
    assert_eq!(connect.identify(&expired, now).await, Err(AuthError::Denied(reason::EXPIRED)));
    assert_eq!(connect.identify("a.b.c", now).await, Err(AuthError::Denied(reason::MALFORMED_TOKEN)));
    assert_eq!(store.refreshes.load(SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_is_503_until_tenants_are_known_and_401_for_strangers_after() {
    let (store, connect) = set_up(OLD);
    *store.newest.lock().unwrap() = None;
    assert_eq!(ask(&connect, "two", "second").await, denied(reason::TENANT_UNKNOWN));
    assert_eq!(ask(&connect, "one", "old").await, Ok(Some("one".to_owned())));
    *store.known.lock().unwrap() = None;
    assert_eq!(ask(&connect, "one", "old").await, Err(AuthError::SecretUnavailable));
    assert_eq!(
        Connect::new(None).identify(&token("one", "old"), SystemTime::now()).await,
        Err(AuthError::SecretUnavailable)
    );
}

#[tokio::test]
async fn a_clock_before_1970_lets_nobody_in() {
    let (_, connect) = set_up(OLD);
    let early = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    assert_eq!(connect.identify(&token("one", "old"), early).await, Err(AuthError::Denied(reason::EXPIRED)));
}
