//! The request to a target: what is asked, for whom, until when, and with which headers.

use super::targets::Target;
use crate::{
    caller::Caller, chat::ChatRequest, config::GatewayConfig, secret_string::SecretString,
    secrets::OpenAiSecret,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Serialize, Serializer};
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

/// `cf-aig-metadata`: names and values. Cloudflare takes five at most.
pub struct Metadata([(&'static str, Option<String>); 5]);

impl Metadata {
    /// The entries of one request. `trace` is X-Ray's trace id.
    pub fn new(caller: &Caller, request_id: &str, route: &str, trace: Option<&str>) -> Self {
        let client = caller.tenant.as_deref().map(|name| name.chars().take(MAX_CLIENT_CHARS).collect());
        Self([
            ("client", client),
            ("user", caller.user_hash.clone()),
            ("request_id", Some(request_id.to_owned())),
            ("route", Some(route.to_owned())),
            ("trace", trace.map(str::to_owned)),
        ])
    }
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))))
    }
}

impl UpstreamRequest {
    /// The headers for one target.
    pub(super) fn headers(&self, config: &GatewayConfig, target: &Target, keys: &OpenAiSecret) -> HeaderMap {
        let bearer = |token: &SecretString| ["Bearer ", token.expose()].concat();
        let accept = if self.chat.stream { "text/event-stream" } else { "application/json" };
        let mut headers = vec![
            ("content-type", Some("application/json".to_owned())),
            ("accept", Some(accept.to_owned())),
            // A compressed stream would wait in the gateway until a block of it is full.
            ("accept-encoding", Some("identity".to_owned())),
            ("authorization", keys.api_key.as_ref().map(bearer)),
        ];
        let is_cloudflare = target.base.is_cloudflare_gateway()
            || config.gateway_id.is_some()
            || keys.cloudflare_token.is_some();
        if target.is_primary_base && is_cloudflare {
            headers.extend([
                ("cf-aig-authorization", keys.cloudflare_token.as_ref().map(bearer)),
                ("cf-aig-metadata", serde_json::to_string(&self.metadata).ok()),
                ("cf-aig-cache-ttl", config.cache_ttl.map(|seconds| seconds.to_string())),
                ("cf-aig-skip-cache", config.cache_ttl.is_none().then(|| "true".to_owned())),
                ("cf-aig-collect-log-payload", config.log_payloads.map(|keeps| keeps.to_string())),
                ("cf-aig-gateway-id", config.gateway_id.clone()),
            ]);
        }
        let header = |(name, value): (_, Option<String>)| {
            let mut value = HeaderValue::try_from(value?).ok()?;
            value.set_sensitive(value.as_bytes().starts_with(b"Bearer "));
            Some((HeaderName::from_static(name), value))
        };
        headers.into_iter().filter_map(header).collect()
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
