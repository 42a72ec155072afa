//! Configuration: read once at the start, from names to values, all that is wrong told at once. Owns every name and
//! default but those of `AUTH_MODE`; a lookup gives the values, so it knows no environment.

mod aws;
mod base;
mod reader;

use crate::auth::AuthSettings;
use crate::secret::{AwsEnvironment, SecretText};
pub use base::Base;
use reader::Reader;
use std::{fmt, time::Duration};

/// What names the key's secret.
const KEY_SECRET: &str = "OPENAI_API_KEY_SECRET_ARN";

/// The largest duration that a setting may have: Lambda's own limit of 15 minutes.
const MAX_DURATION_MS: u64 = 900_000;

/// All settings of the function (the contract's section 9).
#[derive(Debug)]
pub struct Config {
    /// Who may call.
    pub auth: AuthSettings,
    /// What may be asked.
    pub chat: ChatConfig,
    /// Whom we ask, and how patiently.
    pub gateway: GatewayConfig,
    /// Where the key comes from.
    pub key: KeySource,
    /// `SECRET_TTL_SECONDS`.
    pub secret_ttl: Duration,
    /// How Secrets Manager is reached.
    pub aws: AwsEnvironment,
    /// The times of an open stream.
    pub stream: StreamTimes,
    /// `MAX_BODY_BYTES`.
    pub max_body_bytes: usize,
}

/// Models, tokens and the system prompt.
#[derive(Debug, Clone)]
pub struct ChatConfig {
    /// `OPENAI_MODEL`.
    pub model: String,
    /// `ALLOWED_MODELS` beside the default.
    pub allowed_models: Vec<String>,
    /// `ALLOWED_MODELS` holds `*`.
    pub any_model: bool,
    /// `MAX_TOKENS`.
    pub max_tokens: u64,
    /// `SYSTEM_PROMPT`.
    pub system_prompt: String,
}

/// The gateway and its fallbacks.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// `OPENAI_BASEURL`, or what Cloudflare's account and gateway make.
    pub base: Base,
    /// `OPENAI_FALLBACK_BASEURL`.
    pub fallback_base: Option<Base>,
    /// `OPENAI_FALLBACK_MODELS`, in their order.
    pub fallback_models: Vec<String>,
    /// `CONNECT_TIMEOUT_MS`: a connection that takes longer counts as failed.
    pub connect_timeout: Duration,
    /// `RESPONSE_TIMEOUT_MS`: until the response head.
    pub response_timeout: Duration,
    /// `FIRST_EVENT_TIMEOUT_MS`: from the head to the first event, while another target is left.
    pub first_event_timeout: Duration,
    /// `IDLE_TIMEOUT_MS`: silence that ends a stream.
    pub idle_timeout: Duration,
    /// `MAX_RETRIES`.
    pub max_retries: u32,
    /// `CACHE_TTL_SECONDS`.
    pub cache_ttl: Option<u64>,
}

/// Where the key comes from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// `OPENAI_API_KEY_SECRET_ARN`: an ARN or a name in Secrets Manager.
    SecretsManager(String),
    /// `OPENAI_API_KEY`, for laptops.
    Environment(SecretText),
}

/// The times that an open stream keeps.
#[derive(Debug, Clone, Copy)]
pub struct StreamTimes {
    /// `KEEPALIVE_MS`.
    pub keep_alive: Duration,
    /// `IDLE_TIMEOUT_MS`.
    pub idle: Duration,
    /// `DEADLINE_MARGIN_MS`.
    pub deadline_margin: Duration,
}

/// Every setting that can't be used, a sentence each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(pub Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bad configuration: {}", self.0.join("; "))
    }
}

impl std::error::Error for ConfigError {}

const DEFAULT_SYSTEM_PROMPT: &str = "You are an AI assistant called 'GPTDock'. Answer in well-formatted markdown. \
    Use headings, lists, code blocks, and formatting to make responses readable.";

impl Config {
    /// Reads every setting through `lookup`, which gives a variable's value by its name.
    ///
    /// ```
    /// use gptdock::Config;
    ///
    /// let error = Config::from_lookup(|name| match name {
    ///     "AUTH_MODE" => Some("none".to_owned()),
    ///     "MAX_RETRIES" => Some("many".to_owned()),
    ///     _ => None,
    /// });
    /// let problems = error.unwrap_err().0;
    /// assert_eq!(problems[0], "MAX_RETRIES must be a whole number from 0 to 5, not \"many\"");
    /// assert!(problems[1].starts_with("OPENAI_API_KEY_SECRET_ARN is not set"));
    /// ```
    ///
    /// # Errors
    /// All bad values in one [`ConfigError`].
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let auth = AuthSettings::from_lookup(&lookup, &mut problems);
        let mut reader = Reader::new(&lookup, problems);
        let names_secret = match reader.text(KEY_SECRET) {
            Some(_) => Some(KEY_SECRET),
            None => auth.tenants_secret.is_some().then_some("CONNECT_TENANTS_SECRET_ARN"),
        };
        let idle = reader.duration_ms("IDLE_TIMEOUT_MS", 60_000);
        let config = Self {
            auth,
            chat: chat(&mut reader),
            gateway: gateway(&mut reader, idle),
            key: key(&mut reader),
            secret_ttl: Duration::from_secs(reader.number("SECRET_TTL_SECONDS", 300, 0..=u32::MAX.into())),
            aws: aws::environment(&mut reader, names_secret),
            stream: StreamTimes {
                keep_alive: reader.duration_ms("KEEPALIVE_MS", 15_000),
                idle,
                deadline_margin: reader.duration_ms("DEADLINE_MARGIN_MS", 1_000),
            },
            max_body_bytes: reader.number("MAX_BODY_BYTES", 5_242_880, 0..=u32::MAX.into()) as usize,
        };
        reader.finish(config)
    }
}

fn chat(reader: &mut Reader) -> ChatConfig {
    let model = reader.text("OPENAI_MODEL").unwrap_or_else(|| "gpt-3.5-turbo".to_owned());
    let mut allowed_models = reader.list("ALLOWED_MODELS").unwrap_or_default();
    let any_model = allowed_models.iter().any(|name| name == "*");
    allowed_models.retain(|name| name != "*" && *name != model);
    ChatConfig {
        model,
        allowed_models,
        any_model,
        max_tokens: reader.number("MAX_TOKENS", 4096, 1..=u32::MAX.into()),
        system_prompt: reader.text("SYSTEM_PROMPT").unwrap_or_else(|| DEFAULT_SYSTEM_PROMPT.to_owned()),
    }
}

fn gateway(reader: &mut Reader, idle_timeout: Duration) -> GatewayConfig {
    let base = base::primary(reader);
    let fallback_base = base::fallback(reader, &base);
    GatewayConfig {
        base,
        fallback_base,
        fallback_models: match reader.raw("OPENAI_FALLBACK_MODELS") {
            Some(_) => reader.list("OPENAI_FALLBACK_MODELS").unwrap_or_default(),
            None => vec!["gpt-6-luna".to_owned()],
        },
        connect_timeout: reader.duration_ms("CONNECT_TIMEOUT_MS", 3_000),
        response_timeout: reader.duration_ms("RESPONSE_TIMEOUT_MS", 30_000),
        first_event_timeout: reader.duration_ms("FIRST_EVENT_TIMEOUT_MS", idle_timeout.as_millis() as u64),
        idle_timeout,
        max_retries: reader.number("MAX_RETRIES", 2, 0..=5) as u32,
        cache_ttl: reader
            .text("CACHE_TTL_SECONDS")
            .map(|_| reader.number("CACHE_TTL_SECONDS", 0, 0..=u32::MAX.into())),
    }
}

fn key(reader: &mut Reader) -> KeySource {
    if let Some(id) = reader.text(KEY_SECRET) {
        return KeySource::SecretsManager(id);
    }
    let key = reader.text("OPENAI_API_KEY").unwrap_or_default();
    if key.trim().is_empty() {
        reader.problem("OPENAI_API_KEY_SECRET_ARN is not set (nor OPENAI_API_KEY, for laptops)".to_owned());
    } else if !key.trim().bytes().all(|byte| byte.is_ascii_graphic()) {
        reader.problem("OPENAI_API_KEY holds characters that no key has".to_owned());
    }
    KeySource::Environment(SecretText::new(key.trim()))
}

#[cfg(test)]
#[path = "config/tests.rs"]
mod tests;
