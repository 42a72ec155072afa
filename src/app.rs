//! The application: an HTTP request in, an HTTP response out. It knows nothing of Lambda.
//!
//! The order is: route, authentication, body, gateway, response. The status of a stream waits for the first event.

use crate::{
    api_format::{AnswerId, ApiFormat},
    auth::{AuthError, Authenticator, Credentials},
    chat::{self, ChatRequest},
    config::Config,
    error::{ApiError, ApiErrorKind},
    gateway::{Answer, Gateway, Metadata, OpenAnswer, UpstreamRequest},
    http_client,
    response::{self, ResponseBody},
    routes::{Route, api_format},
    secrets::Secrets,
    stream::{Opening, Source, StreamBody, StreamLimits, StreamState},
    telemetry::{Outcome, RequestLog},
};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, Request, Response};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{error::Error, panic::AssertUnwindSafe, sync::Arc};
use tokio::time::{Instant, timeout_at};

/// The body of a request, or the error that reading it brought. A caller without credentials sees 401 all the same.
pub type RequestBody = Result<Bytes, ApiError>;

/// The raw query of a request whose URI cannot hold it, as an extension of the request.
#[derive(Debug, Clone)]
pub struct LongQuery(pub String);

/// What the server around the application knows of a request.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The id that the caller sees as `x-request-id`.
    pub request_id: String,
    /// X-Ray's trace id.
    pub trace_id: Option<String>,
    /// How long the server lets the request run.
    pub time_left: Duration,
}

/// The application. One for the life of the process.
pub struct App {
    config: Config,
    authenticator: Authenticator,
    gateway: Arc<Gateway>,
    is_cold: AtomicBool,
}

/// An answer that is not an HTTP error.
enum Served {
    Json(HeaderMap, Bytes),
    Stream(HeaderMap, Box<StreamState>, Source),
}

impl App {
    /// Reads the secrets, fetches the key set and connects to the gateway, all at once. What cannot be read now is
    /// read again by the requests that need it.
    ///
    /// # Errors
    /// A TLS configuration that cannot be built.
    pub async fn start(config: Config) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let client = http_client::build(config.gateway.connect_timeout)?;
        let secrets = Secrets::new(&config, client.clone());
        let authenticator = Authenticator::new(&config, &secrets, client.clone());
        let (key, configured) = (secrets.openai.clone(), config.models().cloned().collect());
        let gateway = Arc::new(Gateway::new(config.gateway.clone(), client, key, configured));
        let connecting = Arc::clone(&gateway);
        // A slow gateway must not delay the start.
        tokio::spawn(async move { connecting.preconnect().await });
        // Its connection starts before the AWS client is built.
        tokio::task::yield_now().await;
        let _ = tokio::join!(secrets.openai.current(), authenticator.warm());
        Ok(Self { config, authenticator, gateway, is_cold: AtomicBool::new(true) })
    }

    /// Answers one request. Every failure, also a panic, becomes a response.
    pub async fn handle(
        &self,
        request: Request<RequestBody>,
        context: &RequestContext,
    ) -> Response<ResponseBody> {
        let mut log = self.request_log(context);
        let deadline = log.started + context.time_left.saturating_sub(self.config.deadline_margin);
        let format = api_format(request.uri().path());
        let served = AssertUnwindSafe(self.serve(request, format, deadline, &mut log)).catch_unwind().await;
        match served.unwrap_or_else(|_| Err(ApiErrorKind::Internal.into())) {
            Ok(Served::Stream(headers, state, source)) => {
                response::stream(headers, StreamBody::new(*state, source, log), &context.request_id)
            }
            Ok(Served::Json(headers, body)) => {
                log.facts.bytes = body.len() as u64;
                log.facts.outcome = Outcome::Replied;
                response::json(headers, body, &context.request_id)
            }
            Err(error) => Self::fail(log, &error, format),
        }
    }

    /// Answers a request that cannot be read as HTTP.
    pub fn reject(&self, error: &ApiError, context: &RequestContext) -> Response<ResponseBody> {
        Self::fail(self.request_log(context), error, ApiFormat::ChatGptWeb)
    }

    fn fail(mut log: RequestLog, error: &ApiError, format: ApiFormat) -> Response<ResponseBody> {
        log.facts.status = error.kind.status();
        log.facts.error = Some(error.clone());
        log.facts.outcome = Outcome::Failed;
        response::error(error, format, &log.facts.request_id)
    }

    fn request_log(&self, context: &RequestContext) -> RequestLog {
        let is_cold = self.is_cold.swap(false, Ordering::Relaxed);
        RequestLog::new(&context.request_id, context.trace_id.clone(), is_cold)
    }

    async fn serve(
        &self,
        request: Request<RequestBody>,
        format: ApiFormat,
        deadline: Instant,
        log: &mut RequestLog,
    ) -> Result<Served, ApiError> {
        let route = Route::find(request.method().as_str(), request.uri().path())?;
        log.facts.route = route.path();
        let whole = |json: serde_json::Value| Ok(Served::Json(HeaderMap::new(), json.to_string().into()));
        if route == Route::Health {
            return whole(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}));
        }
        let long_query = request.extensions().get::<LongQuery>();
        let query = long_query.map_or(request.uri().query().unwrap_or_default(), |query| &query.0);
        let credentials = Credentials { query, headers: request.headers() };
        let caller = self.authenticator.authenticate(&credentials, SystemTime::now()).await;
        log.facts.caller = caller.map_err(|error| match error {
            AuthError::Denied(reason) => {
                log.facts.reason = Some(reason);
                ApiErrorKind::Unauthorized
            }
            AuthError::Unavailable => ApiErrorKind::SecretUnavailable,
        })?;
        if route == Route::Models {
            return whole(chat::list_models(&self.config.chat));
        }
        let body = request.into_body()?;
        if body.is_empty() {
            return Err(ApiError::from(ApiErrorKind::InvalidJson).with_message("The request body is empty."));
        } else if body.len() > self.config.max_body_bytes {
            return Err(ApiErrorKind::TooLarge.into());
        }
        let chat = ChatRequest::parse(body, format, &self.config.chat)?;
        log.asks_for(&chat.model, self.config.models().any(|model| *model == chat.model));
        let facts = &log.facts;
        let trace_id = facts.trace_id.as_deref();
        let metadata = Metadata::new(&facts.caller, &facts.request_id, route.path(), trace_id);
        let request = UpstreamRequest { chat, metadata, deadline };
        if request.chat.stream {
            return self.stream(request, format, log).await;
        }
        let answer = timeout_at(deadline, self.gateway.ask(&request, &log.attempts)).await;
        match answer.map_err(|_| ApiErrorKind::GatewayTimeout)?? {
            Answer::Json(headers, body) => Ok(Served::Json(headers, body)),
            Answer::Stream(_) => Err(ApiErrorKind::Internal.into()),
        }
    }

    /// The first-event gate: the status waits for the first event, so that an early failure is an HTTP error, but
    /// only until the caller's connection would have been silent for too long.
    async fn stream(
        &self,
        request: UpstreamRequest,
        format: ApiFormat,
        log: &RequestLog,
    ) -> Result<Served, ApiError> {
        let (keep_alive, deadline) = (self.config.keep_alive, request.deadline);
        let limits = StreamLimits { keep_alive, idle: self.config.gateway.idle_timeout, deadline };
        let answer = AnswerId {
            id: format!("chatcmpl-{}", log.facts.request_id),
            created: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
            model: request.chat.model.clone(),
        };
        let mut state = Box::new(StreamState::new(format, answer, request.chat.choices, limits, log.started));
        let (gateway, attempts) = (Arc::clone(&self.gateway), Arc::clone(&log.attempts));
        let mut opening: Opening = Box::pin(async move {
            match gateway.ask(&request, &attempts).await? {
                Answer::Stream(answer) => Ok(answer),
                Answer::Json(..) => Err(ApiErrorKind::Internal.into()),
            }
        });
        let gate = (log.started + keep_alive).min(deadline);
        match timeout_at(gate, &mut opening).await {
            Ok(opened) => {
                let OpenAnswer { headers, model, events } = opened?;
                state.answered(&model, Instant::now());
                Ok(Served::Stream(headers, state, Source::Open(events)))
            }
            Err(_) if gate == deadline => Err(ApiErrorKind::GatewayTimeout.into()),
            Err(_) => Ok(Served::Stream(HeaderMap::new(), state, Source::Opening(opening))),
        }
    }
}
