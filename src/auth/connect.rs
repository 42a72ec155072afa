//! `connect`: the context tokens of Atlassian Connect, made by the page with `AP.context.getToken()` and signed by the
//! product with the tenant's shared secret. Owns the rules of such a token, and how often one may have the tenants read
//! anew; it follows [Understanding JWT for Connect apps][jwt].
//!
//! [jwt]: https://developer.atlassian.com/cloud/confluence/understanding-jwt/

use super::{AuthError, Caller, TenantSecrets, Tenants, reason, token::Token};
use jsonwebtoken::Algorithm;
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{sync::Mutex, time::Instant};

/// How seldom an unknown tenant or a bad signature may have the tenants read again.
const REFRESH_INTERVAL: Duration = Duration::from_secs(60);

/// Judges Connect tokens.
pub(super) struct Connect {
    tenants: Option<Arc<dyn Tenants>>,
    last_refresh: Mutex<Option<Instant>>,
}

impl Connect {
    pub fn new(tenants: Option<Arc<dyn Tenants>>) -> Self {
        Self { tenants, last_refresh: Mutex::new(None) }
    }

    /// Who made this token. All that can be refused without a secret is refused first, so that only a token
    /// that is fit in everything else can cause a refresh.
    pub async fn identify(&self, token: &str, now: SystemTime) -> Result<Caller, AuthError> {
        let token = Token::read(token, &[Algorithm::HS256])?;
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
        self.check_signature(&token, tenant).await?;
        Ok(Caller::user(tenant, user))
    }

    async fn check_signature(&self, token: &Token<'_>, tenant: &str) -> Result<(), AuthError> {
        let source = self.tenants.as_deref().ok_or(AuthError::SecretUnavailable)?;
        let known = source.current().await.map_err(|_| AuthError::SecretUnavailable)?;
        let Err(refusal) = verify(token, tenant, &known) else { return Ok(()) };
        let newer = self.newer(source).await.ok_or(AuthError::Denied(refusal))?;
        verify(token, tenant, &newer).map_err(AuthError::Denied)
    }

    /// The tenants, read anew when that is due. Callers that come while somebody else's refresh is under way
    /// wait for it and share what it brought.
    async fn newer(&self, source: &dyn Tenants) -> Option<Arc<TenantSecrets>> {
        let mut last_refresh = self.last_refresh.lock().await;
        if last_refresh.is_some_and(|at| at.elapsed() < REFRESH_INTERVAL) {
            return source.current().await.ok();
        }
        *last_refresh = Some(Instant::now());
        source.refresh().await.ok()
    }
}

fn verify(token: &Token<'_>, tenant: &str, tenants: &TenantSecrets) -> Result<(), &'static str> {
    let key = tenants.key(tenant).ok_or(reason::TENANT_UNKNOWN)?;
    if token.is_signed_by(key) { Ok(()) } else { Err(reason::SIGNATURE) }
}

/// What client keys are made of; it keeps everything else out of logs and headers.
fn is_client_key(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'.' | b'_' | b'-');
    (1..=128).contains(&text.len()) && text.bytes().all(inner)
}

#[cfg(test)]
#[path = "connect_tests.rs"]
mod tests;
