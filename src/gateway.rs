//! The gateway: which targets there are, how each is asked, and what happens when one fails.
//!
//! A target is a base URL and a model. [`Gateway::ask`] asks one after the other, as `retry` decides, until one
//! answers. The protocol is OpenAI's (<https://platform.openai.com/docs/api-reference/chat/create>), with
//! Cloudflare's headers (<https://developers.cloudflare.com/ai-gateway/glossary/>).

mod attempt;
mod completion;
mod error_object;
mod events;
mod model_memory;
mod public_words;
mod request;
mod response_headers;
mod retry;
mod targets;
mod upstream_error;

pub use attempt::{Answer, OpenAnswer};
pub use events::{Arrival, UpstreamEvents};
pub use public_words::public_word;
pub use request::{Metadata, UpstreamRequest};
pub use upstream_error::UpstreamError;

use crate::{
    config::GatewayConfig,
    error::{ApiError, ApiErrorKind},
    secrets::{Cached, OpenAiSecret},
    telemetry::AttemptLog,
};
use attempt::Attempt;
use model_memory::{Fact, ModelMemory};
use retry::{Decision, RetryState};
use tokio::time::{Instant, sleep};
use upstream_error::ErrorClass::{ModelNotFound, Refused, UnsupportedParameter};

/// The gateway and its fallbacks.
pub struct Gateway {
    config: GatewayConfig,
    client: reqwest::Client,
    secret: Cached<OpenAiSecret>,
    memory: ModelMemory,
}

impl Gateway {
    /// A gateway whose key is in `secret`. `configured_models` are the models that a setting names.
    pub fn new(
        config: GatewayConfig,
        client: reqwest::Client,
        secret: Cached<OpenAiSecret>,
        configured_models: Vec<String>,
    ) -> Self {
        Self { config, client, secret, memory: ModelMemory::new(configured_models) }
    }

    /// Connects to the base, so that the first request finds a connection. The request is a `HEAD` of the origin's
    /// root, which belongs to no account and stands in no gateway's log. Its answer is ignored.
    pub async fn preconnect(&self) {
        let _ = self.client.head(self.config.base.root()).send().await;
    }

    /// Asks target after target until one answers. The caller keeps the deadline and may drop this future.
    ///
    /// # Errors
    /// The error for the caller: that of the first target, or of the last one after `model_not_found`.
    pub async fn ask(&self, request: &UpstreamRequest, log: &AttemptLog) -> Result<Answer, ApiError> {
        let mut secret = self.secret.current().await.ok_or(ApiErrorKind::SecretUnavailable)?;
        let has_key = secret.api_key.is_some();
        let mut targets = targets::list(&self.config, has_key, &request.chat.model, &self.memory);
        let mut state = RetryState { max_retries: self.config.max_retries, ..RetryState::default() };
        let mut reported = ApiError::from(ApiErrorKind::Internal);
        let mut may_report = true;
        while let Some(&target) = targets.last() {
            let mut adjustments = self.memory.adjustments(target.model);
            loop {
                let attempt = Attempt {
                    config: &self.config,
                    client: &self.client,
                    target,
                    request,
                    adjustments: &adjustments,
                    has_another: targets.len() > 1,
                    log,
                };
                let error = match attempt.run(request.headers(&self.config, &target, &secret)).await {
                    Ok(answer) => return Ok(answer),
                    Err(error) => error,
                };
                log.lock().gateway_code = error.gateway_code;
                let is_model_not_found = error.class == ModelNotFound;
                if is_model_not_found {
                    let is_primary_base = target.is_primary_base;
                    self.memory.remember(target.model, Fact::Retired { is_primary_base });
                }
                if may_report {
                    reported = error.api_error();
                }
                let name = match (error.class, error.param.as_deref(), error.status) {
                    (UnsupportedParameter, Some(name), _) => Some(name),
                    // Other gateways word it otherwise and name no parameter. It may be the one that was added.
                    (Refused | UnsupportedParameter, None, 400 | 422) => Some("reasoning_effort"),
                    _ => None,
                };
                let adjustment = name.and_then(|name| request.chat.adjust(name, target.model, &adjustments));
                let left = request.deadline.saturating_duration_since(Instant::now());
                let decide = |state: &_| retry::decide(&error, state, adjustment, left, fastrand::f64());
                let mut decision = decide(&state);
                if decision == Decision::RefreshKey {
                    state.key_refreshed = true;
                    let newer = self.secret.replace(&secret, OpenAiSecret::differs_for_gateway).await;
                    if let Some(newer) = newer {
                        secret = newer;
                        continue;
                    }
                    decision = decide(&state);
                }
                match decision {
                    Decision::RetryAfter(pause) => {
                        state.retries += 1;
                        log.lock().retries += 1;
                        sleep(pause).await;
                    }
                    Decision::Adjust(parameter) => {
                        state.adjusted += 1;
                        adjustments.insert(parameter);
                        self.memory.remember(target.model, Fact::Refuses(parameter));
                    }
                    _ => {
                        may_report &= state.past_first_target || is_model_not_found;
                        targets::advance(&mut targets, decision);
                        break;
                    }
                }
            }
            log.lock().fallback |= !targets.is_empty();
            state = RetryState { past_first_target: true, retries: 0, adjusted: 0, ..state };
        }
        reported.param = reported.param.filter(|param| request.chat.has_place(param));
        Err(reported)
    }
}
