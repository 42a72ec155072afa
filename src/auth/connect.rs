//! `connect`: the context tokens of Atlassian Connect. The page makes them with `AP.context.getToken()`, and the product
//! signs them with the tenant's shared secret. See [Understanding JWT for Connect apps][jwt].
//!
//! [jwt]: https://developer.atlassian.com/cloud/confluence/understanding-jwt/

use super::{AuthError, jwt::Token, lookup::Lookup, reason, tenants::Tenants};
use crate::{caller::Caller, secrets::Cached};
use jsonwebtoken::Algorithm;
use std::time::SystemTime;

/// Authenticates Connect tokens.
pub struct Connect(Lookup<Tenants>);

impl Connect {
    pub fn new(tenants: Cached<Tenants>) -> Self {
        Self(Lookup::new(tenants))
    }

    pub async fn warm(&self) {
        self.0.warm().await;
    }

    /// Returns the caller of a token. All checks that need no secret come first, so that only a token that passes
    /// them can cause a refresh.
    pub async fn authenticate(&self, token: &str, now: SystemTime) -> Result<Caller, AuthError> {
        let token = Token::parse(token, &[Algorithm::HS256])?;
        let tenant = token.claims.issuer()?;
        if !is_client_key(tenant) {
            return Err(AuthError::Denied(reason::ISSUER_MALFORMED));
        }
        token.claims.check_time(now, 0.0)?;
        if token.claims.has_audience() {
            return Err(AuthError::Denied(reason::AUDIENCE_PRESENT));
        }
        if !token.claims.is_for_any_url() {
            return Err(AuthError::Denied(reason::QUERY_HASH));
        }
        let user = token.claims.connect_user().ok_or(AuthError::Denied(reason::USER_MISSING))?;
        self.0.find(|tenants| verify(&token, tenant, tenants)).await?;
        Ok(Caller::user(tenant, user))
    }
}

fn verify(token: &Token<'_>, tenant: &str, tenants: &Tenants) -> Result<(), &'static str> {
    let key = tenants.key(tenant).ok_or(reason::TENANT_UNKNOWN)?;
    if token.is_signed_by(key) { Ok(()) } else { Err(reason::SIGNATURE) }
}

/// Client keys have this length and alphabet. It keeps everything else out of logs and headers.
fn is_client_key(text: &str) -> bool {
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'.' | b'_' | b'-');
    (1..=128).contains(&text.len()) && text.bytes().all(is_valid)
}

#[cfg(test)]
#[path = "connect_tests.rs"]
mod tests;
