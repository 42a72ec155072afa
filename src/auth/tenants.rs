//! The tenants of an Atlassian Connect app and their shared secrets. Knows the secret's JSON, not where it is kept.

use super::{BoxFuture, Unavailable};
use aws_lc_rs::digest::{SHA256, digest};
use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};
use std::{collections::HashMap, fmt, sync::Arc};

/// Where the tenants come from. Both methods may be called at any rate: caching is the source's matter,
/// how often a stranger may cause a `refresh` is decided by the caller of this trait.
pub trait Tenants: Send + Sync {
    /// The tenants as they are known, read first when they are not known yet or too old.
    fn current(&self) -> BoxFuture<'_, Result<Arc<TenantSecrets>, Unavailable>>;

    /// The tenants as they are now, read anew however young the known ones are.
    fn refresh(&self) -> BoxFuture<'_, Result<Arc<TenantSecrets>, Unavailable>>;
}

/// The tenants' shared secrets by client key, ready to verify with. Prints as a number, never as a secret.
pub struct TenantSecrets {
    keys: HashMap<String, DecodingKey>,
    skipped: usize,
    /// The hash of the text that was read.
    fingerprint: Vec<u8>,
}

/// The tenants' secret is not a JSON object. Says nothing of what it is instead: that may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotTenants;

impl TenantSecrets {
    /// Reads `{clientKey: {"sharedSecret": …}}`. Other members of an entry are ignored. An entry without a
    /// shared secret, or with an empty one, is skipped: one bad row must not lock the others out.
    ///
    /// ```
    /// use gptdock::auth::TenantSecrets;
    ///
    /// let tenants = TenantSecrets::parse(r#"{"one-site": {"sharedSecret": "s3cret"}, "half-installed": {}}"#).unwrap();
    /// assert_eq!((tenants.len(), tenants.skipped()), (1, 1));
    /// ```
    ///
    /// # Errors
    /// [`NotTenants`] when the text is not a JSON object.
    pub fn parse(json: &str) -> Result<Self, NotTenants> {
        let entries: Map<String, Value> = serde_json::from_str(json).map_err(|_| NotTenants)?;
        let total = entries.len();
        let keys: HashMap<_, _> = entries
            .into_iter()
            .filter_map(|(client_key, entry)| {
                let secret = entry.get("sharedSecret")?.as_str().filter(|secret| !secret.is_empty())?;
                Some((client_key, DecodingKey::from_secret(secret.as_bytes())))
            })
            .collect();
        let fingerprint = digest(&SHA256, json.as_bytes()).as_ref().to_vec();
        Ok(Self { skipped: total - keys.len(), keys, fingerprint })
    }

    /// How many tenants can call.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether nobody can call.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many entries had no usable secret.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// The key of a tenant.
    pub(super) fn key(&self, client_key: &str) -> Option<&DecodingKey> {
        self.keys.get(client_key)
    }
}

/// Equal when read from the same text: whether a refresh brought anything new.
impl PartialEq for TenantSecrets {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl fmt::Debug for TenantSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TenantSecrets").field("tenants", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{NotTenants, TenantSecrets};

    #[test]
    fn entries_with_a_secret_are_kept_and_others_counted() {
        let json = r#"{"a":{"sharedSecret":"s","baseUrl":"x"},"b":{"sharedSecret":""},"c":{},"d":"s","e":{"sharedSecret":7}}"#;
        let tenants = TenantSecrets::parse(json).unwrap();
        assert_eq!((tenants.len(), tenants.skipped(), tenants.is_empty()), (1, 4, false));
        assert!(tenants.key("a").is_some());
        for absent in ["b", "c", "d", "e", ""] {
            assert!(tenants.key(absent).is_none(), "{absent}");
        }
    }

    #[test]
    fn what_is_not_an_object_is_an_error() {
        for json in ["", "[]", "null", "\"s\"", "{", "{\"a\":{\"sharedSecret\":\"s\"}"] {
            assert_eq!(TenantSecrets::parse(json).unwrap_err(), NotTenants, "{json}");
        }
        assert!(TenantSecrets::parse("{}").unwrap().is_empty());
    }

    #[test]
    fn tenants_of_one_text_are_equal() {
        let [one, same, other] = ["s", "s", "t"].map(|secret| {
            TenantSecrets::parse(&format!(r#"{{"a":{{"sharedSecret":"{secret}"}}}}"#)).unwrap()
        });
        assert!(one == same && one != other);
    }

    #[test]
    fn debug_prints_no_secret_and_no_name() {
        let tenants = TenantSecrets::parse(r#"{"the-client":{"sharedSecret":"the-secret"}}"#).unwrap();
        assert_eq!(format!("{tenants:?}"), "TenantSecrets { tenants: 1, .. }");
    }
}
