//! `connect`: the context tokens of Atlassian Connect. The page makes them with `AP.context.getToken()`, and the product
//! signs them with the tenant's shared secret. See [Understanding JWT for Connect apps][jwt].
//!
//! [jwt]: https://developer.atlassian.com/cloud/confluence/understanding-jwt/

use super::{AuthError, jwt::Token, lookup::Lookup, tenants::Tenants};
use crate::caller::Caller;
use jsonwebtoken::Algorithm;
use std::time::SystemTime;

/// Authenticates Connect tokens.
pub struct Connect {
    pub tenants: Lookup<Tenants>,
}

impl Connect {
    /// Returns the caller of a token. All checks that need no secret come first, so that only a token that passes
    /// them can cause a refresh.
    pub async fn authenticate(&self, token: &str, now: SystemTime) -> Result<Caller, AuthError> {
        let token = Token::parse(token, &[Algorithm::HS256])?;
        let claims = &token.claims;
        let tenant = claims.iss.text().ok_or("issuer_missing")?;
        if !is_client_key(tenant) {
            return Err("issuer_malformed".into());
        }
        claims.check_time(now, 0.0)?;
        // Tokens with an audience are for lifecycle calls.
        if claims.aud.0.is_some() {
            return Err("audience_present".into());
        }
        // Context tokens have a fixed `qsh`. Any other binds the token to one URL.
        if claims.qsh.0.as_ref().is_some_and(|hash| hash != "context-qsh") {
            return Err("query_hash".into());
        }
        // Older products name the user in the context.
        let user = claims.sub.text().or(claims.context("/user/accountId")).ok_or("user_missing")?;
        self.tenants.find(|tenants| verify(&token, tenant, tenants)).await?;
        Ok(Caller::user(tenant, user))
    }
}

fn verify(token: &Token<'_>, tenant: &str, tenants: &Tenants) -> Result<(), &'static str> {
    let key = tenants.key(tenant).ok_or("tenant_unknown")?;
    if token.is_signed_by(key) { Ok(()) } else { Err("signature") }
}

/// Client keys have this length and alphabet. It keeps everything else out of logs and headers.
fn is_client_key(text: &str) -> bool {
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'.' | b'_' | b'-');
    (1..=128).contains(&text.len()) && text.bytes().all(is_valid)
}

#[cfg(test)]
#[path = "connect_tests.rs"]
mod tests;
