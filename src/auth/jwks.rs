//! `jwks`: JWTs ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)) of an issuer that publishes its keys, the invocation
//! tokens of [Atlassian Forge][forge] among them. Owns the rules of such a token; keys are `key_cache`'s.
//!
//! [forge]: https://developer.atlassian.com/platform/forge/remote/essentials/

use super::{AuthError, Caller, JwksSettings, KeyHost, key_cache::KeyCache, reason, token::Token};
use jsonwebtoken::Algorithm;
use std::{sync::Arc, time::SystemTime};

/// How many seconds the issuer's clock and ours may differ.
const LEEWAY_SECONDS: f64 = 5.0;

/// Judges an issuer's tokens.
pub(super) struct Jwks {
    settings: JwksSettings,
    keys: Option<KeyCache>,
}

impl Jwks {
    pub fn new(settings: JwksSettings, host: Option<Arc<dyn KeyHost>>) -> Self {
        Self { settings, keys: host.map(KeyCache::new) }
    }

    /// Who this token was made for. Claims come before keys, so that only a token of the right issuer for the
    /// right audience can cause a fetch.
    pub async fn identify(&self, token: &str, now: SystemTime) -> Result<Caller, AuthError> {
        let token = Token::read(token, &[Algorithm::RS256, Algorithm::ES256])?;
        let key_id = token.key_id.as_deref().ok_or(AuthError::Denied(reason::KEY_ID_MISSING))?;
        let issuer = token.claims.issuer()?;
        if issuer != self.settings.issuer {
            return Err(AuthError::Denied(reason::ISSUER_MISMATCH));
        }
        if !token.claims.is_for(&self.settings.audience) {
            return Err(AuthError::Denied(reason::AUDIENCE_MISMATCH));
        }
        token.claims.check_time(now, LEEWAY_SECONDS)?;
        let user = token.claims.jwks_user().ok_or(AuthError::Denied(reason::USER_MISSING))?;
        let keys = self.keys.as_ref().ok_or(AuthError::KeysUnavailable)?;
        if !token.is_signed_by(&keys.key(key_id, token.algorithm).await?) {
            return Err(AuthError::Denied(reason::SIGNATURE));
        }
        Ok(Caller::user(token.claims.cloud_id().unwrap_or(issuer), user))
    }
}
