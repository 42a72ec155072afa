//! A set of public keys ([RFC 7517, 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)): which of them can verify what.

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

/// The largest key set that is read, in bytes: a hundred times a large one.
pub const MAX_KEY_SET_BYTES: usize = 1024 * 1024;

/// The keys that tokens can be verified with.
pub(super) struct KeySet {
    keys: Vec<Key>,
}

struct Key {
    id: String,
    algorithm: Algorithm,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a JWK set; `None` when it is none. Keys of another kind, for another use or without a name are
    /// left out, as RFC 7517 asks; a set without a usable key is a set nonetheless: its issuer revoked them.
    pub fn parse(document: &[u8]) -> Option<Self> {
        if document.len() > MAX_KEY_SET_BYTES {
            return None;
        }
        let document: Document = serde_json::from_slice(document).ok()?;
        Some(Self { keys: document.keys.into_iter().filter_map(Key::read).collect() })
    }

    /// The key of this name for this algorithm. Names are unique only among keys of one type.
    pub fn find(&self, id: &str, algorithm: Algorithm) -> Option<&DecodingKey> {
        self.keys.iter().find(|key| key.id == id && key.algorithm == algorithm).map(|key| &key.key)
    }
}

impl Key {
    fn read(value: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        // The key's type says what it verifies, and a symmetric one verifies nothing here.
        let (algorithm, name) = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                (Algorithm::ES256, KeyAlgorithm::ES256)
            }
            _ => return None,
        };
        let common = &jwk.common;
        let fits = common.key_algorithm.is_none_or(|stated| stated == name)
            && common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature)
            && common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
        let key = fits.then(|| DecodingKey::from_jwk(&jwk).ok())??;
        Some(Self { id: jwk.common.key_id?, algorithm, key })
    }
}

#[cfg(test)]
mod tests {
    use super::{KeySet, MAX_KEY_SET_BYTES};
    use jsonwebtoken::Algorithm;

    const POINT: &str = "\"x\":\"AAAA\",\"y\":\"AAAA\"";

    fn has(members: &str, algorithm: Algorithm) -> bool {
        let document = format!("{{\"keys\":[{{\"kid\":\"k\",{members}}}]}}");
        KeySet::parse(document.as_bytes()).is_some_and(|set| set.find("k", algorithm).is_some())
    }

    #[test]
    fn a_key_serves_the_algorithm_of_its_type_and_no_other() {
        for more in
            ["", ",\"alg\":\"RS256\"", ",\"use\":\"sig\"", ",\"key_ops\":[\"verify\",\"x\"]", ",\"n2\":{}"]
        {
            let members = format!("\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"{more}");
            assert!(has(&members, Algorithm::RS256), "{members}");
            assert!(!has(&members, Algorithm::ES256), "{members}");
        }
        assert!(has(&format!("\"kty\":\"EC\",\"crv\":\"P-256\",{POINT}"), Algorithm::ES256));
    }

    #[test]
    fn keys_for_something_else_are_left_out() {
        let rsa = "\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"";
        let others = [
            format!("{rsa},\"alg\":\"RS512\""),
            format!("{rsa},\"alg\":\"HS256\""),
            format!("{rsa},\"use\":\"enc\""),
            format!("{rsa},\"key_ops\":[\"encrypt\"]"),
            "\"kty\":\"RSA\",\"n\":\"not base64!\",\"e\":\"AQAB\"".to_owned(),
            "\"kty\":\"oct\",\"k\":\"AAAA\"".to_owned(),
            format!("\"kty\":\"EC\",\"crv\":\"P-384\",{POINT}"),
            "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"".to_owned(),
        ];
        for members in others {
            for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::HS256] {
                assert!(!has(&members, algorithm), "{members}");
            }
        }
    }

    #[test]
    fn only_a_set_is_a_set() {
        for document in ["", "{}", "[]", "null", "{\"keys\":{}}", "<html>", "{\"keys\":[]"] {
            assert!(KeySet::parse(document.as_bytes()).is_none(), "{document}");
        }
        for document in ["{\"keys\":[]}", "{\"keys\":[7,null,{}],\"more\":1}"] {
            assert!(KeySet::parse(document.as_bytes()).is_some(), "{document}");
        }
        let endless = format!("{{\"keys\":[]{}}}", " ".repeat(MAX_KEY_SET_BYTES));
        assert!(KeySet::parse(endless.as_bytes()).is_none());
    }
}
