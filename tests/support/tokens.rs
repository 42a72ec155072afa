//! Tokens, signed here against the real clock, and those of `tests/vectors`.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// The tenant and the user of most tokens.
pub const TENANT: &str = "tenant-one";
pub const USER: &str = "5b10a2844c20165700ede21g";
pub const SHARED_SECRET: &str = "shared-secret-of-tenant-one";

/// `tests/vectors/connect.json`.
pub static CONNECT: LazyLock<Value> = LazyLock::new(|| vectors(include_str!("../vectors/connect.json")));
/// `tests/vectors/jwks.json`.
pub static JWKS: LazyLock<Value> = LazyLock::new(|| vectors(include_str!("../vectors/jwks.json")));

fn vectors(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The token of a vector by its name.
pub fn vector<'a>(file: &'a Value, name: &str) -> &'a str {
    let vector = file["vectors"].as_array().unwrap().iter().find(|vector| vector["name"] == name).unwrap();
    let query = || vector["query"].as_str().unwrap().strip_prefix("jwt=").unwrap();
    vector["token"].as_str().unwrap_or_else(query)
}

/// The vectors that are refused at any time of the real clock: all but those that their own clock had expired.
pub fn always_denied(file: &Value) -> impl Iterator<Item = &Value> {
    let vectors = file["vectors"].as_array().unwrap().iter();
    vectors.filter(|vector| vector["expect"] == "deny" && vector["reason"] != "expired")
}

/// The hash of a user's id, as logs and the gateway's metadata have it.
pub fn user_hash(user: &str) -> String {
    digest(&SHA256, user.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// So many seconds from now, in a token's count.
pub fn from_now(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap() + seconds
}

/// What a page's context token says.
pub fn connect_claims() -> Value {
    json!({
        "iss": TENANT, "sub": USER, "qsh": "context-qsh", "context": {},
        "iat": from_now(0), "exp": from_now(900),
    })
}

/// The same with one claim changed.
pub fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

/// A Connect token.
pub fn hs256(claims: &Value, secret: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    joined(&json!({"typ": "JWT", "alg": "HS256"}), claims, |message| {
        hmac::sign(&key, message).as_ref().to_vec()
    })
}

/// A Connect token as it should be.
pub fn good() -> String {
    hs256(&connect_claims(), SHARED_SECRET)
}

fn joined(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// An issuer that signs with ES256 and publishes its key.
pub struct Issuer {
    kid: &'static str,
    keys: EcdsaKeyPair,
}

impl Issuer {
    pub fn new(kid: &'static str) -> Self {
        Self { kid, keys: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap() }
    }

    pub fn jwk(&self) -> Value {
        // An uncompressed point: 4, x, y.
        let point = self.keys.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        assert_eq!((point[0], point.len()), (4, 65));
        let [x, y] = [x, y].map(|half| URL_SAFE_NO_PAD.encode(half));
        json!({"kid": self.kid, "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "x": x, "y": y})
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_under(&json!({"typ": "JWT", "alg": "ES256", "kid": self.kid}), claims)
    }

    pub fn sign_under(&self, header: &Value, claims: &Value) -> String {
        let sign = |message: &[u8]| self.keys.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec();
        joined(header, claims, sign)
    }
}

/// The document that publishes these keys.
pub fn key_set(issuers: &[&Issuer]) -> String {
    let keys: Vec<Value> = issuers.iter().map(|issuer| issuer.jwk()).collect();
    json!({"keys": keys}).to_string()
}

pub const ISSUER: &str = "forge/invocation-token";
pub const AUDIENCE: &str = "ari:cloud:ecosystem::app/00000000-0000-4000-8000-000000000001";
pub const CLOUD: &str = "11111111-2222-4333-8444-555555555555";

/// What a Forge invocation token says.
pub fn forge_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "principal": USER,
        "iat": from_now(0), "nbf": from_now(0), "exp": from_now(900),
        "app": {"id": AUDIENCE, "version": "7"}, "context": {"cloudId": CLOUD},
    })
}
