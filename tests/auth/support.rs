//! What the tests share: the vectors, sources in memory, and a door with the modes that a test wants.

use bytes::Bytes;
use gptdock::auth::{
    AuthError, AuthSettings, Authenticator, BearerSet, BearerTokens, BoxFuture, Caller, Credentials, KeyHost,
    Sources, TenantSecrets, Tenants, Unavailable,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
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

/// `tests/vectors/connect.json`.
pub static CONNECT: LazyLock<Value> = LazyLock::new(|| json(include_str!("../vectors/connect.json")));
/// `tests/vectors/jwks.json`.
pub static JWKS: LazyLock<Value> = LazyLock::new(|| json(include_str!("../vectors/jwks.json")));

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

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

/// Tenants that never change.
pub struct FixedTenants {
    tenants: Arc<TenantSecrets>,
    pub refreshes: AtomicUsize,
}

impl FixedTenants {
    pub fn of_the_vectors() -> Self {
        let tenants = Arc::new(TenantSecrets::parse(&CONNECT["tenants"].to_string()).unwrap());
        Self { tenants, refreshes: AtomicUsize::new(0) }
    }
}

impl Tenants for FixedTenants {
    fn current(&self) -> BoxFuture<'_, Result<Arc<TenantSecrets>, Unavailable>> {
        Box::pin(async { Ok(Arc::clone(&self.tenants)) })
    }

    fn refresh(&self) -> BoxFuture<'_, Result<Arc<TenantSecrets>, Unavailable>> {
        self.refreshes.fetch_add(1, SeqCst);
        self.current()
    }
}

/// The one bearer token, or a secret that can't be had.
pub struct FixedBearer(pub Result<Arc<BearerSet>, Unavailable>);

impl BearerTokens for FixedBearer {
    fn current(&self) -> BoxFuture<'_, Result<Arc<BearerSet>, Unavailable>> {
        Box::pin(async { self.0.clone() })
    }
}

/// A host of keys in memory: counts its fetches, takes a second for each, and can be down.
pub struct MemoryHost {
    pub document: Mutex<Option<String>>,
    pub fetches: AtomicUsize,
}

impl MemoryHost {
    pub fn new(document: &Value) -> Arc<Self> {
        Arc::new(Self { document: Mutex::new(Some(document.to_string())), fetches: AtomicUsize::new(0) })
    }

    /// What it answers from now on; `None` is an outage.
    pub fn publish(&self, document: Option<&Value>) {
        *self.document.lock().unwrap() = document.map(Value::to_string);
    }

    pub fn fetches(&self) -> usize {
        self.fetches.load(SeqCst)
    }
}

impl KeyHost for MemoryHost {
    fn fetch(&self) -> BoxFuture<'_, Result<Bytes, Unavailable>> {
        Box::pin(async {
            self.fetches.fetch_add(1, SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.document.lock().unwrap().clone().map(Bytes::from).ok_or(Unavailable)
        })
    }
}

/// The settings of `mode`, with everything that a mode can need.
pub fn settings(mode: &str) -> AuthSettings {
    let lookup = |name: &str| {
        let value = match name {
            "AUTH_MODE" => mode,
            "CONNECT_TENANTS_SECRET_ARN" | "OPENAI_API_KEY_SECRET_ARN" => "secret",
            "JWKS_URL" => "https://keys.example.org/",
            "JWT_ISSUER" => text(&JWKS["issuer"]),
            "JWT_AUDIENCE" => text(&JWKS["audience"]),
            _ => return None,
        };
        Some(value.to_owned())
    };
    let mut problems = Vec::new();
    let settings = AuthSettings::from_lookup(&lookup, &mut problems);
    assert_eq!(problems, Vec::<String>::new());
    settings
}

/// Sources that hold what the vectors need.
pub fn sources() -> Sources {
    Sources {
        tenants: Some(Arc::new(FixedTenants::of_the_vectors())),
        bearer_tokens: Some(Arc::new(FixedBearer(Ok(Arc::new(BearerSet::new([("ci", BEARER_TOKEN)])))))),
        key_host: Some(MemoryHost::new(&JWKS["document"])),
    }
}

pub fn door(mode: &str) -> Authenticator {
    Authenticator::new(&settings(mode), sources())
}

/// Asks the door with one `Authorization` header.
pub async fn ask(door: &Authenticator, authorization: &str) -> Result<Caller, AuthError> {
    let headers = headers(&[("authorization", authorization)]);
    door.identify(&Credentials { query: "", headers: &headers }, at(NOW)).await
}
