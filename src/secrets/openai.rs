//! The content of `OPENAI_API_KEY_SECRET_ARN`.

use super::{SecretError, trim};
use crate::{json, secret_string::SecretString};
use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{Digest, SHA256, digest},
};
use serde_json::value::RawValue;
use std::{collections::HashMap, fmt};

/// The keys for the gateway and the tokens of callers.
#[derive(Debug)]
pub struct OpenAiSecret {
    /// `OPENAI_API_KEY`. `None` when the keys are stored at Cloudflare.
    pub api_key: Option<SecretString>,
    /// `CF_AIG_TOKEN`: the token of an authenticated Cloudflare AI Gateway.
    pub cloudflare_token: Option<SecretString>,
    /// `BEARER_TOKENS`, for `AUTH_MODE=bearer`.
    pub(crate) bearer_tokens: BearerTokens,
}

impl OpenAiSecret {
    /// A secret with a key and nothing else.
    pub fn from_key(key: SecretString) -> Self {
        Self { api_key: Some(key), cloudflare_token: None, bearer_tokens: BearerTokens::default() }
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
            bearer_tokens: callers.map(BearerTokens::parse).unwrap_or_default(),
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

/// Names and hashes of the fixed tokens of callers that are not a browser. It prints their number only.
#[derive(Default)]
pub(crate) struct BearerTokens(Vec<(String, Digest)>);

impl BearerTokens {
    /// The last token of a name counts. Empty tokens are left out: they would admit everybody. A token that is not text
    /// authenticates nobody, and does not make the key unusable.
    fn parse(object: &RawValue) -> Self {
        let (mut tokens, mut are_texts) = (HashMap::new(), true);
        let read = json::for_each_member(object.get(), |name, token| match json::string(token) {
            Some(token) => drop(tokens.insert(name.to_owned(), trim(&token).to_owned())),
            None => are_texts = false,
        });
        if read.is_err() || !are_texts {
            let reason = "BEARER_TOKENS is not an object of names and tokens";
            tracing::warn!(event = "bearer_tokens_ignored", reason);
        }
        let filled = tokens.into_iter().filter(|(_, token)| !token.is_empty());
        Self(filled.map(|(name, token)| (name, digest(&SHA256, token.as_bytes()))).collect())
    }

    /// The name of a token. All entries are compared, each in constant time and by hashes of one length. The time
    /// taken reveals neither which token it is nor how much of it is right.
    pub fn name(&self, token: &str) -> Option<&str> {
        let presented = digest(&SHA256, token.as_bytes());
        self.0.iter().fold(None, |found, (name, stored)| {
            let is_equal = verify_slices_are_equal(stored.as_ref(), presented.as_ref()).is_ok();
            if is_equal { Some(name) } else { found }
        })
    }
}

impl fmt::Debug for BearerTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BearerTokens({})", self.0.len())
    }
}

#[cfg(test)]
#[path = "openai_tests.rs"]
mod tests;
