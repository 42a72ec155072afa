//! The connector under an HTTP client: a connection can be made before the first request needs it.
//!
//! HTTP clients connect when they are asked something. Asking the gateway something only to be connected would be
//! a request that its log, its limits and its bill show. A connection that [`Connector::warm`] makes (TCP, TLS, ALPN)
//! is kept here instead; the client's next call takes it.

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use rustls::ClientConfig;
use std::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tower_service::Service;

/// Servers close connections on which nothing is asked; after this long it is cheaper to make a new one.
const KEPT_FOR: Duration = Duration::from_secs(10);
/// A connection taken within this time is as good as new; a later one may have died like a pooled one.
const FRESH_FOR: Duration = Duration::from_secs(3);

/// A host that acknowledges nothing for this long is gone, and nobody told: a connection that died while Lambda had
/// the environment frozen. Without this, a request on it would wait for the whole response time-out.
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);
/// A host that died between two tokens is asked for a sign of life this often,
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// and is gone after so many without an answer.
const KEEP_ALIVE_PROBES: u32 = 3;

/// A connection, with or without TLS.
pub type Connection = MaybeHttpsStream<TokioIo<TcpStream>>;

type BoxError = Box<dyn Error + Send + Sync>;

/// Connects, within a time. Clones share the connection that was made ahead.
#[derive(Clone)]
pub struct Connector {
    transport: HttpsConnector<HttpConnector>,
    connect_timeout: Duration,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    connects: AtomicU64,
    kept: Mutex<Option<(Connection, Instant)>>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl Connector {
    /// A connector whose connections are ready, TLS included, within `connect_timeout` or not at all.
    pub fn new(tls: ClientConfig, connect_timeout: Duration) -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(connect_timeout));
        http.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        http.set_keepalive(Some(KEEP_ALIVE));
        http.set_keepalive_interval(Some(KEEP_ALIVE));
        http.set_keepalive_retries(Some(KEEP_ALIVE_PROBES));
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
        Self {
            transport: builder.enable_all_versions().wrap_connector(http),
            connect_timeout,
            shared: Arc::default(),
        }
    }

    /// Connects to the host of `url`, so that the first request finds a connection. What fails is tried again by it.
    pub async fn warm(&self, url: Uri) {
        if let Ok(connection) = self.connect(url).await {
            *self.kept() = Some((connection, Instant::now()));
        }
    }

    /// How many connections requests had to wait for. While it stands still, they ran over older ones.
    pub fn connects(&self) -> u64 {
        self.shared.connects.load(Ordering::Relaxed)
    }

    fn connect(&self, url: Uri) -> impl Future<Output = Result<Connection, BoxError>> + Send + 'static {
        let connecting = timeout(self.connect_timeout, self.transport.clone().call(url));
        async move { connecting.await? }
    }

    fn take(&self) -> Option<Connection> {
        let (connection, since) = self.kept().take()?;
        if since.elapsed() > KEPT_FOR {
            return None;
        }
        if since.elapsed() < FRESH_FOR {
            self.shared.connects.fetch_add(1, Ordering::Relaxed);
        }
        Some(connection)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<(Connection, Instant)>> {
        self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.transport.poll_ready(cx)
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        if let Some(connection) = self.take() {
            return Box::pin(std::future::ready(Ok(connection)));
        }
        self.shared.connects.fetch_add(1, Ordering::Relaxed);
        Box::pin(self.connect(url))
    }
}
