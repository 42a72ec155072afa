//! Authenticates requests: Atlassian Connect tenants, holders of bearer tokens, and issuers behind a JWKS.

mod connect;
mod credentials;
mod jwks;
mod jwt;

pub use credentials::{Credentials, MAX_TOKEN_BYTES};

use crate::{
    caller::Caller,
    config::{AuthMode, Config},
    secrets::{Cached, OpenAiSecret, Secrets},
};
use connect::Tenants;
use credentials::Presented;
use futures_util::future::OptionFuture;
use jwks::Jwks;
use std::time::SystemTime;

/// A request is not authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthError {
    /// 401 with one uniform body. The word is for the log only.
    Denied(&'static str),
    /// 503: the tenants, the bearer tokens or the issuer's keys cannot be read.
    Unavailable,
}

impl From<&'static str> for AuthError {
    fn from(reason: &'static str) -> Self {
        Self::Denied(reason)
    }
}

/// Authenticates requests. There is one for the life of the process: it caches tenants and keys.
pub struct Authenticator {
    is_open: bool,
    connect: Option<Cached<Tenants>>,
    bearer: Option<Cached<OpenAiSecret>>,
    jwks: Option<Jwks>,
}

impl Authenticator {
    /// An authenticator with the modes of the configuration.
    pub fn new(config: &Config, secrets: &Secrets, http: reqwest::Client) -> Self {
        let auth = &config.auth;
        let tenants = |id: &String| secrets.manager.cached("tenants", id, Tenants::parse);
        Self {
            is_open: auth.modes == [AuthMode::None],
            connect: auth.tenants_secret.as_ref().map(tenants),
            bearer: auth.modes.contains(&AuthMode::Bearer).then(|| secrets.openai.clone()),
            jwks: auth.jwks().map(|jwks| Jwks::new(jwks.clone(), http)),
        }
    }

    /// Reads tenants and keys before the first request. A failure is logged, and the first request tries again.
    pub async fn warm(&self) {
        let tenants = OptionFuture::from(self.connect.as_ref().map(Cached::current));
        let keys = OptionFuture::from(self.jwks.as_ref().map(|jwks| jwks.keys.current()));
        tokio::join!(tenants, keys);
    }

    /// Returns the caller of a request at `now`.
    ///
    /// The form of the credential selects the mode, and the decision of that mode is final: `?jwt=`, then
    /// `Authorization: JWT`, belongs to `connect`; `Authorization: Bearer` in the form of a JWT belongs to `jwks`
    /// when that mode is on; every other bearer token belongs to `bearer`.
    ///
    /// # Errors
    /// [`AuthError::Denied`] for a request without valid credentials, [`AuthError::Unavailable`] when they cannot be
    /// checked.
    pub async fn authenticate(
        &self,
        credentials: &Credentials<'_>,
        now: SystemTime,
    ) -> Result<Caller, AuthError> {
        if self.is_open {
            return Ok(Caller::default());
        }
        match credentials.presented(self.connect.is_some())? {
            Presented::Jwt(token) => {
                connect::authenticate(self.connect.as_ref().ok_or("mode_off")?, &token, now).await
            }
            Presented::Bearer(token) => match &self.jwks {
                Some(jwks) if jwt::looks_like_jwt(token) => jwks.authenticate(token, now).await,
                _ => {
                    let secret = self.bearer.as_ref().ok_or("mode_off")?.current().await;
                    let tokens = &secret.as_ref().ok_or(AuthError::Unavailable)?.bearer_tokens;
                    tokens.name(token).map(Caller::tenant).ok_or("bearer_unknown".into())
                }
            },
        }
    }
}

#[cfg(test)]
mod tests;
