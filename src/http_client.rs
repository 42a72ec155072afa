//! The one HTTP client of the process. The gateway, the fallback, the key host and the AWS SDK share it, so there is
//! one TLS configuration and one pool of connections.

pub mod aws;

use reqwest::{Client, Response, redirect::Policy};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::TrustAnchor};
use std::{error::Error, sync::Arc, time::Duration};

type BoxError = Box<dyn Error + Send + Sync>;

/// TCP and HTTP/2 probe a silent host this often.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// Builds the client with the built-in root certificates. Loading the system's would cost each cold start 5 to 7 ms.
/// `connect_timeout` covers TCP and TLS.
///
/// reqwest's default retry stays on: it repeats a request at most twice, and only when HTTP/2 says that the server
/// did not process it.
///
/// # Errors
/// The TLS or the HTTP library refuses the configuration. No input causes it.
pub fn build(connect_timeout: Duration) -> Result<Client, BoxError> {
    with_roots(webpki_roots::TLS_SERVER_ROOTS.to_vec(), connect_timeout)
}

fn with_roots(roots: Vec<TrustAnchor<'static>>, connect_timeout: Duration) -> Result<Client, BoxError> {
    let mut tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(RootCertStore { roots })
        .with_no_client_auth();
    // reqwest adds no protocols to a preconfigured TLS; without them there is no HTTP/2.
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .no_proxy()
        .user_agent(concat!("gptdock/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect_timeout)
        .tcp_nodelay(true)
        // Connections die silently while Lambda has the environment frozen. Without this limit a request on one waits
        // for the whole response time-out.
        .tcp_user_timeout(Duration::from_secs(10))
        .tcp_keepalive(KEEP_ALIVE_INTERVAL)
        .tcp_keepalive_interval(KEEP_ALIVE_INTERVAL)
        .tcp_keepalive_retries(3)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .http2_keep_alive_timeout(Duration::from_secs(10))
        .http2_keep_alive_while_idle(false)
        // Longer than the pauses within one chat, and shorter than the 400 s after which Cloudflare closes.
        .pool_idle_timeout(Duration::from_secs(300))
        .build()?)
}

/// A key set or a secret was not read. It holds fixed words and a status only, so it quotes neither an answer nor a
/// library: reqwest's own text holds the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// TCP or TLS failed.
    #[error("could not connect")]
    Connect,
    /// The time-out of the request has passed.
    #[error("timed out")]
    TimedOut,
    /// The connection ended before the response did.
    #[error("the connection broke")]
    Broken,
    /// The body is over the limit.
    #[error("the answer is too large")]
    TooLarge,
    /// The AWS SDK could not ask.
    #[error("no credentials, or an unusable endpoint")]
    Unusable,
    /// Nothing was asked, or the answer does not hold what was asked for.
    #[error("{0}")]
    Failed(&'static str),
    /// The answer is an error, or malformed.
    #[error("{0} ({1})")]
    Answered(&'static str, u16),
}

impl From<reqwest::Error> for ReadError {
    fn from(error: reqwest::Error) -> Self {
        match error {
            error if error.is_connect() => Self::Connect,
            error if error.is_timeout() => Self::TimedOut,
            _ => Self::Broken,
        }
    }
}

/// Reads a whole body of at most `limit` bytes.
///
/// # Errors
/// [`ReadError`] when the body is larger or breaks off.
pub async fn read_body(mut response: Response, limit: usize) -> Result<Vec<u8>, ReadError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Err(ReadError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
#[path = "http_client/stub_server_tests.rs"]
pub(crate) mod stub_server;

#[cfg(test)]
mod tests;
