//! What the tests share: vectors, a store in memory, and an authenticator with the modes that a test wants.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod junk_tests;
mod key_host_tests;
mod key_rotation_tests;
mod mode_tests;
mod vector_tests;

use super::{
    AuthError, Authenticator, Credentials,
    connect::Tenants,
    jwks::{Jwks, KeySet},
};
use crate::{
    caller::Caller,
    config::JwksConfig,
    secrets::{Cached, OpenAiSecret},
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// When the vectors were issued.
pub const NOW: u64 = 1_800_000_000;
pub const BEARER_TOKEN: &str = "a-bearer-token-of-the-tests";

macro_rules! vectors {
    ($name:literal) => {
        LazyLock::new(|| {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/", $name);
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
        })
    };
}

pub static CONNECT: LazyLock<Value> = vectors!("connect.json");
pub static JWKS: LazyLock<Value> = vectors!("jwks.json");

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The token of a vector by its name.
pub fn token<'a>(file: &'a Value, name: &str) -> &'a str {
    let vectors = file["vectors"].as_array().unwrap();
    let vector = vectors.iter().find(|vector| vector["name"] == name).unwrap();
    vector["token"].as_str().unwrap_or_else(|| text(&vector["query"]).strip_prefix("jwt=").unwrap())
}

pub fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

pub fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs.iter().fold(HeaderMap::new(), |mut headers, (name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
        headers
    })
}

/// A secret or a key set in memory. It counts its reads, takes a second for each, and can be down.
pub struct Store {
    content: Mutex<Option<String>>,
    reads: AtomicUsize,
}

impl Store {
    pub fn new(content: impl ToString) -> Arc<Self> {
        Arc::new(Self { content: Mutex::new(Some(content.to_string())), reads: AtomicUsize::new(0) })
    }

    /// What it holds from now on. `None` is an outage.
    pub fn publish(&self, content: Option<&dyn ToString>) {
        *self.content.lock().unwrap() = content.map(ToString::to_string);
    }

    pub fn reads(&self) -> usize {
        self.reads.load(SeqCst)
    }

    pub fn cached<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        ttl: u64,
        parse: fn(&str) -> Option<T>,
    ) -> Cached<T> {
        let store = Arc::clone(self);
        Cached::new(Duration::from_secs(ttl), move || {
            let store = Arc::clone(&store);
            async move {
                store.reads.fetch_add(1, SeqCst);
                tokio::time::sleep(Duration::from_secs(1)).await;
                parse(store.content.lock().unwrap().as_deref()?)
            }
        })
    }
}

pub fn connect(store: &Arc<Store>) -> Cached<Tenants> {
    store.cached(300, |text| Tenants::parse(text).ok())
}

/// `jwks` with the issuer and the audience of the vectors.
pub fn jwks(keys: &Arc<Store>) -> Jwks {
    let keys = keys.cached(3600, |text| KeySet::parse(text.as_bytes()));
    Jwks { config: jwks_config("https://keys.example.org/"), keys }
}

pub fn jwks_config(url: &str) -> JwksConfig {
    JwksConfig {
        url: url.parse().unwrap(),
        issuer: text(&JWKS["issuer"]).to_owned(),
        audience: text(&JWKS["audience"]).to_owned(),
    }
}

/// An authenticator with these modes over stores that hold what the vectors need.
pub fn authenticator(modes: &str) -> Authenticator {
    let secret = json!({ "OPENAI_API_KEY": "sk-1", "BEARER_TOKENS": { "ci": BEARER_TOKEN } });
    over(modes, &Store::new(&CONNECT["tenants"]), &Store::new(secret), &Store::new(&JWKS["document"]))
}

pub fn over(
    modes: &str,
    tenants_store: &Arc<Store>,
    secret: &Arc<Store>,
    keys: &Arc<Store>,
) -> Authenticator {
    let has = |mode| modes.split(',').any(|name| name == mode);
    Authenticator {
        is_open: modes == "none",
        connect: has("connect").then(|| connect(tenants_store)),
        bearer: has("bearer").then(|| secret.cached(300, |text| OpenAiSecret::parse(text).ok())),
        jwks: has("jwks").then(|| jwks(keys)),
    }
}

/// Authenticates a request with one `Authorization` header.
pub async fn ask(authenticator: &Authenticator, authorization: &str) -> Result<Caller, AuthError> {
    let headers = headers(&[("authorization", authorization)]);
    authenticator.authenticate(&Credentials { query: "", headers: &headers }, at(NOW)).await
}

pub fn denied(reason: &'static str) -> Result<Caller, AuthError> {
    Err(AuthError::Denied(reason))
}
