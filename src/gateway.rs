//! The gateway: which targets there are, how each is asked, and what happens when one fails.
//!
//! A target is a base URL and a model. [`Gateway::ask`] asks one after the other, as `retry` decides, until one
//! answers. It follows [OpenAI's API reference][openai] and [Cloudflare's headers for AI Gateway][cloudflare].
//!
//! [openai]: https://platform.openai.com/docs/api-reference/chat/create
//! [cloudflare]: https://developers.cloudflare.com/ai-gateway/glossary/

mod attempt;
mod completion;
mod error_class;
mod error_object;
mod error_response;
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
pub use error_class::ErrorClass;
pub use error_response::ErrorResponse;
pub use upstream_error::UpstreamError;

use crate::{
    config::GatewayConfig,
    error::{ApiError, ApiErrorKind},
    secrets::{Cached, OpenAiSecret},
    telemetry::AttemptLog,
};
use attempt::Attempt;
use model_memory::ModelMemory;
use retry::{Decision, RetryState};
use targets::Targets;
use tokio::time::{Instant, sleep};

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
        let mut targets = Targets::new(&self.config, has_key, &request.chat.model, &self.memory);
        let mut state = RetryState::new(self.config.max_retries);
        let mut reported = Reported::default();
        let adjustments_of = |targets: &Targets<'_>| {
            targets.current().map(|target| self.memory.adjustments(target.model)).unwrap_or_default()
        };
        let mut adjustments = adjustments_of(&targets);
        while let Some(target) = targets.current() {
            let lets_model_reason = request.chat.lets_model_reason(target.model, &adjustments);
            let attempt = Attempt {
                config: &self.config,
                client: &self.client,
                target: &target,
                request,
                lets_model_reason,
                has_another: targets.has_another(),
                log,
            };
            let headers = request.headers(&self.config, &target, &secret);
            let error = match attempt.run(headers, request.chat.render(target.model, &adjustments)).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if error.is_model_not_found() {
                self.memory.retire(target.is_primary_base, target.model);
            }
            if let UpstreamError::Response(response) = &error {
                log.lock().gateway_code = response.gateway_code;
            }
            reported.update(&error, &state);
            let adjustment = error.adjustment(&request.chat, target.model, &adjustments);
            let left = request.deadline.saturating_duration_since(Instant::now());
            let next = match retry::decide(&error, &state, adjustment, left, fastrand::f64()) {
                Decision::RetryAfter(pause) => {
                    state.retries += 1;
                    log.lock().retries += 1;
                    sleep(pause).await;
                    continue;
                }
                Decision::Adjust(parameter) => {
                    state.adjusted += 1;
                    adjustments.insert(parameter);
                    self.memory.adjust(target.model, parameter);
                    continue;
                }
                Decision::RefreshKey => {
                    state.key_refreshed = true;
                    match self.secret.replace(&secret, OpenAiSecret::differs_for_gateway).await {
                        Some(newer) => {
                            secret = newer;
                            continue;
                        }
                        None => retry::after_refused_key(&error),
                    }
                }
                Decision::Go(next) => Some(next),
                Decision::GiveUp => None,
            };
            match next {
                Some(next) if targets.advance(next) => {}
                _ => break,
            }
            adjustments = adjustments_of(&targets);
            log.lock().fallback = true;
            state = state.for_next_target();
        }
        Err(reported.into_error(request))
    }
}

/// The error that the caller will see.
#[derive(Default)]
struct Reported {
    error: Option<ApiError>,
    first_model_not_found: bool,
}

impl Reported {
    fn update(&mut self, error: &UpstreamError, state: &RetryState) {
        if !state.past_first_target {
            self.first_model_not_found = error.is_model_not_found();
        } else if !self.first_model_not_found {
            return;
        }
        self.error = Some(error.api_error());
    }

    fn into_error(self, request: &UpstreamRequest) -> ApiError {
        let mut error = self.error.unwrap_or_else(|| ApiErrorKind::Internal.into());
        error.param = error.param.filter(|param| request.chat.has_place(param));
        error
    }
}
