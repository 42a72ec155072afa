//! The application: an HTTP request in, an HTTP response out. It knows nothing of Lambda.
//!
//! The order is: route, authentication, body, gateway, response. The status of a stream waits for the first event.

use crate::{
    api_format::{AnswerId, ApiFormat},
    auth::{AuthError, Authenticator, Credentials},
    caller::Caller,
    chat::{self, ChatRequest},
    config::Config,
    error::{ApiError, ApiErrorKind},
    gateway::{Answer, Gateway, Metadata, OpenAnswer, UpstreamRequest},
    http_client,
    response::{self, ResponseBody},
    routes::{Route, api_format},
    secrets::Secrets,
    stream::{Opening, Source, StreamBody, StreamLimits, StreamState},
    telemetry::{AttemptLog, RequestLog},
};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, Request, Response};
use serde_json::json;
use std::{
    error::Error,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
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

/// One request on its way.
struct Passage<'a> {
    context: &'a RequestContext,
    format: ApiFormat,
    started: Instant,
    /// When the answer must have ended.
    deadline: Instant,
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
        let gateway = Arc::new(Gateway::new(
            config.gateway.clone(),
            client,
            secrets.openai.clone(),
            config.models().cloned().collect(),
        ));
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
        let started = Instant::now();
        let deadline = started + context.time_left.saturating_sub(self.config.stream.deadline_margin);
        let format = api_format(request.uri().path());
        let passage = Passage { context, format, started, deadline };
        let served = AssertUnwindSafe(self.serve(request, &passage, &mut log)).catch_unwind().await;
        match served.unwrap_or_else(|_| Err(ApiErrorKind::Internal.into())) {
            Ok(Served::Stream(headers, state, source)) => {
                response::stream(headers, StreamBody::new(*state, source, log), &context.request_id)
            }
            Ok(Served::Json(headers, body)) => {
                log.replied(body.len());
                response::json(headers, body, &context.request_id)
            }
            Err(error) => Self::fail(log, &error, format, context),
        }
    }

    /// Answers a request that cannot be read as HTTP.
    pub fn reject(&self, error: &ApiError, context: &RequestContext) -> Response<ResponseBody> {
        Self::fail(self.request_log(context), error, ApiFormat::ChatGptWeb, context)
    }

    fn fail(
        mut log: RequestLog,
        error: &ApiError,
        format: ApiFormat,
        context: &RequestContext,
    ) -> Response<ResponseBody> {
        log.failed(error);
        response::error(error, format, &context.request_id)
    }

    fn request_log(&self, context: &RequestContext) -> RequestLog {
        let is_cold = self.is_cold.swap(false, Ordering::Relaxed);
        RequestLog::new(&context.request_id, context.trace_id.clone(), is_cold)
    }

    async fn serve(
        &self,
        request: Request<RequestBody>,
        passage: &Passage<'_>,
        log: &mut RequestLog,
    ) -> Result<Served, ApiError> {
        let route = Route::find(request.method().as_str(), request.uri().path())?;
        log.facts.route = route.path();
        let whole = |json: serde_json::Value| Ok(Served::Json(HeaderMap::new(), json.to_string().into()));
        if route == Route::Health {
            return whole(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}));
        }
        let caller = self.authenticate(&request, log).await?;
        if route == Route::Models {
            return whole(chat::list_models(&self.config.chat));
        }
        let body = request.into_body()?;
        if body.is_empty() {
            return Err(ApiError::from(ApiErrorKind::InvalidJson).with_message("The request body is empty."));
        } else if body.len() > self.config.max_body_bytes {
            return Err(ApiErrorKind::TooLarge.into());
        }
        let chat = ChatRequest::parse(body, passage.format, &self.config.chat)?;
        log.asks_for(&chat.model, self.config.models().any(|model| *model == chat.model));
        let trace_id = passage.context.trace_id.as_deref();
        let metadata = Metadata::new(&caller, &passage.context.request_id, route.path(), trace_id);
        let request = UpstreamRequest { chat, metadata, deadline: passage.deadline };
        match request.chat.stream {
            true => self.stream(request, passage, log.attempts()).await,
            false => self.json(&request, &log.attempts()).await,
        }
    }

    async fn authenticate(
        &self,
        request: &Request<RequestBody>,
        log: &mut RequestLog,
    ) -> Result<Caller, ApiError> {
        let long_query = request.extensions().get::<LongQuery>();
        let query = long_query.map_or(request.uri().query().unwrap_or_default(), |query| &query.0);
        let credentials = Credentials { query, headers: request.headers() };
        match self.authenticator.authenticate(&credentials, SystemTime::now()).await {
            Ok(caller) => {
                log.facts.caller = caller.clone();
                Ok(caller)
            }
            Err(AuthError::Denied(reason)) => {
                log.facts.reason = Some(reason);
                Err(ApiErrorKind::Unauthorized.into())
            }
            Err(AuthError::Unavailable) => Err(ApiErrorKind::SecretUnavailable.into()),
        }
    }

    async fn json(&self, request: &UpstreamRequest, log: &AttemptLog) -> Result<Served, ApiError> {
        let answer = timeout_at(request.deadline, self.gateway.ask(request, log)).await;
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
        passage: &Passage<'_>,
        log: Arc<AttemptLog>,
    ) -> Result<Served, ApiError> {
        let limits = StreamLimits {
            keep_alive: self.config.stream.keep_alive,
            idle: self.config.stream.idle,
            deadline: passage.deadline,
        };
        let answer = AnswerId {
            id: format!("chatcmpl-{}", passage.context.request_id),
            created: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
            model: request.chat.model.clone(),
        };
        let (choices, now) = (request.chat.choices, passage.started);
        let mut state = Box::new(StreamState::new(passage.format, answer, choices, limits, now));
        let mut opening = self.opening(request, log);
        let gate = (now + limits.keep_alive).min(passage.deadline);
        match timeout_at(gate, &mut opening).await {
            Ok(opened) => {
                let OpenAnswer { headers, model, events } = opened?;
                state.answered(&model, Instant::now());
                Ok(Served::Stream(headers, state, Source::Open(events)))
            }
            Err(_) if gate == passage.deadline => Err(ApiErrorKind::GatewayTimeout.into()),
            Err(_) => Ok(Served::Stream(HeaderMap::new(), state, Source::Opening(opening))),
        }
    }

    fn opening(&self, request: UpstreamRequest, log: Arc<AttemptLog>) -> Opening {
        let gateway = Arc::clone(&self.gateway);
        Box::pin(async move {
            match gateway.ask(&request, &log).await? {
                Answer::Stream(answer) => Ok(answer),
                Answer::Json(..) => Err(ApiErrorKind::Internal.into()),
            }
        })
    }
}
