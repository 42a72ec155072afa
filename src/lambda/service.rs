//! Answers invocations in place of `lambda_runtime`'s own service.

use super::{
    event,
    response_body::{Progress, StreamedBody},
};
use crate::{
    app::{App, RequestContext},
    error::{ApiError, ApiErrorKind},
    response::ResponseBody,
};
use http::{HeaderValue, Method, Request, Response, header::CONTENT_TYPE};
use lambda_runtime::{
    LambdaInvocation,
    tower::{Layer, Service},
};
use lambda_runtime_api_client::{BoxError, PooledClient, body::Body, build_request};
use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// X-Ray's trace ids have 35 characters.
const MAX_TRACE_BYTES: usize = 64;
const INVOCATION_ID: &str = "lambda-runtime-invocation-id";

/// Replaces the runtime's service.
pub struct ReplaceService(pub InvocationService);

impl<S> Layer<S> for ReplaceService {
    type Service = InvocationService;

    fn layer(&self, _: S) -> InvocationService {
        self.0.clone()
    }
}

/// Answers invocations.
#[derive(Clone)]
pub struct InvocationService {
    app: Arc<App>,
    api: Arc<PooledClient>,
    /// An invocation came since the flag was last cleared.
    pub has_served: Arc<AtomicBool>,
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
    /// A service that sends its responses through `api`.
    pub fn new(app: App, api: Arc<PooledClient>) -> Self {
        Self { app: Arc::new(app), api, has_served: Arc::default() }
    }

    async fn answer(&self, invocation: LambdaInvocation) -> Result<(), String> {
        let LambdaInvocation { parts, body, context } = invocation;
        let request = catch_unwind(AssertUnwindSafe(|| event::request(body)));
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
        let answer = self.api.call(request).await.map_err(|error| error.to_string())?;
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
#[path = "service_tests.rs"]
mod tests;
