#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use crate::{Config, api_format::ApiFormat};

const API: &str = "https://api.cloudflare.com/client/v4/accounts/acc/ai/v1";
const GATEWAY: &str = "https://gateway.ai.cloudflare.com/v1/acc/gw/openai";

/// The headers of a request with these settings and this secret, as `name: value` lines.
fn headers(set: &[(&str, &str)], secret: &str, is_primary_base: bool) -> Vec<String> {
    let basic = [("AUTH_MODE", "none"), ("OPENAI_API_KEY", "k")];
    let lookup = |name: &str| {
        set.iter().chain(&basic).find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    let config = Config::from_lookup(lookup).unwrap();
    let body = br#"{"messages":[{"content":"x"}]}"#.as_slice().into();
    let chat = ChatRequest::parse(body, ApiFormat::ChatGptWeb, &config.chat).unwrap();
    let metadata = Metadata::new(&Caller::user("t", "u"), "r", "/conversations", None);
    let request = UpstreamRequest { chat, metadata, deadline: Instant::now() };
    let target = Target { base: &config.gateway.base, model: "m", is_primary_base };
    let secret = OpenAiSecret::parse(secret).unwrap();
    let headers = request.headers(&config.gateway, &target, &secret);
    headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
}

fn has(headers: &[String], line: &str) -> bool {
    headers.iter().any(|header| header == line)
}

#[test]
fn asks_for_an_uncompressed_stream() {
    let headers = headers(&[], "sk", true);
    for line in ["accept: text/event-stream", "accept-encoding: identity", "authorization: Bearer sk"] {
        assert!(has(&headers, line), "{headers:?}");
    }
    assert!(!headers.iter().any(|header| header.starts_with("cf-")), "{headers:?}");
}

#[test]
fn sends_cloudflares_headers_to_its_gateway_only() {
    let set = [("OPENAI_BASEURL", GATEWAY), ("CF_LOG_PAYLOADS", "false"), ("CACHE_TTL_SECONDS", "60")];
    let primary = headers(&set, "sk", true);
    assert!(has(&primary, "cf-aig-collect-log-payload: false") && has(&primary, "cf-aig-cache-ttl: 60"));
    assert!(!headers(&set, "sk", false).iter().any(|header| header.starts_with("cf-")));
    assert!(has(&headers(&[("OPENAI_BASEURL", GATEWAY)], "sk", true), "cf-aig-skip-cache: true"));
}

#[test]
fn names_the_gateway_to_cloudflares_api() {
    let headers = headers(&[("OPENAI_BASEURL", API), ("CF_GATEWAY_ID", "gw")], "sk", true);
    assert!(
        has(&headers, "cf-aig-gateway-id: gw") && has(&headers, "cf-aig-skip-cache: true"),
        "{headers:?}"
    );
}

#[test]
fn sends_no_key_when_only_cloudflare_has_one() {
    let headers = headers(&[("OPENAI_BASEURL", GATEWAY)], r#"{"CF_AIG_TOKEN":"cf"}"#, true);
    assert!(has(&headers, "cf-aig-authorization: Bearer cf"), "{headers:?}");
    assert!(!headers.iter().any(|header| header.starts_with("authorization")), "{headers:?}");
}
