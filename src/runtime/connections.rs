//! Connections to the Runtime API: HTTP/1.1 to a process on the same machine.

use super::response::ResponseBody;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header::HOST};
use http_body_util::{BodyExt, Either, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::{
    error::Error,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::{net::TcpStream, task::AbortHandle};

/// Why there is no response.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What a request carries: bytes that are there, or a reply that is written as it comes.
pub type Outgoing = Either<Full<Bytes>, ResponseBody>;

/// The connections of one thread: as many as it has calls at once, each kept for the next call.
#[derive(Debug)]
pub struct Connections {
    address: String,
    host: HeaderValue,
    idle: Mutex<Vec<Connection>>,
}

/// One connection. Dropped, it is closed, with whatever is still being sent over it.
#[derive(Debug)]
struct Connection {
    requests: SendRequest<Outgoing>,
    io: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.io.abort();
    }
}

impl Connections {
    /// Connections to the host of `endpoint`; `None` when it names none.
    pub fn new(endpoint: &Uri) -> Option<Self> {
        let authority = endpoint.authority()?;
        let address = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80));
        let host = HeaderValue::try_from(authority.as_str()).ok()?;
        Some(Self { address, host, idle: Mutex::default() })
    }

    /// Others to the same host.
    pub fn others(&self) -> Self {
        Self { address: self.address.clone(), host: self.host.clone(), idle: Mutex::default() }
    }

    /// Sends a request and reads its response to the end. A request that is accepted before all of it was sent, as
    /// cargo-lambda's emulator does, is sent to its end; one that is refused is not.
    ///
    /// # Errors
    /// No connection, or one that broke.
    pub async fn call(&self, mut request: Request<Outgoing>) -> Result<Response<Bytes>, BoxError> {
        request.headers_mut().insert(HOST, self.host.clone());
        let mut connection = self.take().await?;
        let (parts, body) = connection.requests.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        if parts.status.is_success() && connection.requests.ready().await.is_ok() {
            self.idle().push(connection);
        }
        Ok(Response::from_parts(parts, body))
    }

    async fn take(&self) -> Result<Connection, BoxError> {
        loop {
            let idle = self.idle().pop();
            let Some(mut connection) = idle else { return self.connect().await };
            if connection.requests.ready().await.is_ok() {
                return Ok(connection);
            }
        }
    }

    /// With Nagle's algorithm a token would wait up to 42 ms for the acknowledgement of the one before.
    async fn connect(&self) -> Result<Connection, BoxError> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let (requests, io) = handshake(TokioIo::new(stream)).await?;
        Ok(Connection { requests, io: tokio::spawn(io).abort_handle() })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
