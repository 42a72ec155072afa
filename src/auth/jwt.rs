//! JSON Web Tokens ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)) in compact form: parts, claims, signature.
//!
//! `jsonwebtoken` verifies signatures. Its `Validation` is not used: it wants the key before it looks at the claims,
//! but here only a token with fitting claims may cause a key to be fetched. It also reads the system's clock, rounds
//! `exp`, and accepts a list in `iss`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// A well-formed token with an accepted algorithm. The signature is not verified yet.
pub struct Token<'a> {
    pub algorithm: Algorithm,
    pub key_id: Option<String>,
    /// They must not be trusted before [`Token::is_signed_by`] returns `true`.
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
    #[serde(default)]
    crit: Claim,
}

impl<'a> Token<'a> {
    /// Parses a token whose algorithm is one of `accepted`. A header with `crit` asks for extensions that must be
    /// understood, and none is (RFC 7515, 4.1.11).
    pub fn parse(text: &'a str, accepted: &[Algorithm]) -> Result<Self, &'static str> {
        let (message, signature) = text.rsplit_once('.').ok_or("malformed_token")?;
        let (header, claims) = message.split_once('.').ok_or("malformed_token")?;
        let header: Header = json_object(header).ok_or("malformed_token")?;
        if header.crit.0.is_some() {
            return Err("critical_header");
        }
        let algorithm = header.alg.parse().ok().filter(|algorithm| accepted.contains(algorithm));
        Ok(Self {
            algorithm: algorithm.ok_or("algorithm")?,
            key_id: header.kid,
            claims: json_object(claims).ok_or("malformed_token")?,
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
    matches!(parts[..], [header, claims, _] if !header.is_empty() && !claims.is_empty())
        && text.bytes().all(is_valid)
}

/// The claims that are read. A claim that is there twice makes the token malformed, so that no two readers see
/// different values.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Claims {
    pub iss: Claim,
    pub exp: Claim,
    pub nbf: Claim,
    pub aud: Claim,
    pub qsh: Claim,
    pub sub: Claim,
    pub principal: Claim,
    pub context: Claim,
}

/// A claim. Unlike in an `Option`, `null` is not the same as absent.
#[derive(Default)]
pub struct Claim(pub Option<Value>);

impl<'de> Deserialize<'de> for Claim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self(Some(value)))
    }
}

impl Claim {
    /// The text. An empty one counts as none.
    pub fn text(&self) -> Option<&str> {
        self.0.as_ref().and_then(text)
    }
}

impl Claims {
    /// Requires `exp` in the future, and `nbf` not in the future. Both may be off by `leeway` seconds. At the second
    /// of `exp` the token is expired (RFC 7519, 4.1.4: "on or after").
    pub fn check_time(&self, now: SystemTime, leeway: f64) -> Result<(), &'static str> {
        // A clock before 1970 is wrong, and every token counts as expired.
        let now = now.duration_since(UNIX_EPOCH).map_err(|_| "expired")?.as_secs_f64();
        let expiry = self.exp.0.as_ref().ok_or("expiry_missing")?;
        if now >= expiry.as_f64().ok_or("expiry_not_a_number")? + leeway {
            return Err("expired");
        }
        let Some(not_before) = &self.nbf.0 else { return Ok(()) };
        if now + leeway < not_before.as_f64().ok_or("not_before_not_a_number")? {
            return Err("not_yet_valid");
        }
        Ok(())
    }

    /// `aud` is this text, or a list with it (RFC 7519, 4.1.3).
    pub fn is_for(&self, audience: &str) -> bool {
        match &self.aud.0 {
            Some(Value::Array(list)) => list.iter().any(|entry| entry == audience),
            only => only.as_ref().is_some_and(|only| only == audience),
        }
    }

    /// The text at a place in `context`.
    pub fn context(&self, pointer: &str) -> Option<&str> {
        text(self.context.0.as_ref()?.pointer(pointer)?)
    }
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
