//! The four calls of the [Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).

use super::{
    connection::{Connection, Response},
    framing::write_chunk,
    prelude::{SEPARATOR, prelude},
};
use crate::{
    invocation::Invocation,
    reply::{Reply, ReplyBody},
};
use http::Uri;
use serde::Serialize;
use std::{
    fmt, io,
    time::{Duration, SystemTime},
};

const BAD_CONFIGURATION: &str = "Runtime.BadConfiguration";
const INVOCATION_ID: &str = "lambda-runtime-invocation-id";
/// What an invocation is described by, in fields of the response that brings it.
const FIELDS: [&str; 4] =
    ["lambda-runtime-aws-request-id", "lambda-runtime-deadline-ms", "lambda-runtime-trace-id", INVOCATION_ID];
/// Room for a request's head, and for a prelude and a token after it.
const USUAL_BYTES: usize = 2048;
const STREAMED: &str = "lambda-runtime-function-response-mode: streaming\r\n\
    content-type: application/vnd.awslambda.http-integration-response\r\ntransfer-encoding: chunked\r\n";

/// A client of the Runtime API, over one connection that is kept from call to call.
pub struct RuntimeApi {
    /// Host and port.
    address: String,
    /// What stands before the names of the calls.
    base: String,
    /// The fields that every request has.
    common: String,
    connection: Option<Connection>,
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
    invocation_id: Option<String>,
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

impl From<io::Error> for RuntimeError {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
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
        let named = endpoint.authority().filter(|authority| !authority.host().is_empty());
        let authority = named
            .ok_or_else(|| RuntimeError(format!("AWS_LAMBDA_RUNTIME_API names no host: {address:?}")))?;
        Ok(Self {
            address: format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80)),
            // Emulators have it under a path of their own.
            base: format!("{}/2018-06-01/runtime", endpoint.path().trim_end_matches('/')),
            common: format!("host: {authority}\r\nuser-agent: gptdock/{}\r\n", env!("CARGO_PKG_VERSION")),
            connection: None,
        })
    }

    /// The same over a connection of its own.
    pub fn another(&self) -> Self {
        let (address, base, common) = (self.address.clone(), self.base.clone(), self.common.clone());
        Self { address, base, common, connection: None }
    }

    /// Waits for the next invocation. `None` when there is none yet, as emulators say now and then.
    ///
    /// # Errors
    /// When the Runtime API can't be reached or answers with something else.
    pub async fn next(&mut self) -> Result<Option<(Invocation, Ticket)>, RuntimeError> {
        let request = self.head("GET", "invocation/next", "");
        let response = self.call(request, None).await?;
        match response.status {
            204 => return Ok(None),
            _ if response.is_success() => {}
            status => return Err(RuntimeError(format!("/invocation/next answered {status}"))),
        }
        let missing = || RuntimeError("/invocation/next named no request or no deadline".to_owned());
        let [request_id, deadline, trace_id, invocation_id] = response.values;
        // It becomes part of a path.
        let is_plain = |id: &String| id.bytes().all(|byte| byte.is_ascii_graphic());
        let request_id = request_id.filter(is_plain).ok_or_else(missing)?;
        let deadline = deadline.and_then(|text| text.parse().ok()).ok_or_else(missing)?;
        let ticket = Ticket { request_id: request_id.clone(), invocation_id };
        let deadline = moment(Duration::from_millis(deadline));
        Ok(Some((Invocation { request_id, deadline, trace_id, event: response.body }, ticket)))
    }

    /// Sends a reply, write by write, and waits until it is taken. Prelude, separator and first event leave in one
    /// write, but each is a chunk of its own, because cargo-lambda's emulator looks for the separator at the start of
    /// one.
    ///
    /// # Errors
    /// When the Runtime API lets go of the response or refuses it.
    pub async fn respond(&mut self, ticket: &Ticket, reply: Reply) -> Result<(), RuntimeError> {
        let id = ticket.invocation_id.as_ref();
        let id = id.map(|id| format!("{INVOCATION_ID}: {id}\r\n")).unwrap_or_default();
        let path = format!("invocation/{}/response", ticket.request_id);
        let mut request = self.head("POST", &path, &[STREAMED, &id].concat());
        write_chunk(&prelude(reply.status, &reply.headers), &mut request);
        write_chunk(SEPARATOR, &mut request);
        let response = self.call(request, Some(reply.body)).await?;
        if response.is_success() {
            Ok(())
        } else {
            Err(RuntimeError(format!("the response was answered {}", response.status)))
        }
    }

    /// Tells Lambda that the function can't start.
    ///
    /// # Errors
    /// When the Runtime API can't be told.
    pub async fn init_error(&mut self, message: &str) -> Result<(), RuntimeError> {
        let diagnostic = Diagnostic { error_type: BAD_CONFIGURATION, error_message: message };
        let body = serde_json::to_vec(&diagnostic).unwrap_or_default();
        let length = body.len();
        let fields = format!(
            "lambda-runtime-function-error-type: {BAD_CONFIGURATION}\r\ncontent-length: {length}\r\n"
        );
        let mut request = self.head("POST", "init/error", &fields);
        request.extend_from_slice(&body);
        self.call(request, None).await.map(drop)
    }

    fn head(&self, method: &str, path: &str, fields: &str) -> Vec<u8> {
        let Self { base, common, .. } = self;
        let mut head = Vec::with_capacity(USUAL_BYTES);
        for part in [method, " ", base, "/", path, " HTTP/1.1\r\n", common, fields, "\r\n"] {
            head.extend_from_slice(part.as_bytes());
        }
        head
    }

    async fn call(&mut self, request: Vec<u8>, body: Option<ReplyBody>) -> Result<Response<4>, RuntimeError> {
        let kept = match self.connection.take() {
            Some(mut kept) => kept.is_idle().await.then_some(kept),
            None => None,
        };
        let mut connection = match kept {
            Some(kept) => kept,
            None => Connection::open(&self.address).await?,
        };
        let response = connection.call(request, body, FIELDS).await?;
        self.connection = Some(connection).filter(|_| response.keeps_alive && response.is_success());
        Ok(response)
    }
}
