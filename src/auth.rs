//! Who may call: Atlassian Connect tenants, holders of bearer tokens, issuers behind a JWKS.
//!
//! Knows a request's query string, its headers and the time; knows neither bodies nor the gateway.
//! Where tenants, tokens and keys come from is said by the three narrow traits [`Tenants`], [`BearerTokens`]
//! and [`KeyHost`]; how often a stranger may make them look again is decided here.

mod bearer;
mod caller;
mod claims;
mod connect;
mod credential;
mod jwks;
mod key_cache;
mod key_set;
pub mod reason;
mod settings;
mod tenants;
mod token;

pub use bearer::{BearerSet, BearerTokens};
pub use caller::Caller;
pub use credential::{Credentials, MAX_TOKEN_BYTES};
pub use key_cache::KeyHost;
pub use key_set::MAX_KEY_SET_BYTES;
pub(crate) use settings::is_trustworthy;
pub use settings::{AuthSettings, JwksSettings, Mode};
pub use tenants::{NotTenants, TenantSecrets, Tenants};

use bearer::Bearer;
use connect::Connect;
use credential::Presented;
use jwks::Jwks;
use std::{pin::Pin, sync::Arc, time::SystemTime};

/// A future behind a trait object; it may borrow what made it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A source has nothing to give at the moment. Why is the source's own matter to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable;

/// Why a caller was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthError {
    /// 401 with the one uniform body. The word, one of [`reason`], goes to the log and nowhere else.
    Denied(&'static str),
    /// 503 `secret_unavailable`: the tenants or the bearer tokens can't be had.
    SecretUnavailable,
    /// 503: no keys were ever had from `JWKS_URL`.
    KeysUnavailable,
}

/// Where the secrets and keys of each mode come from. A mode without its source lets nobody in.
#[derive(Default, Clone)]
pub struct Sources {
    /// For `connect`.
    pub tenants: Option<Arc<dyn Tenants>>,
    /// For `bearer`.
    pub bearer_tokens: Option<Arc<dyn BearerTokens>>,
    /// For `jwks`.
    pub key_host: Option<Arc<dyn KeyHost>>,
}

/// The door. One for the life of the process: it remembers keys, and when it last looked for newer ones.
pub struct Authenticator {
    open: bool,
    connect: Option<Connect>,
    bearer: Option<Bearer>,
    jwks: Option<Jwks>,
}

impl Authenticator {
    /// A door with the modes of `settings`.
    pub fn new(settings: &AuthSettings, sources: Sources) -> Self {
        let on = |mode: &Mode| settings.modes.contains(mode);
        Self {
            open: settings.modes == [Mode::None],
            connect: on(&Mode::Connect).then(|| Connect::new(sources.tenants)),
            bearer: on(&Mode::Bearer).then(|| Bearer::new(sources.bearer_tokens)),
            jwks: settings.jwks().map(|jwks| Jwks::new(jwks.clone(), sources.key_host)),
        }
    }

    /// Who sent these credentials at `now`.
    ///
    /// ```
    /// use gptdock::auth::{AuthError, AuthSettings, Authenticator, Credentials, Mode, Sources, reason};
    /// use std::time::SystemTime;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let settings = AuthSettings { modes: vec![Mode::Connect], tenants_secret: None };
    /// let door = Authenticator::new(&settings, Sources::default());
    /// let nobody = Credentials { query: "", headers: &http::HeaderMap::new() };
    /// let refused = door.identify(&nobody, SystemTime::now()).await;
    /// assert_eq!(refused, Err(AuthError::Denied(reason::NO_CREDENTIALS)));
    /// # }
    /// ```
    ///
    /// The form of the credential decides which mode judges it, and that judgement is final: `?jwt=`, then
    /// `Authorization: JWT`, is Connect's; `Authorization: Bearer` in the shape of a JWT is `jwks`'s when that
    /// mode is on; every other bearer token is `bearer`'s.
    ///
    /// # Errors
    /// [`AuthError::Denied`] for everybody who is not let in; the other two when nobody can be.
    pub async fn identify(
        &self,
        credentials: &Credentials<'_>,
        now: SystemTime,
    ) -> Result<Caller, AuthError> {
        if self.open {
            return Ok(Caller::default());
        }
        let denied = AuthError::Denied(reason::MODE_OFF);
        let presented = match &self.connect {
            Some(_) => credentials.presented()?,
            None => credentials.presented_in_header()?,
        };
        match presented {
            Presented::Jwt(token) => self.connect.as_ref().ok_or(denied)?.identify(&token, now).await,
            Presented::Bearer(token) => match &self.jwks {
                Some(jwks) if token::looks_like_jwt(token) => jwks.identify(token, now).await,
                _ => self.bearer.as_ref().ok_or(denied)?.identify(token).await,
            },
        }
    }
}
