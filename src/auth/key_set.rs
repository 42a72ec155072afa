//! A set of public keys ([RFC 7517, 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)).

use crate::json;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::value::RawValue;

/// The keys that can verify tokens.
pub struct KeySet(Vec<Key>);

struct Key {
    id: String,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl KeySet {
    /// Parses a JWK set, or returns `None`. Leaves out keys of another type, for another use or without a name, as
    /// RFC 7517 asks. A set without a usable key is valid: its issuer revoked all keys.
    pub fn parse(document: &[u8]) -> Option<Self> {
        let [keys] = json::members(str::from_utf8(document).ok()?, ["keys"]).ok()?;
        let mut usable = Vec::new();
        json::for_each_element(keys?.get(), |key| usable.extend(Key::parse(key))).ok()?;
        Some(Self(usable))
    }

    /// The key of this name for this algorithm. Names are unique only among keys of one type.
    pub fn find(&self, id: &str, algorithm: Algorithm) -> Option<&DecodingKey> {
        self.0.iter().find(|key| key.id == id && key.algorithm == algorithm).map(|key| &key.key)
    }
}

impl Key {
    fn parse(jwk: &RawValue) -> Option<Self> {
        let names = ["kid", "kty", "crv", "alg", "use", "key_ops", "n", "e", "x", "y"];
        let [id, kty, crv, alg, usage, operations, n, e, x, y] = json::members(jwk.get(), names).ok()?;
        let text = |value: Option<&RawValue>| json::string(value?);
        let is = |value: Option<&RawValue>, expected| text(value).is_some_and(|value| value == expected);
        // The key's type decides what it verifies. A symmetric key verifies nothing here.
        let (algorithm, name, key) = if is(kty, "RSA") {
            (Algorithm::RS256, "RS256", DecodingKey::from_rsa_components(&text(n)?, &text(e)?))
        } else if is(kty, "EC") && is(crv, "P-256") {
            (Algorithm::ES256, "ES256", DecodingKey::from_ec_components(&text(x)?, &text(y)?))
        } else {
            return None;
        };
        let fits = (alg.is_none() || is(alg, name))
            && (usage.is_none() || is(usage, "sig"))
            && operations.is_none_or(has_verify);
        Some(Self { id: text(id)?, algorithm, key: key.ok().filter(|_| fits)? })
    }
}

fn has_verify(operations: &RawValue) -> bool {
    let mut found = false;
    let parsed =
        json::for_each_element(operations.get(), |operation| found |= operation.get() == "\"verify\"");
    parsed.is_ok() && found
}

#[cfg(test)]
#[path = "key_set_tests.rs"]
mod tests;
