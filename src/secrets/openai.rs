//! The content of `OPENAI_API_KEY_SECRET_ARN`.

use super::{BearerTokens, SecretError, trim};
use crate::{json, secret_string::SecretString};
use serde_json::value::RawValue;
use std::{collections::HashMap, sync::Arc};

/// The keys for the gateway and the tokens of callers.
#[derive(Debug, Clone)]
pub struct OpenAiSecret {
    /// `OPENAI_API_KEY`. `None` when the keys are stored at Cloudflare.
    pub api_key: Option<SecretString>,
    /// `CF_AIG_TOKEN`: the token of an authenticated Cloudflare AI Gateway.
    pub cloudflare_token: Option<SecretString>,
    /// `BEARER_TOKENS`, for `AUTH_MODE=bearer`.
    pub bearer_tokens: Arc<BearerTokens>,
}

impl OpenAiSecret {
    /// A secret with a key and nothing else.
    pub fn from_key(key: SecretString) -> Self {
        Self { api_key: Some(key), cloudflare_token: None, bearer_tokens: Arc::default() }
    }

    /// Reads a plain key, or a JSON object with `OPENAI_API_KEY`, `CF_AIG_TOKEN` and `BEARER_TOKENS`. A text that
    /// begins like JSON is never a plain key, so a typing error in the JSON sends no secret anywhere.
    ///
    /// # Errors
    /// [`SecretError`] when the text holds no usable key.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let text = trim(text);
        if !text.starts_with(['{', '[', '"']) {
            return header_value("OPENAI_API_KEY", text)?.map(Self::from_key).ok_or(SecretError::NoKey);
        }
        let members = json::members(text, ["OPENAI_API_KEY", "CF_AIG_TOKEN", "BEARER_TOKENS"]);
        let [key, token, callers] = members.map_err(|_| SecretError::NotAnObject)?;
        let secret = Self {
            api_key: header_member("OPENAI_API_KEY", key)?,
            cloudflare_token: header_member("CF_AIG_TOKEN", token)?,
            bearer_tokens: Arc::new(callers.map(bearer_tokens).unwrap_or_default()),
        };
        let has_key = secret.api_key.is_some() || secret.cloudflare_token.is_some();
        has_key.then_some(secret).ok_or(SecretError::NoKey)
    }

    /// A gateway that refused `old` may accept this one: the key or the Cloudflare token is another.
    pub fn differs_for_gateway(&self, old: &Self) -> bool {
        self.api_key != old.api_key || self.cloudflare_token != old.cloudflare_token
    }
}

fn header_member(name: &'static str, value: Option<&RawValue>) -> Result<Option<SecretString>, SecretError> {
    let Some(value) = value else { return Ok(None) };
    header_value(name, &json::string(value).ok_or(SecretError::NotAHeaderValue(name))?)
}

/// An empty value means none.
fn header_value(name: &'static str, value: &str) -> Result<Option<SecretString>, SecretError> {
    match trim(value) {
        "" => Ok(None),
        value => SecretString::header_value(value).map(Some).ok_or(SecretError::NotAHeaderValue(name)),
    }
}

/// The last token of a name counts. A token that is not text authenticates nobody, and does not make the key unusable.
fn bearer_tokens(object: &RawValue) -> BearerTokens {
    let (mut tokens, mut are_texts) = (HashMap::new(), true);
    let read = json::for_each_member(object.get(), |name, token| match json::string(token) {
        Some(token) => drop(tokens.insert(name.to_owned(), trim(&token).to_owned())),
        None => are_texts = false,
    });
    if read.is_err() || !are_texts {
        tracing::warn!(event = "bearer_tokens_ignored", reason = "BEARER_TOKENS is not an object of names and tokens");
    }
    BearerTokens::new(tokens)
}

#[cfg(test)]
#[path = "openai_tests.rs"]
mod tests;
