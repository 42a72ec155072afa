//! Which models callers may ask for, and what a model's name says of it.

use crate::{
    config::ChatConfig,
    dialect::Dialect,
    failure::{Failure, Kind},
};
use serde_json::{Value, json};

/// The name that the frontend always sends. It never reached OpenAI, so `*` does not mean it.
const FRONTEND_PLACEHOLDER: &str = "text-davinci-002";
/// Longer than any model's name.
const MAX_NAME_BYTES: usize = 200;

/// The default model and those that `ALLOWED_MODELS` adds.
#[derive(Debug, Clone)]
pub struct Models {
    default: String,
    allowed: Vec<String>,
    any: bool,
}

impl Models {
    /// The models of a configuration.
    pub fn new(config: &ChatConfig) -> Self {
        Self { default: config.model.clone(), allowed: config.allowed_models.clone(), any: config.any_model }
    }

    /// The model that answers a caller who asked for `wanted`.
    ///
    /// # Errors
    /// [`Kind::ModelNotFound`] on `/v1/…`; `/conversations` gets the default instead.
    pub fn choose(&self, wanted: Option<&str>, dialect: Dialect) -> Result<String, Failure> {
        let Some(wanted) = wanted.filter(|name| !name.is_empty()) else { return Ok(self.default.clone()) };
        if self.names(wanted) || (self.any && may_be_passed(wanted, dialect)) {
            return Ok(wanted.to_owned());
        }
        match dialect {
            Dialect::Web => Ok(self.default.clone()),
            Dialect::OpenAi => Err(not_found(wanted)),
        }
    }

    /// Whether a setting names this model.
    pub fn names(&self, model: &str) -> bool {
        self.default == model || self.allowed.iter().any(|name| name == model)
    }

    /// The body of `GET /v1/models`.
    pub fn list(&self) -> Value {
        let names = std::iter::once(&self.default).chain(&self.allowed);
        let models: Vec<Value> = names
            .map(|id| json!({"id": id, "object": "model", "created": 0, "owned_by": "gptdock"}))
            .collect();
        json!({"object": "list", "data": models})
    }
}

fn not_found(wanted: &str) -> Failure {
    let failure = Failure { param: Some("model".to_owned()), ..Kind::ModelNotFound.into() };
    if !is_printable(wanted) {
        return failure;
    }
    failure.with_message(format!("The model `{wanted}` does not exist, or may not be used here."))
}

fn is_printable(name: &str) -> bool {
    name.len() <= MAX_NAME_BYTES && name.bytes().all(|byte| byte.is_ascii_graphic())
}

fn may_be_passed(name: &str, dialect: Dialect) -> bool {
    is_printable(name) && (dialect == Dialect::OpenAi || name != FRONTEND_PLACEHOLDER)
}

/// Whether a model takes `max_completion_tokens` instead of `max_tokens`, as the reasoning families do: `o1`, `o3`
/// and their kin, `gpt-5` and later. A provider's prefix (`openai/`) and that of fine-tuning (`ft:`) don't count.
///
/// ```
/// use gptdock::chat::takes_completion_tokens;
///
/// assert!(takes_completion_tokens("o3") && takes_completion_tokens("openai/gpt-5-mini"));
/// assert!(!takes_completion_tokens("gpt-4o"));
/// ```
pub fn takes_completion_tokens(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    let name = name.strip_prefix("ft:").unwrap_or(name);
    if let Some(version) = name.strip_prefix("gpt-") {
        let end = version.find(|next: char| !next.is_ascii_digit()).unwrap_or(version.len());
        return version[..end].parse::<u32>().is_ok_and(|version| version >= 5);
    }
    name.strip_prefix('o').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models(allowed: &[&str], any: bool) -> Models {
        let allowed = allowed.iter().map(|name| (*name).to_owned()).collect();
        Models { default: "gpt-4o".to_owned(), allowed, any }
    }

    #[test]
    fn choices() {
        let listed = models(&["o3"], false);
        for dialect in [Dialect::Web, Dialect::OpenAi] {
            for (wanted, chosen) in
                [(None, "gpt-4o"), (Some(""), "gpt-4o"), (Some("gpt-4o"), "gpt-4o"), (Some("o3"), "o3")]
            {
                assert_eq!(listed.choose(wanted, dialect), Ok(chosen.to_owned()));
            }
        }
        assert_eq!(listed.choose(Some("text-davinci-002"), Dialect::Web), Ok("gpt-4o".to_owned()));
        let refused = listed.choose(Some("gpt-4"), Dialect::OpenAi).map_err(|failure| failure.kind);
        assert_eq!(refused, Err(Kind::ModelNotFound));

        let any = models(&[], true);
        assert_eq!(any.choose(Some("x/y"), Dialect::Web), Ok("x/y".to_owned()));
        assert_eq!(any.choose(Some("text-davinci-002"), Dialect::Web), Ok("gpt-4o".to_owned()));
        assert_eq!(any.choose(Some("a\nb"), Dialect::Web), Ok("gpt-4o".to_owned()));
        assert!(any.choose(Some("a\nb"), Dialect::OpenAi).is_err());
        let named = models(&["text-davinci-002"], true);
        assert_eq!(named.choose(Some("text-davinci-002"), Dialect::Web), Ok("text-davinci-002".to_owned()));
    }

    #[test]
    fn the_list_is_openais_shape() {
        let list = models(&["o3"], true).list();
        assert_eq!(list["object"], "list");
        assert_eq!(list["data"][0], json!({"id":"gpt-4o","object":"model","created":0,"owned_by":"gptdock"}));
        assert_eq!(list["data"][1]["id"], "o3");
        assert_eq!(list["data"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn reasoning_families() {
        for model in [
            "o1",
            "o1-mini",
            "o3",
            "o4-mini",
            "o5",
            "gpt-5",
            "gpt-5-nano",
            "gpt-6-luna",
            "gpt-10",
            "openai/gpt-5",
            "ft:o3:acme",
        ] {
            assert!(takes_completion_tokens(model), "{model}");
        }
        for model in [
            "gpt-4o",
            "gpt-4.1",
            "gpt-3.5-turbo",
            "gpt-oss-120b",
            "omni",
            "o",
            "claude-5",
            "chatgpt-5",
            "olmo2",
            "",
        ] {
            assert!(!takes_completion_tokens(model), "{model}");
        }
    }
}
