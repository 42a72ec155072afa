//! What a token says about its caller ([RFC 7519, 4](https://www.rfc-editor.org/rfc/rfc7519#section-4)). Knows no key and
//! no clock: whether to believe the token is decided elsewhere, and the time is handed in.

use super::{AuthError, reason};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// The claims that are read. A claim that is there is `Some`, even when it is `null`; one that is there twice
/// makes the token malformed, so that no two readers can see different values.
#[derive(Deserialize)]
pub(super) struct Claims {
    #[serde(default, deserialize_with = "present")]
    iss: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    exp: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    aud: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    qsh: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    sub: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    principal: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    context: Option<Value>,
}

impl Claims {
    /// `iss`.
    pub fn issuer(&self) -> Result<&str, AuthError> {
        self.iss.as_ref().and_then(text).ok_or(AuthError::Denied(reason::ISSUER_MISSING))
    }

    /// Checks that `exp` is there and in the future, and that `nbf` is not; both may be off by `leeway` seconds.
    /// At the very second of `exp` the token is expired (RFC 7519, 4.1.4: "on or after").
    pub fn check_time(&self, now: SystemTime, leeway: f64) -> Result<(), AuthError> {
        self.time_is_right(now, leeway).map_err(AuthError::Denied)
    }

    fn time_is_right(&self, now: SystemTime, leeway: f64) -> Result<(), &'static str> {
        // A clock before 1970 tells nothing about expiry: nobody gets in by it.
        let now = now.duration_since(UNIX_EPOCH).map_err(|_| reason::EXPIRED)?.as_secs_f64();
        let expiry = self.exp.as_ref().ok_or(reason::EXPIRY_MISSING)?;
        let expiry = expiry.as_f64().ok_or(reason::EXPIRY_NOT_A_NUMBER)?;
        if now >= expiry + leeway {
            return Err(reason::EXPIRED);
        }
        if let Some(not_before) = &self.nbf {
            let not_before = not_before.as_f64().ok_or(reason::NOT_BEFORE_NOT_A_NUMBER)?;
            if now + leeway < not_before {
                return Err(reason::NOT_YET_VALID);
            }
        }
        Ok(())
    }

    /// Whether there is an `aud` at all.
    pub fn has_audience(&self) -> bool {
        self.aud.is_some()
    }

    /// Whether `aud` is this text, or a list that holds it (RFC 7519, 4.1.3).
    pub fn is_for(&self, audience: &str) -> bool {
        match &self.aud {
            Some(Value::String(only)) => only == audience,
            Some(Value::Array(list)) => list.iter().any(|entry| entry == audience),
            _ => false,
        }
    }

    /// Whether the token may be used at any URL: no `qsh`, or the fixed text of Connect's context tokens.
    pub fn is_for_any_url(&self) -> bool {
        self.qsh.as_ref().is_none_or(|hash| hash == "context-qsh")
    }

    /// The user of a Connect token: `sub`, or where older products put it, `context.user.accountId`.
    pub fn connect_user(&self) -> Option<&str> {
        let context = || self.context.as_ref()?.pointer("/user/accountId").and_then(text);
        self.sub.as_ref().and_then(text).or_else(context)
    }

    /// The user of a `jwks` token: Forge's `principal`, or everybody else's `sub`.
    pub fn jwks_user(&self) -> Option<&str> {
        self.principal.as_ref().and_then(text).or_else(|| self.sub.as_ref().and_then(text))
    }

    /// The Atlassian site of a Forge token.
    pub fn cloud_id(&self) -> Option<&str> {
        self.context.as_ref()?.get("cloudId").and_then(text)
    }
}

/// Tells a claim that is `null` from one that is not there.
pub(super) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}
