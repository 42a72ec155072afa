//! Answers invocations in place of `lambda_runtime`'s own service.

use super::event;
use crate::{
    app::{App, RequestContext},
    error::{ApiError, ApiErrorKind},
    response::ResponseBody,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderName, Method, Response, header::CONTENT_TYPE};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use lambda_runtime::LambdaInvocation;
use lambda_runtime_api_client::{BoxError, PooledClient, body::Body, build_request};
use serde_json::json;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{collections::BTreeMap, io, sync::Arc};
use tokio::sync::oneshot;

/// X-Ray's trace ids have 35 characters.
const MAX_TRACE_BYTES: usize = 64;
const INVOCATION_ID: HeaderName = HeaderName::from_static("lambda-runtime-invocation-id");

/// Answers invocations.
pub struct InvocationService {
    app: App,
    api: Arc<PooledClient>,
    /// An invocation came since the flag was last cleared.
    pub has_served: AtomicBool,
}

impl InvocationService {
    /// A service that sends its responses through `api`.
    pub fn new(app: App, api: Arc<PooledClient>) -> Self {
        Self { app, api, has_served: AtomicBool::new(false) }
    }

    /// Answers an invocation.
    pub async fn call(&self, invocation: LambdaInvocation) -> Result<(), BoxError> {
        self.has_served.store(true, Ordering::Relaxed);
        let request_id = invocation.context.request_id.clone();
        // Lambda or the caller dropped this response. The next invocation is independent of it.
        if let Err(reason) = self.answer(invocation).await {
            tracing::warn!(event = "response_dropped", request_id, reason);
        }
        Ok(())
    }

    /// Answers by [response streaming][guide], and waits until the response is taken to its end.
    ///
    /// [guide]: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
    async fn answer(&self, invocation: LambdaInvocation) -> Result<(), String> {
        let LambdaInvocation { parts, body, context } = invocation;
        let request = catch_unwind(AssertUnwindSafe(|| event::request(body)));
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
        let (body, ended) = streamed(response);
        let mut request = build_request()
            .method(Method::POST)
            .uri(format!("/2018-06-01/runtime/invocation/{}/response", context.request_id))
            .header(CONTENT_TYPE, "application/vnd.awslambda.http-integration-response")
            .header("lambda-runtime-function-response-mode", "streaming")
            .body(body)
            .map_err(|error| error.to_string())?;
        let invocation_id = parts.headers.get(INVOCATION_ID).cloned();
        request.headers_mut().extend(invocation_id.map(|id| (INVOCATION_ID, id)));
        let answer = self.api.call(request).await.map_err(|error| error.to_string())?;
        if !answer.status().is_success() {
            // Dropping `ended` closes the gateway's connection.
            return Err(format!("the Runtime API answered {}", answer.status().as_u16()));
        }
        // Emulators accept a response before its end.
        let _ = ended.await;
        Ok(())
    }
}

/// The body towards the Runtime API: status and headers as JSON, eight NUL bytes, the response's body. They are ready
/// together and share one write, but each is a frame of its own: cargo-lambda's emulator looks for the NUL bytes at the
/// start of one. The receiver resolves when the body has been read to its end, or was dropped. Dropping the receiver
/// stops the body.
fn streamed(response: Response<ResponseBody>) -> (Body, oneshot::Receiver<()>) {
    let (progress, ended) = oneshot::channel::<()>();
    let (parts, body) = response.into_parts();
    // Lambda takes one text for each name. No response sets a header twice.
    let headers = parts.headers.iter();
    let headers: BTreeMap<_, _> =
        headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
    let prelude = json!({"statusCode": parts.status.as_u16(), "headers": headers, "cookies": []});
    let head = [prelude.to_string().into(), Bytes::from_static(&[0; 8])];
    let frames = stream::unfold(Some((body, progress)), |state| async {
        let (mut body, mut progress) = state?;
        tokio::select! {
            biased;
            // An error makes hyper close the connection instead of sending the rest.
            () = progress.closed() => Some((Err(io::ErrorKind::ConnectionAborted.into()), None)),
            frame = body.frame() => Some((frame?.map_err(|never| match never {}), Some((body, progress)))),
        }
    });
    let head = stream::iter(head.map(|bytes| Ok::<_, io::Error>(Frame::data(bytes))));
    (Body::new(StreamBody::new(head.chain(frames))), ended)
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
    let is_valid = root.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_valid && (1..=MAX_TRACE_BYTES).contains(&root.len())).then_some(root)
}

#[cfg(test)]
#[path = "service_tests.rs"]
mod tests;
