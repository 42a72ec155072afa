//! The four calls of the [Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).

use super::{
    connections::{BoxError, Connections, Outgoing},
    response::ResponseBody,
};
use crate::{causes::told_with_causes, invocation::Invocation, reply::Reply};
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri,
    header::{CONTENT_TYPE, USER_AGENT},
};
use http_body_util::Either;
use serde::Serialize;
use std::{
    fmt,
    time::{Duration, SystemTime},
};

const OURSELVES: HeaderValue = HeaderValue::from_static(concat!("gptdock/", env!("CARGO_PKG_VERSION")));
const RESPONSE_MODE: HeaderName = HeaderName::from_static("lambda-runtime-function-response-mode");
const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");
const BAD_CONFIGURATION: &str = "Runtime.BadConfiguration";
const INVOCATION_ID: HeaderName = HeaderName::from_static("lambda-runtime-invocation-id");

/// A client of the Runtime API.
#[derive(Debug)]
pub struct RuntimeApi {
    base: String,
    connections: Connections,
}

/// Why a function can't start, as Lambda wants it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Diagnostic<'a> {
    error_type: &'static str,
    error_message: &'a str,
}

/// What a response has to be sent with.
#[derive(Debug)]
pub struct Ticket {
    request_id: String,
    /// Sent back so that Lambda can tell a late response from the one it waits for.
    invocation_id: Option<HeaderValue>,
}

impl Ticket {
    /// The request that the response is for.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}

/// Why a call of the Runtime API failed.
#[derive(Debug)]
pub struct RuntimeError(String);

impl fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RuntimeError {}

impl From<String> for RuntimeError {
    fn from(reason: String) -> Self {
        Self(reason)
    }
}

impl RuntimeError {
    fn new(error: &BoxError) -> Self {
        Self(told_with_causes(error.as_ref()))
    }
}

/// The moment that `Lambda-Runtime-Deadline-Ms` means: milliseconds since 1970. cargo-lambda's emulator sends how
/// long there is instead, which would be long past.
fn moment(deadline: Duration) -> SystemTime {
    let longest = Duration::from_secs(24 * 60 * 60);
    if deadline <= longest { SystemTime::now() + deadline } else { SystemTime::UNIX_EPOCH + deadline }
}

impl RuntimeApi {
    /// A client for the address in `AWS_LAMBDA_RUNTIME_API`.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(address: &str) -> Result<Self, RuntimeError> {
        let endpoint: Uri = address
            .parse()
            .map_err(|_| RuntimeError(format!("AWS_LAMBDA_RUNTIME_API is no address: {address:?}")))?;
        let connections = Connections::new(&endpoint)
            .ok_or_else(|| RuntimeError(format!("AWS_LAMBDA_RUNTIME_API names no host: {address:?}")))?;
        // Emulators have it under a path of their own.
        let base = format!("{}/2018-06-01/runtime", endpoint.path().trim_end_matches('/'));
        Ok(Self { base, connections })
    }

    /// The same for another thread, over connections of its own.
    pub fn for_thread(&self) -> Self {
        Self { base: self.base.clone(), connections: self.connections.others() }
    }

    /// Waits for the next invocation. `None` when there is none yet, as emulators say now and then.
    ///
    /// # Errors
    /// When the Runtime API can't be reached or answers with something else.
    pub async fn next(&self) -> Result<Option<(Invocation, Ticket)>, RuntimeError> {
        let request = self.request(Method::GET, "invocation/next", Bytes::new())?;
        let (parts, event) = self.call(request).await?.into_parts();
        match parts.status {
            StatusCode::NO_CONTENT => return Ok(None),
            status if !status.is_success() => {
                return Err(RuntimeError(format!("/invocation/next answered {status}")));
            }
            _ => {}
        }
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let missing = || RuntimeError("/invocation/next named no request or no deadline".to_owned());
        let request_id = text("lambda-runtime-aws-request-id").ok_or_else(missing)?;
        let deadline =
            text("lambda-runtime-deadline-ms").and_then(|text| text.parse().ok()).ok_or_else(missing)?;
        let ticket = Ticket {
            request_id: request_id.clone(),
            invocation_id: parts.headers.get(INVOCATION_ID).cloned(),
        };
        let invocation = Invocation {
            request_id,
            deadline: moment(Duration::from_millis(deadline)),
            trace_id: text("lambda-runtime-trace-id"),
            event,
        };
        Ok(Some((invocation, ticket)))
    }

    /// Sends a reply, write by write, and waits until it is taken.
    ///
    /// # Errors
    /// When the Runtime API lets go of the response or refuses it.
    pub async fn respond(&self, ticket: &Ticket, reply: Reply) -> Result<(), RuntimeError> {
        let path = format!("invocation/{}/response", ticket.request_id);
        let request = self.request(Method::POST, &path, Bytes::new())?;
        let mut request = request.map(|_| Either::Right(ResponseBody::new(reply)));
        let headers = request.headers_mut();
        headers.insert(RESPONSE_MODE, HeaderValue::from_static("streaming"));
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/vnd.awslambda.http-integration-response"),
        );
        headers.extend(ticket.invocation_id.clone().map(|id| (INVOCATION_ID, id)));
        let status = self.call(request).await?.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(RuntimeError(format!("the response was answered {status}")))
        }
    }

    /// Tells Lambda that the function can't start.
    ///
    /// # Errors
    /// When the Runtime API can't be told.
    pub async fn init_error(&self, message: &str) -> Result<(), RuntimeError> {
        let diagnostic = Diagnostic { error_type: BAD_CONFIGURATION, error_message: message };
        let body = serde_json::to_vec(&diagnostic).unwrap_or_default();
        let mut request = self.request(Method::POST, "init/error", body.into())?;
        request.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(BAD_CONFIGURATION));
        self.call(request).await.map(drop)
    }

    fn request(&self, method: Method, path: &str, body: Bytes) -> Result<Request<Outgoing>, RuntimeError> {
        let request = Request::builder().method(method).uri(format!("{}/{path}", self.base));
        let request = request.header(USER_AGENT, OURSELVES).body(Either::Left(body.into()));
        request.map_err(|error| RuntimeError::new(&error.into()))
    }

    async fn call(&self, request: Request<Outgoing>) -> Result<Response<Bytes>, RuntimeError> {
        self.connections.call(request).await.map_err(|error| RuntimeError::new(&error))
    }
}
