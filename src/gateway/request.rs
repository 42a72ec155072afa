//! The request to a target: what is asked, for whom, until when, and with which headers.

use super::targets::Target;
use crate::{
    caller::Caller, chat::ChatRequest, config::GatewayConfig, secret_string::SecretString,
    secrets::OpenAiSecret,
};
use http::{HeaderMap, HeaderValue};
use serde::Serializer;
use tokio::time::Instant;

/// A tenant's name comes from a token and may have any length. A header may not.
const MAX_CLIENT_CHARS: usize = 128;

/// A chat request on its way to the gateway.
pub struct UpstreamRequest {
    /// The chat request.
    pub chat: ChatRequest,
    /// What Cloudflare's log may know.
    pub metadata: Metadata,
    /// When the answer must have ended.
    pub deadline: Instant,
}

/// `cf-aig-metadata`: one JSON object. Cloudflare takes five entries at most.
pub struct Metadata(Vec<u8>);

impl Metadata {
    /// The entries of one request. `trace` is X-Ray's trace id.
    pub fn new(caller: &Caller, request_id: &str, route: &'static str, trace: Option<&str>) -> Self {
        let client =
            caller.tenant.as_deref().map(|name| name.chars().take(MAX_CLIENT_CHARS).collect::<String>());
        let entries = [
            ("client", client.as_deref()),
            ("user", caller.user_hash.as_deref()),
            ("request_id", Some(request_id)),
            ("route", Some(route)),
            ("trace", trace),
        ];
        let mut json = Vec::new();
        // Text has a JSON form, and a `Vec` takes it.
        let _ = serde_json::Serializer::new(&mut json)
            .collect_map(entries.into_iter().filter_map(|(name, value)| Some((name, value?))));
        Self(json)
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
        let mut headers = HeaderMap::new();
        let mut insert = |name: &'static str, value: &[u8]| {
            if let Ok(mut value) = HeaderValue::from_bytes(value) {
                value.set_sensitive(value.as_bytes().starts_with(b"Bearer "));
                headers.insert(name, value);
            }
        };
        let bearer = |token: &SecretString| ["Bearer ", token.expose()].concat();
        insert("content-type", b"application/json");
        insert("accept", if self.chat.stream { b"text/event-stream" } else { b"application/json" });
        // A compressed stream would wait in the gateway until a block of it is full.
        insert("accept-encoding", b"identity");
        if let Some(key) = &secret.api_key {
            insert("authorization", bearer(key).as_bytes());
        }
        let is_cloudflare = target.base.is_cloudflare_gateway()
            || config.gateway_id.is_some()
            || secret.cloudflare_token.is_some();
        if !target.is_primary_base || !is_cloudflare {
            return headers;
        }
        if let Some(token) = &secret.cloudflare_token {
            insert("cf-aig-authorization", bearer(token).as_bytes());
        }
        insert("cf-aig-metadata", &self.metadata.0);
        match config.cache_ttl {
            Some(seconds) => insert("cf-aig-cache-ttl", seconds.to_string().as_bytes()),
            None => insert("cf-aig-skip-cache", b"true"),
        }
        if let Some(log_payloads) = config.log_payloads {
            insert("cf-aig-collect-log-payload", log_payloads.to_string().as_bytes());
        }
        if let Some(id) = &config.gateway_id {
            insert("cf-aig-gateway-id", id.as_bytes());
        }
        headers
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
