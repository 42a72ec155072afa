//! `jwks`: JWTs of an issuer that publishes its keys. The invocation tokens of [Atlassian Forge][forge] are such.
//!
//! [forge]: https://developer.atlassian.com/platform/forge/remote/essentials/

use super::{
    AuthError,
    jwt::{Token, require},
};
use crate::{
    caller::Caller,
    config::JwksConfig,
    http_client::{ReadError, read_body},
    json,
    secrets::Cached,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use reqwest::{Client, StatusCode, Url};
use serde_json::value::RawValue;
use std::time::{Duration, SystemTime};

/// How many seconds the issuer's clock and ours may differ.
const LEEWAY_SECONDS: f64 = 5.0;
/// How long fetched keys are fresh.
const KEYS_TTL: Duration = Duration::from_secs(3600);
/// A key set has a few kilobytes. A secret may take as long.
const FETCH_TIMEOUT: Duration = Duration::from_secs(3);
/// The largest key set that is read: a hundred times a large one.
const MAX_KEY_SET_BYTES: usize = 1024 * 1024;

/// Authenticates an issuer's tokens.
pub struct Jwks {
    pub config: JwksConfig,
    pub keys: Cached<KeySet>,
}

impl Jwks {
    pub fn new(config: JwksConfig, http: Client) -> Self {
        let url = config.url.clone();
        let keys = Cached::new(KEYS_TTL, move || {
            let (http, url) = (http.clone(), url.clone());
            async move {
                let warn = |error: &ReadError| tracing::warn!(event = "key_set_unreadable", reason = %error);
                fetch(&http, url).await.inspect_err(warn).ok()
            }
        });
        Self { config, keys }
    }

    /// Returns the caller of a token. The claims are checked before the key, so that only a token of the right issuer
    /// for the right audience can cause a fetch.
    pub async fn authenticate(&self, token: &str, now: SystemTime) -> Result<Caller, AuthError> {
        let token = Token::parse(token, &[Algorithm::RS256, Algorithm::ES256])?;
        let key_id = token.key_id.as_deref().ok_or("key_id_missing")?;
        let issuer = token.claims.iss.text("").ok_or("issuer_missing")?;
        require(issuer == self.config.issuer, "issuer_mismatch")?;
        require(token.claims.is_for(&self.config.audience), "audience_mismatch")?;
        token.claims.check_time(now, LEEWAY_SECONDS)?;
        // Forge names the user in `principal`.
        let user = token.claims.principal.text("").or(token.claims.sub.text("")).ok_or("user_missing")?;
        let find = |keys: &KeySet| keys.find(key_id, token.algorithm).map(|key| token.verify(key));
        let verified = self.keys.search(|keys| find(keys).ok_or("key_unknown")).await;
        verified.ok_or(AuthError::Unavailable)???;
        Ok(Caller::user(token.claims.context.text("/cloudId").unwrap_or(issuer), user))
    }
}

/// Fetches a key set. A redirect is an answer like any other that is not 200.
async fn fetch(http: &Client, url: Url) -> Result<KeySet, ReadError> {
    let response = http.get(url).timeout(FETCH_TIMEOUT).send().await?;
    if response.status() != StatusCode::OK {
        return Err(ReadError::Answered("the host answered", response.status().as_u16()));
    }
    let document = read_body(response, MAX_KEY_SET_BYTES).await?;
    KeySet::parse(&document).ok_or(ReadError::Failed("the answer is not a key set"))
}

/// The keys of an issuer that can verify tokens ([RFC 7517, 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)).
pub struct KeySet(Vec<Key>);

struct Key {
    id: String,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl KeySet {
    /// Parses a JWK set, or returns `None`. Leaves out keys of another type, for another use or without a name, as
    /// RFC 7517 asks. A set without a usable key is valid: its issuer revoked all keys.
    pub fn parse(document: &[u8]) -> Option<Self> {
        let [keys] = json::members(str::from_utf8(document).ok()?, ["keys"]).ok()?;
        let mut usable = Vec::new();
        json::for_each_element(keys?.get(), |key| usable.extend(Key::parse(key))).ok()?;
        Some(Self(usable))
    }

    /// The key of this name for this algorithm. Names are unique only among keys of one type.
    fn find(&self, id: &str, algorithm: Algorithm) -> Option<&DecodingKey> {
        self.0.iter().find(|key| key.id == id && key.algorithm == algorithm).map(|key| &key.key)
    }
}

impl Key {
    fn parse(jwk: &RawValue) -> Option<Self> {
        let names = ["kid", "kty", "crv", "alg", "use", "key_ops", "n", "e", "x", "y"];
        let [id, kty, crv, alg, usage, operations, n, e, x, y] = json::members(jwk.get(), names).ok()?;
        let text = |value: Option<&RawValue>| json::string(value?);
        let is = |value, expected| text(value).as_deref() == Some(expected);
        let has_verify = |list: &RawValue| {
            let list: Result<Vec<&RawValue>, _> = serde_json::from_str(list.get());
            list.is_ok_and(|list| list.iter().any(|operation| operation.get() == "\"verify\""))
        };
        // The key's type decides what it verifies. A symmetric key verifies nothing here.
        let (algorithm, name, key) = if is(kty, "RSA") {
            (Algorithm::RS256, "RS256", DecodingKey::from_rsa_components(&text(n)?, &text(e)?))
        } else if is(kty, "EC") && is(crv, "P-256") {
            (Algorithm::ES256, "ES256", DecodingKey::from_ec_components(&text(x)?, &text(y)?))
        } else {
            return None;
        };
        let fits = (alg.is_none() || is(alg, name))
            && (usage.is_none() || is(usage, "sig"))
            && operations.is_none_or(has_verify);
        Some(Self { id: text(id)?, algorithm, key: key.ok().filter(|_| fits)? })
    }
}

#[cfg(test)]
#[path = "jwks_tests.rs"]
mod tests;
