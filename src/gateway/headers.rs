//! The headers of a request to the gateway, and those of its answer that the caller may see. Cloudflare's are from its
//! [list for AI Gateway](https://developers.cloudflare.com/ai-gateway/glossary/).

use super::{plan::Target, purpose::Purpose};
use crate::{auth::Caller, secret::OpenAiSecret};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use serde::Serialize;

/// A tenant's name comes out of a token and may be of any length; a header may not.
const MAX_CLIENT_CHARS: usize = 128;

/// What the gateway's log may know of a request. Cloudflare takes five flat entries at most.
#[derive(Debug, Clone, Serialize)]
pub struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    request_id: String,
    route: &'static str,
    /// X-Ray's id of the trace, where Lambda gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
}

impl Metadata {
    /// The entries of one request.
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

/// All headers for one target.
pub fn headers(
    target: &Target<'_>,
    secret: &OpenAiSecret,
    purpose: &Purpose,
    cache_ttl: Option<u64>,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let accept = if purpose.question.stream { "text/event-stream" } else { "application/json" };
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    bearer(&mut headers, AUTHORIZATION, secret.api_key.expose());
    let is_cloudflare = target.base.is_cloudflare || secret.cloudflare_token.is_some();
    if !target.is_primary_base || !is_cloudflare {
        return headers;
    }
    if let Some(token) = &secret.cloudflare_token {
        bearer(&mut headers, HeaderName::from_static("cf-aig-authorization"), token.expose());
    }
    if let Some(metadata) =
        serde_json::to_string(&purpose.metadata).ok().and_then(|json| HeaderValue::try_from(json).ok())
    {
        headers.insert("cf-aig-metadata", metadata);
    }
    match cache_ttl {
        Some(seconds) => headers.insert("cf-aig-cache-ttl", seconds.into()),
        None => headers.insert("cf-aig-skip-cache", HeaderValue::from_static("true")),
    };
    headers
}

fn bearer(headers: &mut HeaderMap, name: HeaderName, token: &str) {
    if let Ok(mut value) = HeaderValue::try_from(["Bearer ", token].concat()) {
        value.set_sensitive(true);
        headers.insert(name, value);
    }
}

/// The gateway's headers that the caller may see. Lambda takes one text for each name: values of the same name are
/// joined, as HTTP allows, and those that are no text are left out.
pub fn passed_on(from: &HeaderMap) -> HeaderMap {
    let shown = |name: &HeaderName| {
        let name = name.as_str();
        matches!(name, "cf-aig-cache-status" | "cf-aig-log-id") || name.starts_with("x-ratelimit-")
    };
    let names = from.keys().filter(|name| shown(name));
    let joined = names.filter_map(|name| {
        let values: Vec<&str> = from.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        let value = HeaderValue::try_from(values.join(", ")).ok().filter(|value| !value.is_empty())?;
        Some((name.clone(), value))
    });
    joined.collect()
}
