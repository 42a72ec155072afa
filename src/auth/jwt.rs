//! JSON Web Tokens ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)) in compact form: parts, claims, signature.
//!
//! `jsonwebtoken` verifies signatures. Its `Validation` is not used: it wants the key before it looks at the claims,
//! but here only a token with fitting claims may cause a key to be fetched. It also reads the system's clock, rounds
//! `exp`, and accepts a list in `iss`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// A well-formed token with an accepted algorithm. The signature is not verified yet.
pub struct Token<'a> {
    pub algorithm: Algorithm,
    pub key_id: Option<String>,
    /// They must not be trusted before [`Token::verify`].
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
        require(header.crit.0.is_none(), "critical_header")?;
        let algorithm = header.alg.parse().ok().filter(|algorithm| accepted.contains(algorithm));
        Ok(Self {
            algorithm: algorithm.ok_or("algorithm")?,
            key_id: header.kid,
            claims: json_object(claims).ok_or("malformed_token")?,
            message,
            signature,
        })
    }

    /// Requires that `key` made the signature. HMACs are compared in constant time. A key of another family never fits.
    pub fn verify(&self, key: &DecodingKey) -> Result<(), &'static str> {
        let verified = crypto::verify(self.signature, self.message.as_bytes(), key, self.algorithm);
        require(verified.unwrap_or(false), "signature")
    }
}

/// Denies for `reason` unless `holds`.
pub fn require(holds: bool, reason: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(reason) }
}

/// The text has the form of a JWT: three parts of the base64url alphabet, of which only the signature may be empty.
pub fn looks_like_jwt(text: &str) -> bool {
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
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
#[derive(Default, Deserialize)]
#[serde(from = "Value")]
pub struct Claim(pub Option<Value>);

impl From<Value> for Claim {
    fn from(value: Value) -> Self {
        Self(Some(value))
    }
}

impl Claim {
    /// The text at a JSON pointer; `""` points to the claim itself. An empty text counts as none.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.0.as_ref()?.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
    }
}

impl Claims {
    /// Requires `exp` in the future, and `nbf` not in the future. Both may be off by `leeway` seconds. At the second
    /// of `exp` the token is expired (RFC 7519, 4.1.4: "on or after").
    pub fn check_time(&self, now: SystemTime, leeway: f64) -> Result<(), &'static str> {
        // A clock before 1970 is wrong, and every token counts as expired.
        let now = now.duration_since(UNIX_EPOCH).map_err(|_| "expired")?.as_secs_f64();
        let expiry = self.exp.0.as_ref().ok_or("expiry_missing")?;
        require(now < expiry.as_f64().ok_or("expiry_not_a_number")? + leeway, "expired")?;
        let Some(not_before) = &self.nbf.0 else { return Ok(()) };
        require(now + leeway >= not_before.as_f64().ok_or("not_before_not_a_number")?, "not_yet_valid")
    }

    /// `aud` is this text, or a list with it (RFC 7519, 4.1.3).
    pub fn is_for(&self, audience: &str) -> bool {
        let is_listed = |list: &Vec<Value>| list.iter().any(|entry| entry == audience);
        self.aud.0.as_ref().is_some_and(|aud| aud == audience || aud.as_array().is_some_and(is_listed))
    }
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
