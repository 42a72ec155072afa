//! The HTTP clients: one TLS configuration, built-in roots, no redirects, no Nagle.

use super::preconnect::Preconnect;
use reqwest::{Client, redirect::Policy};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::TrustAnchor};
use std::{sync::Arc, time::Duration};

/// Longer than Lambda keeps an idle environment awake between two requests of one chat, and shorter than the
/// 400 s after which Cloudflare closes.
const POOL_IDLE: Duration = Duration::from_secs(300);

/// A host that acknowledges nothing for this long is gone, and nobody told: a connection that died while Lambda had
/// the environment frozen. Without this, a request on it would wait for the whole response time-out.
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);

/// The clients of the process.
#[derive(Debug, Clone)]
pub struct Clients {
    /// For the gateway's base.
    pub gateway: Channel,
    /// For everything else: the fallback base, AWS, key hosts.
    pub plain: Channel,
}

/// A client, and what is known of its connections.
#[derive(Debug, Clone)]
pub struct Channel {
    /// The client.
    pub client: Client,
    /// Its connections.
    pub preconnect: Preconnect,
}

impl Clients {
    /// Builds the clients.
    ///
    /// # Errors
    /// The builder's words; with the settings below it has none.
    pub fn new(connect_timeout: Duration) -> Result<Self, String> {
        let tls = tls(webpki_roots::TLS_SERVER_ROOTS.to_vec())?;
        let channel = || Channel::new(tls.clone(), connect_timeout).map_err(|error| error.to_string());
        Ok(Self { gateway: channel()?, plain: channel()? })
    }
}

impl Channel {
    fn new(tls: ClientConfig, connect_timeout: Duration) -> reqwest::Result<Self> {
        let preconnect = Preconnect::default();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(connect_timeout)
            .tcp_user_timeout(UNACKNOWLEDGED)
            .connector_layer(preconnect.clone())
            .pool_idle_timeout(POOL_IDLE)
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .tcp_nodelay(true)
            .user_agent(concat!("gptdock/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, preconnect })
    }

    /// Connects to the host of `url`, so that the first request finds a connection.
    pub async fn warm(&self, url: &str) {
        self.preconnect.warm(&self.client, url).await;
    }
}

/// Loading the system's roots would cost each cold start 5 to 7 ms; the built-in ones are there at once.
fn tls(roots: Vec<TrustAnchor<'static>>) -> Result<ClientConfig, String> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(RootCertStore { roots })
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
