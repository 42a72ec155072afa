//! The four calls of the [Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).

use super::response::response_body;
use crate::{invocation::Invocation, reply::Reply};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper_util::client::legacy::connect::HttpConnector;
use lambda_runtime::Diagnostic;
use lambda_runtime_api_client::{BoxError, PooledClient, body::Body, build_request};
use std::{
    fmt,
    time::{Duration, SystemTime},
};

const INVOCATION_ID: &str = "lambda-runtime-invocation-id";

/// A client of the Runtime API.
#[derive(Debug)]
pub struct RuntimeApi {
    endpoint: Uri,
    client: PooledClient,
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
    /// The error and all that caused it: hyper's own words are "connection error" and no more.
    fn new(error: &BoxError) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text += &format!(": {error}");
            cause = error.source();
        }
        Self(text)
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
        if endpoint.authority().is_none() {
            return Err(RuntimeError(format!("AWS_LAMBDA_RUNTIME_API names no host: {address:?}")));
        }
        Ok(Self::with_endpoint(endpoint))
    }

    /// The same for another thread, over connections of its own.
    pub fn for_thread(&self) -> Self {
        Self::with_endpoint(self.endpoint.clone())
    }

    fn with_endpoint(endpoint: Uri) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = PooledClient::builder().with_connector(connector).with_endpoint(endpoint.clone());
        Self { endpoint, client: client.build() }
    }

    /// Waits for the next invocation. `None` when there is none yet, as emulators say now and then.
    ///
    /// # Errors
    /// When the Runtime API can't be reached or answers with something else.
    pub async fn next(&self) -> Result<Option<(Invocation, Ticket)>, RuntimeError> {
        let response = self.call(Method::GET, "next", HeaderMap::new(), Body::empty()).await?;
        let (parts, body) = response.into_parts();
        let event = body.collect().await.map_err(|error| RuntimeError::new(&error.into()))?.to_bytes();
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
        let mut headers = HeaderMap::new();
        headers.insert("lambda-runtime-function-response-mode", HeaderValue::from_static("streaming"));
        headers.insert(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("application/vnd.awslambda.http-integration-response"),
        );
        headers.extend(
            ticket.invocation_id.clone().map(|id| (http::HeaderName::from_static(INVOCATION_ID), id)),
        );
        let path = format!("{}/response", ticket.request_id);
        let response = self.call(Method::POST, &path, headers, Body::new(response_body(reply))).await?;
        let status = response.status();
        // Read to its end, or the connection is lost to the next call.
        let _ = response.into_body().collect().await;
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
        let diagnostic = Diagnostic {
            error_type: "Runtime.BadConfiguration".to_owned(),
            error_message: message.to_owned(),
        };
        let body = serde_json::to_vec(&diagnostic).unwrap_or_default();
        let request = build_request()
            .method(Method::POST)
            .uri("/2018-06-01/runtime/init/error")
            .header("lambda-runtime-function-error-type", "Runtime.BadConfiguration")
            .body(Body::from(body));
        self.send(request).await.map(drop)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Body,
    ) -> Result<Response<impl http_body::Body<Data = bytes::Bytes, Error: Into<BoxError>>>, RuntimeError>
    {
        let uri = format!("/2018-06-01/runtime/invocation/{path}");
        let mut request = build_request().method(method).uri(uri);
        if let Some(all) = request.headers_mut() {
            all.extend(headers);
        }
        self.send(request.body(body)).await
    }

    async fn send(
        &self,
        request: http::Result<Request<Body>>,
    ) -> Result<Response<impl http_body::Body<Data = bytes::Bytes, Error: Into<BoxError>>>, RuntimeError>
    {
        let request = request.map_err(|error| RuntimeError::new(&error.into()))?;
        self.client.call(request).await.map_err(|error| RuntimeError::new(&error))
    }
}
