//! Secrets: how they are read, what they hold, and how they stay fresh.

mod bearer_tokens;
mod cached;
mod openai;
mod secrets_manager;

pub use bearer_tokens::BearerTokens;
pub use cached::{Cached, Unavailable};
pub use openai::OpenAiSecret;
pub use secrets_manager::{ReadError, SecretsManager};

use crate::config::{Config, KeySource};
use std::{fmt::Display, sync::Arc, time::Duration};

/// A secret's text is not what it should be. The words quote nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It is JSON of another shape, or almost JSON.
    #[error("is not a valid JSON object")]
    NotAnObject,
    /// It holds nothing that a gateway takes.
    #[error("has no OPENAI_API_KEY and no CF_AIG_TOKEN")]
    NoKey,
    /// This member is not text, or has characters that HTTP does not allow.
    #[error("{0} cannot stand in an HTTP header")]
    NotAHeaderValue(&'static str),
}

/// The secrets of the process.
pub struct Secrets {
    /// The OpenAI key and what is stored beside it.
    pub openai: Cached<OpenAiSecret>,
    /// For other secrets.
    pub source: SecretSource,
}

/// Where secrets are read, and for how long they are fresh.
pub struct SecretSource {
    manager: SecretsManager,
    ttl: Duration,
}

impl Secrets {
    /// The secrets that a configuration names. Nothing is read yet.
    pub fn new(config: &Config, http: reqwest::Client) -> Self {
        let source = SecretSource { manager: SecretsManager::new(http), ttl: config.secret_ttl };
        let openai = match &config.key {
            KeySource::Environment(key) => Cached::fixed(OpenAiSecret::from_key(key.clone())),
            KeySource::SecretsManager(id) => source.cached("openai", id, OpenAiSecret::parse),
        };
        Self { openai, source }
    }
}

impl SecretSource {
    /// A secret that is parsed once for each read. `name` stands in the log.
    pub fn cached<T: Send + Sync + 'static>(
        &self,
        name: &'static str,
        id: &str,
        parse: fn(&str) -> Result<T, SecretError>,
    ) -> Cached<T> {
        let (manager, id) = (self.manager.clone(), Arc::<str>::from(id));
        Cached::new(self.ttl, move || {
            let (manager, id) = (manager.clone(), Arc::clone(&id));
            async move {
                let warn = |reason: &dyn Display| tracing::warn!(event = "secret_unreadable", secret = name, %reason);
                let text = manager.read(&id).await.inspect_err(|error| warn(error)).ok()?;
                parse(trim(&text)).inspect_err(|error| warn(error)).ok()
            }
        })
    }
}

/// Drops white space, line ends and byte order marks around a value. Editors and consoles leave them behind.
fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}')
}

#[cfg(test)]
mod tests;
