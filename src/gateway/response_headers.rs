//! The headers of a gateway's answer that callers and the log may see. Names and values are checked by form,
//! because a gateway can put a key or a prompt into any of them.

use http::{HeaderMap, HeaderName, HeaderValue};

/// What Cloudflare's cache says, from its page on [cache responses].
///
/// [cache responses]: https://developers.cloudflare.com/cache/concepts/cache-responses/
const CACHE_STATUSES: [&str; 9] =
    ["HIT", "MISS", "BYPASS", "DYNAMIC", "EXPIRED", "STALE", "UPDATING", "REVALIDATED", "NONE"];

/// The rate limits that OpenAI, Azure and Groq report.
const RATE_LIMITS: [&str; 11] = [
    "x-ratelimit-limit-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-limit-project-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-remaining-project-tokens",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-ratelimit-reset-project-tokens",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
];

/// No count and no time is longer.
const MAX_LIMIT_BYTES: usize = 32;

/// `cf-aig-cache-status`.
pub fn cache_status(headers: &HeaderMap) -> Option<&str> {
    text(headers, "cf-aig-cache-status").filter(|status| CACHE_STATUSES.contains(status))
}

/// `cf-aig-log-id`: 26 characters of [Crockford's base 32](https://github.com/ulid/spec), as Cloudflare makes them.
pub fn log_id(headers: &HeaderMap) -> Option<&str> {
    let is_base_32 = |byte: u8| byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !b"ILOU".contains(&byte));
    text(headers, "cf-aig-log-id").filter(|id| id.len() == 26 && id.bytes().all(is_base_32))
}

/// The headers that the caller may see. Lambda takes one value for each name, so that repeated ones are joined by a
/// comma, as HTTP allows.
pub fn public(headers: &HeaderMap) -> HeaderMap {
    let mut public = HeaderMap::new();
    for (name, value) in [("cf-aig-cache-status", cache_status(headers)), ("cf-aig-log-id", log_id(headers))] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            public.insert(HeaderName::from_static(name), value);
        }
    }
    for name in RATE_LIMITS {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let values: Vec<_> = values.filter(|value| is_limit(value)).collect();
        if let Ok(value) = HeaderValue::try_from(values.join(", "))
            && !value.is_empty()
        {
            public.insert(HeaderName::from_static(name), value);
        }
    }
    public
}

/// A count or a time: `60`, `0.5`, `6m0s`, `120ms`, `2026-11-22T00:00:00Z`.
fn is_limit(value: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_digit() || b".:-hmsdTZ".contains(&byte);
    value.len() <= MAX_LIMIT_BYTES
        && value.starts_with(|first: char| first.is_ascii_digit())
        && value.bytes().all(is_part)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &'static str, value: &str) -> Option<String> {
        let value = HeaderValue::try_from(value).ok()?;
        let headers = HeaderMap::from_iter([(HeaderName::from_static(name), value)]);
        Some(public(&headers).get(name)?.to_str().ok()?.to_owned())
    }

    #[test]
    fn shows_values_in_their_form_only() {
        for (name, good, bad) in [
            ("cf-aig-cache-status", "HIT", "hit me"),
            ("cf-aig-log-id", "01JADMCQQQBWH3NXZ5GCRN98DP", "01JADMCQQQBWH3NXZ5GCRN98DU"),
            ("x-ratelimit-reset-tokens", "6m0s", "sk-1"),
            ("x-ratelimit-limit-requests", "9999", "6m0s and a prompt"),
        ] {
            assert_eq!(shown(name, good).as_deref(), Some(good));
            assert_eq!(shown(name, bad), None);
        }
        assert_eq!(shown("x-ratelimit-sk-1", "1"), None);
        assert_eq!(shown("cf-ray", "1"), None);
    }

    #[test]
    fn joins_repeated_values() {
        let name = HeaderName::from_static("x-ratelimit-limit-requests");
        let mut headers = HeaderMap::new();
        headers.append(&name, HeaderValue::from_static("10"));
        headers.append(&name, HeaderValue::from_static("20"));
        assert_eq!(public(&headers).get(&name), Some(&HeaderValue::from_static("10, 20")));
    }
}
