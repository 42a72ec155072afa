//! The request to a target: what is asked, for whom, until when, and with which headers.

use super::targets::Target;
use crate::{caller::Caller, chat::ChatRequest, config::GatewayConfig, secrets::OpenAiSecret};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE},
};
use serde::Serialize;
use tokio::time::Instant;

/// A tenant's name comes from a token and may have any length. A header may not.
const MAX_CLIENT_CHARS: usize = 128;

/// A chat request on its way to the gateway.
#[derive(Debug)]
pub struct UpstreamRequest {
    /// The chat request.
    pub chat: ChatRequest,
    /// What Cloudflare's log may know.
    pub metadata: Metadata,
    /// When the answer must have ended.
    pub deadline: Instant,
}

/// The entries of `cf-aig-metadata`. Cloudflare takes five at most.
#[derive(Debug, Clone, Serialize)]
pub struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    request_id: String,
    route: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
}

impl Metadata {
    /// The entries of one request. `trace` is X-Ray's trace id.
    pub fn new(caller: &Caller, request_id: &str, route: &'static str, trace: Option<&str>) -> Self {
        Self {
            client: caller.tenant.as_deref().map(|tenant| tenant.chars().take(MAX_CLIENT_CHARS).collect()),
            user: caller.user_hash.clone(),
            request_id: request_id.to_owned(),
            route,
            trace: trace.map(str::to_owned),
        }
    }
}

impl UpstreamRequest {
    /// The headers for one target.
    pub(super) fn headers(
        &self,
        config: &GatewayConfig,
        target: &Target<'_>,
        secret: &OpenAiSecret,
    ) -> HeaderMap {
        let accept = if self.chat.stream { "text/event-stream" } else { "application/json" };
        let mut headers = HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (ACCEPT, HeaderValue::from_static(accept)),
            // A compressed stream would wait in the gateway until a block of it is full.
            (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        ]);
        if let Some(key) = &secret.api_key {
            insert_bearer(&mut headers, AUTHORIZATION, key.expose());
        }
        let is_cloudflare = target.base.is_cloudflare_gateway()
            || config.gateway_id.is_some()
            || secret.cloudflare_token.is_some();
        if target.is_primary_base && is_cloudflare {
            self.insert_cloudflare_headers(&mut headers, config, secret);
        }
        headers
    }

    fn insert_cloudflare_headers(&self, headers: &mut HeaderMap, config: &GatewayConfig, secret: &OpenAiSecret) {
        if let Some(token) = &secret.cloudflare_token {
            insert_bearer(headers, HeaderName::from_static("cf-aig-authorization"), token.expose());
        }
        let metadata = serde_json::to_string(&self.metadata).ok();
        if let Some(metadata) = metadata.and_then(|json| HeaderValue::try_from(json).ok()) {
            headers.insert("cf-aig-metadata", metadata);
        }
        match config.cache_ttl {
            Some(seconds) => headers.insert("cf-aig-cache-ttl", seconds.into()),
            None => headers.insert("cf-aig-skip-cache", HeaderValue::from_static("true")),
        };
        if let Some(log_payloads) = config.log_payloads {
            let value = if log_payloads { "true" } else { "false" };
            headers.insert("cf-aig-collect-log-payload", HeaderValue::from_static(value));
        }
        if let Some(id) = config.gateway_id.as_ref().and_then(|id| HeaderValue::try_from(id).ok()) {
            headers.insert("cf-aig-gateway-id", id);
        }
    }
}

fn insert_bearer(headers: &mut HeaderMap, name: HeaderName, token: &str) {
    if let Ok(mut value) = HeaderValue::try_from(["Bearer ", token].concat()) {
        value.set_sensitive(true);
        headers.insert(name, value);
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
