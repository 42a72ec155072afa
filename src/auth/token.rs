//! A JWT in compact form ([RFC 7515, 7.1](https://www.rfc-editor.org/rfc/rfc7515#section-7.1)): three base64url parts,
//! taken apart before anything believes them. Knows no mode's rules.

use super::{AuthError, claims::Claims, claims::present, reason};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// A token that is well-formed and names an accepted algorithm. Its signature is still to be verified.
pub(super) struct Token<'a> {
    /// One of those that the reader accepts.
    pub algorithm: Algorithm,
    /// `kid`: which of the issuer's keys signed it.
    pub key_id: Option<String>,
    /// What it says. Not to be believed before [`Token::is_signed_by`] is true.
    pub claims: Claims,
    message: &'a str,
    signature: &'a str,
}

/// The members of a JOSE header that are read. `jku`, `jwk`, `x5u` and `x5c` are not among them: a token has
/// no say in which key it is checked with.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: Option<Value>,
}

impl<'a> Token<'a> {
    /// Takes a token apart when its algorithm is one of `accepted`.
    pub fn read(text: &'a str, accepted: &[Algorithm]) -> Result<Self, AuthError> {
        Self::parts(text, accepted).map_err(AuthError::Denied)
    }

    fn parts(text: &'a str, accepted: &[Algorithm]) -> Result<Self, &'static str> {
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

    /// Whether `key` made the signature. HMACs are compared in constant time; a key of another family than
    /// the algorithm's never fits.
    pub fn is_signed_by(&self, key: &DecodingKey) -> bool {
        crypto::verify(self.signature, self.message.as_bytes(), key, self.algorithm).unwrap_or(false)
    }
}

/// Whether a bearer token has a JWT's form: three parts of the base64url alphabet, of which only the signature
/// may be empty.
pub(super) fn looks_like_jwt(token: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let mut parts = token.split('.');
    let begins = parts.next().is_some_and(|header| !header.is_empty())
        && parts.next().is_some_and(|claims| !claims.is_empty());
    begins && parts.count() == 1 && token.bytes().all(inner)
}

fn json_object<T: DeserializeOwned>(part: &str) -> Option<T> {
    let json = URL_SAFE_NO_PAD.decode(part).ok()?;
    // serde also reads a struct from an array; a JOSE header and a claims set are objects.
    json.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(&json).ok())?
}

#[cfg(test)]
mod tests {
    use super::looks_like_jwt;

    #[test]
    fn the_form_of_a_jwt_is_three_parts_of_base64url() {
        for token in ["a.b.c", "eyJ-_.eyJ9.AAAA", "a.b."] {
            assert!(looks_like_jwt(token), "{token}");
        }
        for token in ["", "..", "a.b", ".b.c", "a..c", "a.b.c.d", "a.b.c=", "a b.c.d", "sk-abcdef"] {
            assert!(!looks_like_jwt(token), "{token}");
        }
    }
}
