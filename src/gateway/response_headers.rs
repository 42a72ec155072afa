//! The headers of a gateway's answer that callers and the log may see. Names and values are checked by form,
//! because a gateway can put a key or a prompt into any of them.

use http::{HeaderMap, HeaderValue};

/// What Cloudflare's cache says (<https://developers.cloudflare.com/cache/concepts/cache-responses/>).
const CACHE_STATUSES: &str = "HIT MISS BYPASS DYNAMIC EXPIRED STALE UPDATING REVALIDATED NONE";

/// The rate limits that OpenAI, Azure and Groq report, after `x-ratelimit-`.
const RATE_LIMITS: &str = "limit-requests limit-tokens limit-project-tokens remaining-requests remaining-tokens \
    remaining-project-tokens reset-requests reset-tokens reset-project-tokens limit remaining";

/// No count and no time is longer.
const MAX_LIMIT_BYTES: usize = 32;

/// The headers that the caller may see. Lambda takes one value for each name, so that repeated ones are joined by a
/// comma, as HTTP allows.
pub fn public(headers: &HeaderMap) -> HeaderMap {
    let mut public = HeaderMap::new();
    for name in headers.keys() {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let values: Vec<_> = values.filter(|value| is_public(name.as_str(), value)).collect();
        if let (false, Ok(value)) = (values.is_empty(), HeaderValue::try_from(values.join(", "))) {
            public.insert(name, value);
        }
    }
    public
}

fn is_public(name: &str, value: &str) -> bool {
    let is_one_of = |words: &str, word: &str| words.split(' ').any(|known| known == word);
    match name {
        "cf-aig-cache-status" => is_one_of(CACHE_STATUSES, value),
        // Crockford's base 32 (<https://github.com/ulid/spec>), as Cloudflare makes them.
        "cf-aig-log-id" => {
            value.len() == 26
                && value
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'Z') && !b"ILOU".contains(&byte))
        }
        // A count or a time: `60`, `0.5`, `6m0s`, `120ms`, `2026-11-22T00:00:00Z`.
        _ => {
            name.strip_prefix("x-ratelimit-").is_some_and(|limit| is_one_of(RATE_LIMITS, limit))
                && value.len() <= MAX_LIMIT_BYTES
                && value.starts_with(|first: char| first.is_ascii_digit())
                && value.bytes().all(|byte| byte.is_ascii_digit() || b".:-hmsdTZ".contains(&byte))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

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
