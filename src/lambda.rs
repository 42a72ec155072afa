//! Lambda: the only module that knows it. `lambda_runtime` polls for invocations; the service here answers them.
//!
//! `lambda_runtime` 1.5 would send responses with Nagle's algorithm on (the first token waits 42 ms), pass every
//! write through a channel, and end the process when Lambda drops one response. [`ReplaceService`] therefore drops
//! the runtime's own service and puts [`InvocationService`] in its place, which sends responses through a client
//! with `TCP_NODELAY`. `docs/architecture.md` names the sources and says what to delete once upstream sets it.

mod event;
mod response_body;

use crate::{
    app::{App, RequestContext},
    error::{ApiError, ApiErrorKind},
    response::ResponseBody,
};
use futures_util::FutureExt;
use http::{HeaderValue, Method, Request, Response, header::CONTENT_TYPE};
use hyper_util::client::legacy::connect::HttpConnector;
use lambda_runtime::{LambdaEvent, LambdaInvocation, Runtime, service_fn, tower};
use lambda_runtime_api_client::{BoxError, PooledClient, body::Body, build_request};
use response_body::{Progress, StreamedBody};
use serde::de::IgnoredAny;
use serde_json::json;
use std::{
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::sleep;
use tower::{Layer, Service};

/// The variables without which `Runtime::new` panics. Lambda and its emulators set them.
const REQUIRED: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
];
/// The Runtime API is a process on the same machine. After this many failures in a row the environment is gone.
const MAX_FAILURES: u32 = 3;
const FAILURE_PAUSE: Duration = Duration::from_millis(50);
/// X-Ray's trace ids have 35 characters.
const MAX_TRACE_BYTES: usize = 64;
const INVOCATION_ID: &str = "lambda-runtime-invocation-id";
const BAD_CONFIGURATION: &str = "Runtime.BadConfiguration";

/// Why the process cannot serve Lambda.
#[derive(Debug, thiserror::Error)]
pub enum LambdaError {
    /// A variable that Lambda sets is missing.
    #[error(
        "{0} is not set: Lambda or `cargo lambda watch` starts this program; on its own, try `cargo run --example local`"
    )]
    NotStartedByLambda(&'static str),
    /// `AWS_LAMBDA_RUNTIME_API` is not a host and a port.
    #[error("AWS_LAMBDA_RUNTIME_API is not an address")]
    BadAddress,
    /// The Runtime API failed several times in a row.
    #[error("the Runtime API is gone: {0}")]
    Gone(String),
}

/// The connection to Lambda's Runtime API.
#[derive(Clone)]
pub struct RuntimeApi(Arc<PooledClient>);

impl RuntimeApi {
    /// Connects to the Runtime API that `lookup`, the environment, names.
    ///
    /// # Errors
    /// [`LambdaError::NotStartedByLambda`] and [`LambdaError::BadAddress`].
    pub fn new(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, LambdaError> {
        // `Runtime::new` also panics at a memory size that is not a number.
        let is_usable = |name: &str, value: &str| !name.ends_with("_SIZE") || value.parse::<i32>().is_ok();
        let is_missing = |name: &&str| lookup(name).is_none_or(|value| !is_usable(name, &value));
        if let Some(missing) = REQUIRED.into_iter().find(is_missing) {
            return Err(LambdaError::NotStartedByLambda(missing));
        }
        let address: http::Uri =
            lookup(REQUIRED[0]).and_then(|text| text.parse().ok()).ok_or(LambdaError::BadAddress)?;
        if address.host().is_none_or(str::is_empty) {
            return Err(LambdaError::BadAddress);
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Ok(Self(Arc::new(PooledClient::builder().with_endpoint(address).with_connector(connector).build())))
    }

    /// Reports that the function cannot start.
    ///
    /// # Errors
    /// A Runtime API that cannot be reached.
    pub async fn init_error(&self, message: &str) -> Result<(), BoxError> {
        let body = json!({"errorType": BAD_CONFIGURATION, "errorMessage": message}).to_string();
        let request = build_request()
            .method(Method::POST)
            .uri("/2018-06-01/runtime/init/error")
            .header("lambda-runtime-function-error-type", BAD_CONFIGURATION)
            .body(Body::from(body))?;
        self.0.call(request).await.map(drop)
    }

    /// Serves invocations until the Runtime API is gone. `AWS_LAMBDA_MAX_CONCURRENCY` says how many at once.
    pub async fn serve(self, app: App) -> LambdaError {
        let has_served = Arc::new(AtomicBool::new(false));
        let service =
            InvocationService { app: Arc::new(app), api: self, has_served: Arc::clone(&has_served) };
        let mut failures = 0;
        loop {
            let never_called = |_: LambdaEvent<IgnoredAny>| async { Ok::<(), BoxError>(()) };
            let runtime = Runtime::new(service_fn(never_called)).layer(ReplaceService(service.clone()));
            // The loop ends at the first failed poll, and panics at a response without Lambda's headers, such as the
            // 204 of emulators that have no invocation yet.
            let ended = AssertUnwindSafe(runtime.run_concurrent()).catch_unwind().await;
            let reason = match ended {
                Ok(Ok(())) => "the loop ended".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "a response without Lambda's headers".to_owned(),
            };
            failures = if has_served.swap(false, Ordering::Relaxed) { 1 } else { failures + 1 };
            if failures == MAX_FAILURES {
                return LambdaError::Gone(reason);
            }
            tracing::warn!(event = "runtime_api", reason);
            sleep(FAILURE_PAUSE).await;
        }
    }
}

/// Replaces the runtime's service.
struct ReplaceService(InvocationService);

impl<S> Layer<S> for ReplaceService {
    type Service = InvocationService;

    fn layer(&self, _: S) -> InvocationService {
        self.0.clone()
    }
}

/// Answers invocations.
#[derive(Clone)]
struct InvocationService {
    app: Arc<App>,
    api: RuntimeApi,
    has_served: Arc<AtomicBool>,
}

impl Service<LambdaInvocation> for InvocationService {
    type Response = ();
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            service.has_served.store(true, Ordering::Relaxed);
            let request_id = invocation.context.request_id.clone();
            // Lambda or the caller dropped this response. The next invocation is independent of it.
            if let Err(reason) = service.answer(invocation).await {
                tracing::warn!(event = "response_dropped", request_id, reason);
            }
            Ok(())
        })
    }
}

impl InvocationService {
    async fn answer(&self, invocation: LambdaInvocation) -> Result<(), String> {
        let LambdaInvocation { parts, body, context } = invocation;
        let request = std::panic::catch_unwind(|| event::request(&body));
        drop(body); // up to 6 MB, which the answer does not need
        let invocation_id = parts.headers.get(INVOCATION_ID).cloned();
        let context = RequestContext {
            trace_id: context.xray_trace_id.as_deref().and_then(trace_id).map(str::to_owned),
            time_left: time_left(Duration::from_millis(context.deadline)),
            request_id: context.request_id,
        };
        let response = match request {
            Ok(Some(request)) => self.app.handle(request, &context).await,
            Ok(None) => {
                let error = ApiError::from(ApiErrorKind::InvalidJson);
                let error = error.with_message("The event is not an HTTP request.");
                self.app.reject(&error, &context)
            }
            // A header map panics when an event has more headers than it can hold.
            Err(_) => self.app.reject(&ApiErrorKind::Internal.into(), &context),
        };
        self.send(&context.request_id, invocation_id, response).await
    }

    /// Sends a response and waits until it is taken to its end.
    async fn send(
        &self,
        request_id: &str,
        invocation_id: Option<HeaderValue>,
        response: Response<ResponseBody>,
    ) -> Result<(), String> {
        let (body, progress) = StreamedBody::new(response);
        let mut request =
            streamed_response(request_id, Body::new(body)).map_err(|error| error.to_string())?;
        if let Some(id) = invocation_id {
            request.headers_mut().insert(INVOCATION_ID, id);
        }
        let Progress { ended, cancel } = progress;
        let answer = self.api.0.call(request).await.map_err(|error| error.to_string())?;
        if !answer.status().is_success() {
            // Dropping the body closes the gateway's connection.
            drop(cancel);
            return Err(format!("the Runtime API answered {}", answer.status().as_u16()));
        }
        // Emulators accept a response before its end.
        let _ = ended.await;
        drop(cancel);
        Ok(())
    }
}

/// The request of [response streaming][guide].
///
/// [guide]: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
fn streamed_response(request_id: &str, body: Body) -> Result<Request<Body>, http::Error> {
    build_request()
        .method(Method::POST)
        .uri(format!("/2018-06-01/runtime/invocation/{request_id}/response"))
        .header(CONTENT_TYPE, "application/vnd.awslambda.http-integration-response")
        .header("lambda-runtime-function-response-mode", "streaming")
        .body(body)
}

/// The time until `Lambda-Runtime-Deadline-Ms`, which counts from 1970. cargo-lambda's emulator sends a duration.
fn time_left(deadline: Duration) -> Duration {
    let longest_duration = Duration::from_secs(24 * 60 * 60);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    if deadline <= longest_duration { deadline } else { deadline.saturating_sub(now) }
}

/// The root of X-Ray's header (`Root=…;Parent=…;Sampled=…`), which is the same for all services of a request.
fn trace_id(header: &str) -> Option<&str> {
    let root = header.split(';').find_map(|part| part.trim().strip_prefix("Root="))?;
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (!root.is_empty() && root.len() <= MAX_TRACE_BYTES && root.bytes().all(is_valid)).then_some(root)
}

#[cfg(test)]
mod tests;
