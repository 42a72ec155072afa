//! `jwks`: JWTs of an issuer that publishes its keys. The invocation tokens of [Atlassian Forge][forge] are such.
//!
//! [forge]: https://developer.atlassian.com/platform/forge/remote/essentials/

use super::{AuthError, jwt::Token, key_set::KeySet, lookup::Lookup};
use crate::{
    caller::Caller,
    config::JwksConfig,
    http_client::{ReceiveError, read_body},
    secrets::{Cached, ReadError},
};
use jsonwebtoken::Algorithm;
use reqwest::{Client, StatusCode, Url};
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
    pub keys: Lookup<KeySet>,
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
        Self { config, keys: Lookup::new(keys) }
    }

    /// Returns the caller of a token. The claims are checked before the key, so that only a token of the right issuer
    /// for the right audience can cause a fetch.
    pub async fn authenticate(&self, token: &str, now: SystemTime) -> Result<Caller, AuthError> {
        let token = Token::parse(token, &[Algorithm::RS256, Algorithm::ES256])?;
        let key_id = token.key_id.as_deref().ok_or("key_id_missing")?;
        let issuer = token.claims.iss.text().ok_or("issuer_missing")?;
        if issuer != self.config.issuer {
            return Err("issuer_mismatch".into());
        }
        if !token.claims.is_for(&self.config.audience) {
            return Err("audience_mismatch".into());
        }
        token.claims.check_time(now, LEEWAY_SECONDS)?;
        // Forge names the user in `principal`.
        let user = token.claims.principal.text().or(token.claims.sub.text()).ok_or("user_missing")?;
        let find = |keys: &KeySet| keys.find(key_id, token.algorithm).map(|key| token.is_signed_by(key));
        if !self.keys.find(|keys| find(keys).ok_or("key_unknown")).await? {
            return Err("signature".into());
        }
        Ok(Caller::user(token.claims.context("/cloudId").unwrap_or(issuer), user))
    }
}

/// Fetches a key set. A redirect is an answer like any other that is not 200.
async fn fetch(http: &Client, url: Url) -> Result<KeySet, ReadError> {
    let response = http.get(url).timeout(FETCH_TIMEOUT).send().await.map_err(ReceiveError::from)?;
    if response.status() != StatusCode::OK {
        return Err(ReadError::Answered("the host answered", response.status().as_u16()));
    }
    let document = read_body(response, MAX_KEY_SET_BYTES).await?;
    KeySet::parse(&document).ok_or(ReadError::Failed("the answer is not a key set"))
}
