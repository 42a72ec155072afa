//! The configuration: every setting is read once at start, through a lookup closure, and every bad value is
//! named in one error.

mod auth;
mod base_url;
mod env;

use crate::secret_string::SecretString;
pub use auth::{AuthConfig, AuthMode, JwksConfig};
pub use base_url::BaseUrl;
use env::{Env, MILLISECONDS, elements};
use std::time::Duration;

const DEFAULT_MODEL: &str = "gpt-3.5-turbo";
/// OpenAI shut the default model down on 2026-10-23. This one answers in its place.
const DEFAULT_FALLBACK_MODEL: &str = "gpt-6-luna";
const DEFAULT_SYSTEM_PROMPT: &str = "You are an AI assistant called 'GPTDock'. Answer in well-formatted markdown. \
    Use headings, lists, code blocks, and formatting to make responses readable.";
/// The first word of a chat must not wait for a model's thoughts.
const DEFAULT_REASONING_EFFORT: &str = "none";
/// Cloudflare keeps nothing in its cache for less.
const MIN_CACHE_TTL_SECONDS: u64 = 60;
/// Each retry waits twice as long as the one before; more than five never fit into a request.
const MAX_MAX_RETRIES: u64 = 5;
const MAX: u64 = u32::MAX as u64;

/// All settings.
#[derive(Debug)]
pub struct Config {
    /// `AUTH_MODE` and its settings.
    pub auth: AuthConfig,
    /// What callers may ask.
    pub chat: ChatConfig,
    /// The gateway and its fallbacks.
    pub gateway: GatewayConfig,
    /// Where the OpenAI key comes from.
    pub key: KeySource,
    /// `SECRET_TTL_SECONDS`.
    pub secret_ttl: Duration,
    /// `KEEPALIVE_MS`: silence towards the caller after which a stream sends a comment.
    pub keep_alive: Duration,
    /// `DEADLINE_MARGIN_MS`.
    pub deadline_margin: Duration,
    /// `MAX_BODY_BYTES`.
    pub max_body_bytes: usize,
}

/// Models, limits and the system prompt.
#[derive(Debug, Clone)]
pub struct ChatConfig {
    /// `OPENAI_MODEL`.
    pub model: String,
    /// `ALLOWED_MODELS` without the default model and without `*`.
    pub allowed_models: Vec<String>,
    /// `ALLOWED_MODELS` holds `*`.
    pub any_model: bool,
    /// `MAX_TOKENS`.
    pub max_tokens: u64,
    /// `SYSTEM_PROMPT`.
    pub system_prompt: String,
    /// `REASONING_EFFORT`: sent to reasoning models on `/conversations`.
    pub reasoning_effort: Option<String>,
}

/// The gateway, its fallbacks and its time-outs.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// `OPENAI_BASEURL`, or the URL of `CF_ACCOUNT_ID` and `CF_GATEWAY_ID`.
    pub base: BaseUrl,
    /// `OPENAI_FALLBACK_BASEURL`.
    pub fallback_base: Option<BaseUrl>,
    /// `OPENAI_FALLBACK_MODELS`, in order.
    pub fallback_models: Vec<String>,
    /// `CONNECT_TIMEOUT_MS`: TCP and TLS.
    pub connect_timeout: Duration,
    /// `RESPONSE_TIMEOUT_MS`: from the request to the response head.
    pub response_timeout: Duration,
    /// `FIRST_EVENT_TIMEOUT_MS`: from the response head to the first event, while another target is left.
    pub first_event_timeout: Duration,
    /// The same for a request that lets the model reason.
    pub first_thought_timeout: Duration,
    /// `IDLE_TIMEOUT_MS`: silence that ends a stream.
    pub idle_timeout: Duration,
    /// `MAX_RETRIES`.
    pub max_retries: u32,
    /// `CACHE_TTL_SECONDS`.
    pub cache_ttl: Option<u64>,
    /// `CF_LOG_PAYLOADS`: whether Cloudflare's log keeps prompts and answers.
    pub log_payloads: Option<bool>,
    /// `CF_GATEWAY_ID`, when the base is Cloudflare's REST API, which takes it as a header.
    pub gateway_id: Option<String>,
}

/// Where the OpenAI key comes from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// `OPENAI_API_KEY_SECRET_ARN`: an ARN or a name in Secrets Manager.
    SecretsManager(String),
    /// `OPENAI_API_KEY`, for laptops.
    Environment(SecretString),
}

/// All bad settings, one sentence each. No sentence quotes a value, which may be a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad configuration: {}", .0.join("; "))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Reads every setting through `lookup`, which returns a variable's value.
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
    /// assert_eq!(problems[0], "MAX_RETRIES must be a whole number from 0 to 5");
    /// assert!(problems[1].starts_with("OPENAI_API_KEY_SECRET_ARN is not set"));
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] with all bad values.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut env = Env { lookup: &lookup, problems: Vec::new() };
        let auth = AuthConfig::read(&mut env);
        let idle_timeout = env.milliseconds("IDLE_TIMEOUT_MS", 60_000);
        let config = Self {
            auth,
            chat: chat(&mut env),
            gateway: gateway(&mut env, idle_timeout),
            key: key(&mut env),
            secret_ttl: Duration::from_secs(env.number("SECRET_TTL_SECONDS", 0..=MAX).unwrap_or(300)),
            keep_alive: env.milliseconds("KEEPALIVE_MS", 15_000),
            deadline_margin: env.milliseconds("DEADLINE_MARGIN_MS", 1_000),
            max_body_bytes: env.number("MAX_BODY_BYTES", 0..=MAX).unwrap_or(5_242_880) as usize,
        };
        if env.problems.is_empty() { Ok(config) } else { Err(ConfigError(env.problems)) }
    }

    /// Every model that a setting names.
    pub fn models(&self) -> impl Iterator<Item = &String> {
        let (chat, gateway) = (&self.chat, &self.gateway);
        std::iter::once(&chat.model).chain(&chat.allowed_models).chain(&gateway.fallback_models)
    }
}

fn chat(env: &mut Env) -> ChatConfig {
    let model = env.text("OPENAI_MODEL").unwrap_or_else(|| DEFAULT_MODEL.to_owned());
    let mut allowed_models = elements(&env.text("ALLOWED_MODELS").unwrap_or_default());
    let any_model = allowed_models.iter().any(|name| name == "*");
    allowed_models.retain(|name| name != "*" && *name != model);
    let reasoning_effort = env.raw("REASONING_EFFORT").unwrap_or_else(|| DEFAULT_REASONING_EFFORT.to_owned());
    let reasoning_effort = reasoning_effort.trim().to_owned();
    if !reasoning_effort.bytes().all(|byte| byte.is_ascii_lowercase()) {
        env.problem("REASONING_EFFORT must be a word in lower case, such as none, minimal, low or high");
    }
    ChatConfig {
        model,
        allowed_models,
        any_model,
        max_tokens: env.number("MAX_TOKENS", 1..=MAX).unwrap_or(4096),
        system_prompt: env.text("SYSTEM_PROMPT").unwrap_or_else(|| DEFAULT_SYSTEM_PROMPT.to_owned()),
        reasoning_effort: Some(reasoning_effort).filter(|effort| !effort.is_empty()),
    }
}

fn gateway(env: &mut Env, idle_timeout: Duration) -> GatewayConfig {
    let base = base_url::primary(env);
    let fallback_base = base_url::fallback(env, &base);
    let first_event = env.number("FIRST_EVENT_TIMEOUT_MS", MILLISECONDS).map(Duration::from_millis);
    let fallback_models = env.raw("OPENAI_FALLBACK_MODELS");
    GatewayConfig {
        gateway_id: env.text("CF_GATEWAY_ID").filter(|_| base.is_cloudflare_api()),
        base,
        fallback_base,
        fallback_models: elements(fallback_models.as_deref().unwrap_or(DEFAULT_FALLBACK_MODEL)),
        connect_timeout: env.milliseconds("CONNECT_TIMEOUT_MS", 3_000),
        response_timeout: env.milliseconds("RESPONSE_TIMEOUT_MS", 30_000),
        first_event_timeout: first_event.unwrap_or(Duration::from_secs(10)),
        first_thought_timeout: first_event.unwrap_or(idle_timeout),
        idle_timeout,
        max_retries: env.number("MAX_RETRIES", 0..=MAX_MAX_RETRIES).unwrap_or(2) as u32,
        cache_ttl: env.number("CACHE_TTL_SECONDS", MIN_CACHE_TTL_SECONDS..=MAX),
        log_payloads: env.parsed("CF_LOG_PAYLOADS", |_| true, "true or false"),
    }
}

fn key(env: &mut Env) -> KeySource {
    if let Some(id) = env.text("OPENAI_API_KEY_SECRET_ARN") {
        return KeySource::SecretsManager(id);
    }
    let key = env.text("OPENAI_API_KEY").unwrap_or_default();
    let value = SecretString::header_value(key.trim());
    if key.trim().is_empty() {
        env.problem("OPENAI_API_KEY_SECRET_ARN is not set (nor OPENAI_API_KEY, for laptops)");
    } else if value.is_none() {
        env.problem("OPENAI_API_KEY must be visible ASCII characters");
    }
    KeySource::Environment(value.unwrap_or_else(|| SecretString::new("")))
}

#[cfg(test)]
mod tests;
