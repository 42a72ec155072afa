//! Secrets: how they are read, what they hold, and how they stay fresh.

mod cached;
mod openai;
mod secrets_manager;

pub use cached::Cached;
pub use openai::OpenAiSecret;
pub use secrets_manager::SecretsManager;

use crate::config::{Config, KeySource};

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

/// The secrets of the process. Nothing is read before it is needed.
pub struct Secrets {
    /// The OpenAI key and what is stored beside it.
    pub openai: Cached<OpenAiSecret>,
    /// Reads other secrets.
    pub manager: SecretsManager,
}

impl Secrets {
    /// The secrets that a configuration names.
    pub fn new(config: &Config, http: reqwest::Client) -> Self {
        let manager = SecretsManager::new(http, config.secret_ttl);
        let openai = match &config.key {
            KeySource::Environment(key) => Cached::fixed(OpenAiSecret::from_key(key.clone())),
            KeySource::SecretsManager(id) => manager.cached("openai", id, OpenAiSecret::parse),
        };
        Self { openai, manager }
    }
}

/// Drops white space, line ends and byte order marks around a value. Editors and consoles leave them behind.
fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}')
}

#[cfg(test)]
mod tests;
