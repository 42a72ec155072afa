//! What the OpenAI secret holds.

use super::SecretText;
use crate::auth::BearerSet;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The parsed value of `OPENAI_API_KEY_SECRET_ARN`.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenAiSecret {
    /// The key that the gateway takes as a bearer token.
    pub api_key: SecretText,
    /// The token of an authenticated Cloudflare AI Gateway.
    pub cloudflare_token: Option<SecretText>,
    /// Names and tokens of callers, for `AUTH_MODE=bearer`.
    pub bearer_tokens: Arc<BearerSet>,
}

impl OpenAiSecret {
    /// A secret that holds the key and nothing else.
    pub fn of_key(api_key: SecretText) -> Self {
        Self { api_key, cloudflare_token: None, bearer_tokens: Arc::default() }
    }

    /// Whether what the gateway refused to `old` it may grant now: another key, or another Cloudflare token.
    pub fn opens_more_than(&self, old: &Self) -> bool {
        self.api_key != old.api_key || self.cloudflare_token != old.cloudflare_token
    }

    fn from_key(key: &str) -> Option<Self> {
        header_safe(key).map(Self::of_key)
    }

    /// Reads a plain key, or the JSON object `{"OPENAI_API_KEY", "CF_AIG_TOKEN", "BEARER_TOKENS"}`.
    /// `None` when no usable key is in it.
    pub fn parse(value: &str) -> Option<Self> {
        let Ok(json) = serde_json::from_str::<Value>(value) else { return Self::from_key(value) };
        let object = json.as_object()?;
        let mut secret = Self::from_key(object.get("OPENAI_API_KEY")?.as_str()?)?;
        secret.cloudflare_token = object.get("CF_AIG_TOKEN").and_then(Value::as_str).and_then(header_safe);
        secret.bearer_tokens = Arc::new(bearer_tokens(object));
        Some(secret)
    }
}

fn bearer_tokens(object: &Map<String, Value>) -> BearerSet {
    let tokens = object.get("BEARER_TOKENS").and_then(Value::as_object);
    let named =
        tokens.into_iter().flatten().filter_map(|(name, token)| Some((name.as_str(), token.as_str()?)));
    BearerSet::new(named)
}

/// A value that can stand in a header; editors and consoles like to leave a line end behind it.
fn header_safe(value: &str) -> Option<SecretText> {
    let value = value.trim();
    let safe = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
    safe.then(|| SecretText::new(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_json() {
        let plain = OpenAiSecret::parse("sk-plain\n");
        assert_eq!(plain, OpenAiSecret::from_key("sk-plain"));
        let json = OpenAiSecret::parse(
            r#"{"OPENAI_API_KEY":"sk-json","CF_AIG_TOKEN":"cf","BEARER_TOKENS":{"ci":"t1","empty":"","odd":3},"other":1}"#,
        );
        let expected = OpenAiSecret {
            api_key: SecretText::new("sk-json"),
            cloudflare_token: Some(SecretText::new("cf")),
            bearer_tokens: Arc::new(BearerSet::new([("ci", b"t1".as_slice())])),
        };
        assert_eq!(json, Some(expected));
    }

    #[test]
    fn no_usable_key() {
        for value in [
            "",
            "  ",
            "{}",
            "[]",
            "null",
            "\"sk\"",
            "12",
            r#"{"OPENAI_API_KEY":""}"#,
            r#"{"OPENAI_API_KEY":7}"#,
            "a b",
            "é",
        ] {
            assert_eq!(OpenAiSecret::parse(value), None, "{value:?}");
        }
    }

    #[test]
    fn nothing_is_printed() {
        let secret = OpenAiSecret::parse(
            r#"{"OPENAI_API_KEY":"sk-json","CF_AIG_TOKEN":"cf-t","BEARER_TOKENS":{"ci":"t1"}}"#,
        );
        let printed = format!("{secret:?}");
        assert!(!["sk-json", "cf-t", "t1"].iter().any(|value| printed.contains(value)), "{printed}");
    }
}
