//! `connect`: the context tokens of Atlassian Connect. The page makes them with `AP.context.getToken()`, and the product
//! signs them with the tenant's shared secret. See [Understanding JWT for Connect apps][jwt].
//!
//! [jwt]: https://developer.atlassian.com/cloud/confluence/understanding-jwt/

use super::{
    AuthError,
    jwt::{Token, require},
};
use crate::{
    caller::Caller,
    json,
    secrets::{Cached, SecretError},
};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::value::RawValue;
use std::{collections::HashMap, time::SystemTime};

/// The shared secrets by client key. There is no `Debug`, so nothing prints them.
pub struct Tenants {
    keys: HashMap<String, DecodingKey>,
    skipped: usize,
}

impl Tenants {
    /// Reads `{clientKey: {"sharedSecret": …}}` and ignores other members of an entry. Skips an entry without a
    /// shared secret, or with an empty one: one bad entry must not lock the other tenants out.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let mut tenants = Self { keys: HashMap::new(), skipped: 0 };
        json::for_each_member(text, |client_key, entry| {
            if let Some(secret) = shared_secret(entry) {
                tenants.keys.insert(client_key.to_owned(), DecodingKey::from_secret(secret.as_bytes()));
            } else {
                tenants.keys.remove(client_key);
                tenants.skipped += 1;
            }
        })
        .map_err(|_| SecretError::NotAnObject)?;
        tracing::info!(event = "tenants_read", usable = tenants.keys.len(), skipped = tenants.skipped);
        Ok(tenants)
    }
}

fn shared_secret(entry: &RawValue) -> Option<String> {
    let [secret] = json::members(entry.get(), ["sharedSecret"]).ok()?;
    json::string(secret?).filter(|secret| !secret.is_empty())
}

/// Returns the caller of a token. All checks that need no secret come first, so that only a token that passes them can
/// cause a refresh.
pub async fn authenticate(
    tenants: &Cached<Tenants>,
    token: &str,
    now: SystemTime,
) -> Result<Caller, AuthError> {
    let token = Token::parse(token, &[Algorithm::HS256])?;
    let claims = &token.claims;
    let tenant = claims.iss.text("").ok_or("issuer_missing")?;
    // Client keys have this length and alphabet. It keeps everything else out of logs and headers.
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b":._-".contains(&byte);
    require(tenant.len() <= 128 && tenant.bytes().all(is_valid), "issuer_malformed")?;
    claims.check_time(now, 0.0)?;
    // Tokens with an audience are for lifecycle calls.
    require(claims.aud.0.is_none(), "audience_present")?;
    // Context tokens have a fixed `qsh`. Any other binds the token to one URL.
    require(claims.qsh.0.as_ref().is_none_or(|hash| hash == "context-qsh"), "query_hash")?;
    // Older products name the user in the context.
    let user = claims.sub.text("").or(claims.context.text("/user/accountId")).ok_or("user_missing")?;
    let verify = |tenants: &Tenants| token.verify(tenants.keys.get(tenant).ok_or("tenant_unknown")?);
    tenants.search(verify).await.ok_or(AuthError::Unavailable)??;
    Ok(Caller::user(tenant, user))
}

#[cfg(test)]
#[path = "tenants_tests.rs"]
mod tenants_tests;
#[cfg(test)]
#[path = "connect_tests.rs"]
mod tests;
