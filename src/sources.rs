//! Where secrets and keys come from: ties the caches to Secrets Manager and to the host of a key set.

use crate::{
    auth::{self, BearerSet, BoxFuture, MAX_KEY_SET_BYTES, TenantSecrets, Unavailable},
    config::{Config, KeySource},
    gateway::Client,
    log,
    secret::{Cached, OpenAiSecret, ReadError, SecretReader},
};
use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use std::{sync::Arc, time::Duration};

/// A key set is a few kilobytes from a host near by; 3 s is what a secret may take, too.
const KEY_SET_TIMEOUT: Duration = Duration::from_secs(3);

/// The secrets of the process, and the host of the keys.
pub struct Sources {
    /// The OpenAI key and what lies beside it.
    pub openai: Cached<OpenAiSecret>,
    tenants: Option<Cached<TenantSecrets>>,
    key_host: Option<KeyHost>,
}

impl Sources {
    /// The sources that a configuration names. Nothing is read yet.
    pub fn new(config: &Config, http: &Client) -> Self {
        let reader = SecretReader::new(http.clone(), config.aws.clone());
        let openai = match &config.key {
            KeySource::Environment(key) => Cached::fixed(OpenAiSecret::of_key(key.clone())),
            KeySource::SecretsManager(id) => {
                parsed("openai", reader.clone(), id.clone(), config.secret_ttl, OpenAiSecret::parse)
            }
        };
        let tenants = config.auth.tenants_secret.clone();
        let tenants = tenants.map(|id| parsed("tenants", reader, id, config.secret_ttl, parse_tenants));
        let key_host = config.auth.jwks().map(|jwks| KeyHost { http: http.clone(), url: jwks.url.clone() });
        Self { openai, tenants, key_host }
    }

    /// Reads what the first call will need. What fails is logged, and tried again by that call.
    pub async fn read_ahead(&self) {
        let tenants = async {
            if let Some(tenants) = &self.tenants {
                let _ = tenants.current().await;
            }
        };
        let (_, ()) = tokio::join!(self.openai.current(), tenants);
    }

    /// The sources that authentication asks.
    pub fn for_auth(&self) -> auth::Sources {
        auth::Sources {
            tenants: self.tenants.clone().map(|tenants| Arc::new(tenants) as _),
            bearer_tokens: Some(Arc::new(self.openai.clone())),
            key_host: self.key_host.clone().map(|host| Arc::new(host) as _),
        }
    }
}

/// A cached secret that is parsed once for each read.
fn parsed<T: PartialEq + Send + Sync + 'static>(
    name: &'static str,
    reader: SecretReader,
    id: String,
    ttl: Duration,
    parse: fn(&str) -> Option<T>,
) -> Cached<T> {
    let source = Arc::new((reader, id));
    let read = move || {
        let source = Arc::clone(&source);
        Box::pin(async move {
            let text = source.0.read(&source.1).await?;
            parse(&text).ok_or_else(|| ReadError("the secret does not hold what it should".to_owned()))
        }) as _
    };
    Cached::new(name, ttl, Box::new(read))
}

fn parse_tenants(text: &str) -> Option<TenantSecrets> {
    let tenants = TenantSecrets::parse(text).ok()?;
    let (usable, skipped) = (tenants.len().to_string(), tenants.skipped().to_string());
    log::info("tenants_read", &[("usable", &usable), ("skipped", &skipped)]);
    Some(tenants)
}

impl auth::Tenants for Cached<TenantSecrets> {
    fn current(&self) -> BoxFuture<'_, Result<Arc<TenantSecrets>, Unavailable>> {
        Box::pin(async { Cached::current(self).await.map_err(|_| Unavailable) })
    }

    fn refresh(&self) -> BoxFuture<'_, Result<Arc<TenantSecrets>, Unavailable>> {
        Box::pin(async {
            let used = Cached::current(self).await.map_err(|_| Unavailable)?;
            Ok(self.replace(&used).await.unwrap_or(used))
        })
    }
}

impl auth::BearerTokens for Cached<OpenAiSecret> {
    fn current(&self) -> BoxFuture<'_, Result<Arc<BearerSet>, Unavailable>> {
        Box::pin(async {
            let secret = Cached::current(self).await.map_err(|_| Unavailable)?;
            Ok(Arc::clone(&secret.bearer_tokens))
        })
    }
}

/// Where a key set is published.
#[derive(Clone)]
struct KeyHost {
    http: Client,
    url: Uri,
}

impl KeyHost {
    async fn read(&self) -> Result<Bytes, String> {
        let mut request = Request::new(Full::default());
        *request.uri_mut() = self.url.clone();
        let response = self.http.send(request).await.map_err(|error| error.to_string())?;
        if response.status() != StatusCode::OK {
            return Err(format!("the host answered {}", response.status()));
        }
        let body = Limited::new(response.into_body(), MAX_KEY_SET_BYTES).collect().await;
        let body = body.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
            Some(_) => "the key set is too large".to_owned(),
            None => error.to_string(),
        })?;
        Ok(body.to_bytes())
    }
}

impl auth::KeyHost for KeyHost {
    fn fetch(&self) -> BoxFuture<'_, Result<Bytes, Unavailable>> {
        Box::pin(async {
            let read = tokio::time::timeout(KEY_SET_TIMEOUT, self.read()).await;
            read.unwrap_or_else(|_| Err("the host took too long".to_owned())).map_err(|reason| {
                log::warning("key_set_unreadable", &[("reason", &reason)]);
                Unavailable
            })
        })
    }
}
