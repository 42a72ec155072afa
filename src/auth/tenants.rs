//! The tenants of an Atlassian Connect app and their shared secrets.

use crate::{json, secrets::SecretError};
use jsonwebtoken::DecodingKey;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// The shared secrets by client key. There is no `Debug`, so nothing prints them.
pub struct Tenants {
    keys: HashMap<String, DecodingKey>,
    skipped: usize,
}

impl Tenants {
    /// Reads `{clientKey: {"sharedSecret": …}}` and ignores other members of an entry. Skips an entry without a
    /// shared secret, or with an empty one: one bad entry must not lock the other tenants out.
    ///
    /// # Errors
    /// [`SecretError::NotAnObject`] when the text is not a JSON object.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let mut tenants = Self { keys: HashMap::new(), skipped: 0 };
        json::for_each_member(text, |client_key, entry| {
            if let Some(secret) = shared_secret(entry) {
                tenants.keys.insert(client_key.to_owned(), DecodingKey::from_secret(secret.as_bytes()));
            } else {
                tenants.keys.remove(client_key);
                tenants.skipped += 1;
            }
        })
        .map_err(|_| SecretError::NotAnObject)?;
        tracing::info!(event = "tenants_read", usable = tenants.keys.len(), skipped = tenants.skipped);
        Ok(tenants)
    }

    /// The key of a tenant.
    pub fn key(&self, client_key: &str) -> Option<&DecodingKey> {
        self.keys.get(client_key)
    }
}

fn shared_secret(entry: &RawValue) -> Option<String> {
    let [secret] = json::members(entry.get(), ["sharedSecret"]).ok()?;
    json::string(secret?).filter(|secret| !secret.is_empty())
}

#[cfg(test)]
#[path = "tenants_tests.rs"]
mod tests;
