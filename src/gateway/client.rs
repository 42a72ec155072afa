//! The HTTP clients: one TLS configuration, built-in roots, no Nagle. Redirects are answers like any other.

use super::{connector::Connector, send_error::SendError};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header::USER_AGENT};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy,
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::TrustAnchor};
use std::{sync::Arc, time::Duration};

/// Longer than Lambda keeps an idle environment awake between two requests of one chat, and shorter than the
/// 400 s after which Cloudflare closes.
const POOL_IDLE: Duration = Duration::from_secs(300);

const OURSELVES: HeaderValue = HeaderValue::from_static(concat!("gptdock/", env!("CARGO_PKG_VERSION")));

/// The clients of the process.
#[derive(Debug, Clone)]
pub struct Clients {
    /// For the gateway's base.
    pub gateway: Client,
    /// For everything else: the fallback base, AWS, key hosts.
    pub plain: Client,
}

/// A client with a pool of connections. Clones share it.
#[derive(Debug, Clone)]
pub struct Client {
    pool: legacy::Client<Connector, Full<Bytes>>,
    connector: Connector,
}

impl Clients {
    /// Builds the clients.
    ///
    /// # Errors
    /// The words of the TLS configuration; with the settings below it has none.
    pub fn new(connect_timeout: Duration) -> Result<Self, String> {
        let tls = tls(webpki_roots::TLS_SERVER_ROOTS.to_vec())?;
        Ok(Self {
            gateway: Client::new(tls.clone(), connect_timeout),
            plain: Client::new(tls, connect_timeout),
        })
    }
}

impl Client {
    fn new(tls: ClientConfig, connect_timeout: Duration) -> Self {
        let connector = Connector::new(tls, connect_timeout);
        let pool = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .build(connector.clone());
        Self { pool, connector }
    }

    /// Sends a request to the host of its URI and waits for the response's head.
    ///
    /// # Errors
    /// No connection, or one that broke before the head was there.
    pub async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>, SendError> {
        request.headers_mut().entry(USER_AGENT).or_insert(OURSELVES);
        Ok(self.pool.request(request).await?)
    }

    /// The connector of this client.
    pub fn connector(&self) -> &Connector {
        &self.connector
    }
}

/// Loading the system's roots would cost each cold start 5 to 7 ms; the built-in ones are there at once.
fn tls(roots: Vec<TrustAnchor<'static>>) -> Result<ClientConfig, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(RootCertStore { roots })
        .with_no_client_auth();
    Ok(config)
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
