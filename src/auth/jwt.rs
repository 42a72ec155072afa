//! JSON Web Tokens ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)) in compact form: parts, claims, signature.
//!
//! `jsonwebtoken` verifies signatures. Its `Validation` is not used: it wants the key before it looks at the claims,
//! but here only a token with fitting claims may cause a key to be fetched. It also reads the system's clock, rounds
//! `exp`, and accepts a list in `iss`.

use super::{AuthError, reason};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// A well-formed token with an accepted algorithm. The signature is not verified yet.
pub struct Token<'a> {
    /// `alg`, one of the accepted ones.
    pub algorithm: Algorithm,
    /// `kid`: the name of the issuer's key.
    pub key_id: Option<String>,
    /// The claims. They must not be trusted before [`Token::is_signed_by`] returns `true`.
    pub claims: Claims,
    message: &'a str,
    signature: &'a str,
}

/// The members of the header that are read. `jku`, `jwk`, `x5u` and `x5c` are not: a token must not choose the key
/// that verifies it.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: Option<Value>,
}

impl<'a> Token<'a> {
    /// Parses a token whose algorithm is one of `accepted`.
    pub fn parse(text: &'a str, accepted: &[Algorithm]) -> Result<Self, AuthError> {
        Self::parse_parts(text, accepted).map_err(AuthError::Denied)
    }

    fn parse_parts(text: &'a str, accepted: &[Algorithm]) -> Result<Self, &'static str> {
        let (message, signature) = text.rsplit_once('.').ok_or(reason::MALFORMED_TOKEN)?;
        let (header, claims) = message.split_once('.').ok_or(reason::MALFORMED_TOKEN)?;
        let header: Header = json_object(header).ok_or(reason::MALFORMED_TOKEN)?;
        if header.crit.is_some() {
            return Err(reason::CRITICAL_HEADER);
        }
        let algorithm = header.alg.parse().ok().filter(|algorithm| accepted.contains(algorithm));
        Ok(Self {
            algorithm: algorithm.ok_or(reason::ALGORITHM)?,
            key_id: header.kid,
            claims: json_object(claims).ok_or(reason::MALFORMED_TOKEN)?,
            message,
            signature,
        })
    }

    /// `key` made the signature. HMACs are compared in constant time. A key of another family never fits.
    pub fn is_signed_by(&self, key: &DecodingKey) -> bool {
        crypto::verify(self.signature, self.message.as_bytes(), key, self.algorithm).unwrap_or(false)
    }
}

/// The text has the form of a JWT: three parts of the base64url alphabet, of which only the signature may be empty.
pub fn looks_like_jwt(text: &str) -> bool {
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let parts: Vec<&str> = text.split('.').collect();
    matches!(parts[..], [header, claims, _] if !header.is_empty() && !claims.is_empty()) && text.bytes().all(is_valid)
}

/// The claims that are read. A `null` claim is `Some`. A claim that is there twice makes the token malformed, so
/// that no two readers see different values.
#[derive(Deserialize)]
pub struct Claims {
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

    /// Requires `exp` in the future, and `nbf` not in the future. Both may be off by `leeway` seconds. At the second
    /// of `exp` the token is expired (RFC 7519, 4.1.4: "on or after").
    pub fn check_time(&self, now: SystemTime, leeway: f64) -> Result<(), AuthError> {
        self.is_current(now, leeway).map_err(AuthError::Denied)
    }

    fn is_current(&self, now: SystemTime, leeway: f64) -> Result<(), &'static str> {
        // A clock before 1970 is wrong, and every token counts as expired.
        let now = now.duration_since(UNIX_EPOCH).map_err(|_| reason::EXPIRED)?.as_secs_f64();
        let expiry = self.exp.as_ref().ok_or(reason::EXPIRY_MISSING)?;
        if now >= expiry.as_f64().ok_or(reason::EXPIRY_NOT_A_NUMBER)? + leeway {
            return Err(reason::EXPIRED);
        }
        let Some(not_before) = &self.nbf else { return Ok(()) };
        if now + leeway < not_before.as_f64().ok_or(reason::NOT_BEFORE_NOT_A_NUMBER)? {
            return Err(reason::NOT_YET_VALID);
        }
        Ok(())
    }

    /// There is an `aud`.
    pub fn has_audience(&self) -> bool {
        self.aud.is_some()
    }

    /// `aud` is this text, or a list with it (RFC 7519, 4.1.3).
    pub fn is_for(&self, audience: &str) -> bool {
        match &self.aud {
            Some(Value::String(only)) => only == audience,
            Some(Value::Array(list)) => list.iter().any(|entry| entry == audience),
            _ => false,
        }
    }

    /// The token is valid for any URL: no `qsh`, or the fixed text of Connect's context tokens.
    pub fn is_for_any_url(&self) -> bool {
        self.qsh.as_ref().is_none_or(|hash| hash == "context-qsh")
    }

    /// The user of a Connect token: `sub`, or `context.user.accountId` in those of older products.
    pub fn connect_user(&self) -> Option<&str> {
        let context = || self.context.as_ref()?.pointer("/user/accountId").and_then(text);
        self.sub.as_ref().and_then(text).or_else(context)
    }

    /// The user of a `jwks` token: Forge's `principal`, else `sub`.
    pub fn jwks_user(&self) -> Option<&str> {
        self.principal.as_ref().and_then(text).or_else(|| self.sub.as_ref().and_then(text))
    }

    /// The Atlassian site of a Forge token.
    pub fn cloud_id(&self) -> Option<&str> {
        self.context.as_ref()?.get("cloudId").and_then(text)
    }
}

/// Keeps a `null` claim apart from an absent one.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

fn json_object<T: DeserializeOwned>(part: &str) -> Option<T> {
    let json = URL_SAFE_NO_PAD.decode(part).ok()?;
    // serde also reads a struct from an array, but header and claims are objects.
    json.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(&json).ok())?
}

#[cfg(test)]
mod tests {
    use super::looks_like_jwt;

    #[test]
    fn a_jwt_has_three_parts_of_base64url() {
        for token in ["a.b.c", "eyJ-_.eyJ9.AAAA", "a.b."] {
            assert!(looks_like_jwt(token), "{token}");
        }
        for token in ["", "..", "a.b", ".b.c", "a..c", "a.b.c.d", "a.b.c=", "a b.c.d", "sk-abcdef"] {
            assert!(!looks_like_jwt(token), "{token}");
        }
    }
}
