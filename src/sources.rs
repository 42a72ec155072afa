//! Where secrets and keys come from: ties the caches to Secrets Manager and to the host of a key set.

use crate::{
    auth,
    config::{Config, KeySource},
    secret::{Cached, OpenAiSecret, ReadError, SecretReader},
};
use std::{sync::Arc, time::Duration};

/// The secrets of the process.
pub struct Sources {
    /// The OpenAI key and what lies beside it.
    pub openai: Cached<OpenAiSecret>,
}

impl Sources {
    /// The sources that a configuration names. Nothing is read yet.
    pub fn new(config: &Config, http: &reqwest::Client) -> Self {
        let reader = SecretReader::new(http.clone(), config.aws.clone());
        let openai = match &config.key {
            KeySource::Environment(key) => Cached::fixed(OpenAiSecret::of_key(key.clone())),
            KeySource::SecretsManager(id) => {
                parsed("openai", reader, id.clone(), config.secret_ttl, |text| OpenAiSecret::parse(&text))
            }
        };
        Self { openai }
    }

    /// Reads what the first call will need. What fails is logged, and tried again by that call.
    pub async fn read_ahead(&self) {
        let _ = self.openai.current().await;
    }

    /// The sources that authentication asks.
    pub fn for_auth(&self) -> auth::Sources {
        auth::Sources::default()
    }
}

/// A cached secret that is parsed once for each read.
fn parsed<T: PartialEq + Send + Sync + 'static>(
    name: &'static str,
    reader: SecretReader,
    id: String,
    ttl: Duration,
    parse: fn(String) -> Option<T>,
) -> Cached<T> {
    let source = Arc::new((reader, id));
    let read = move || {
        let source = Arc::clone(&source);
        Box::pin(async move {
            let text = source.0.read(&source.1).await?;
            parse(text).ok_or_else(|| ReadError("the secret does not hold what it should".to_owned()))
        }) as _
    };
    Cached::new(name, ttl, Box::new(read))
}
