//! The models that callers may ask for.

use crate::api_format::ApiFormat;
use crate::config::ChatConfig;
use crate::error::{ApiError, ApiErrorKind};
use serde_json::{Value, json};

/// The name that the frontend always sends. It never reached OpenAI, so `*` does not allow it.
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

    /// The model that answers a caller who asks for `wanted`.
    ///
    /// # Errors
    /// [`ApiErrorKind::ModelNotFound`] on `/v1/…`. `/conversations` gets the default model instead.
    pub fn choose(&self, wanted: Option<&str>, format: ApiFormat) -> Result<String, ApiError> {
        let Some(wanted) = wanted.filter(|name| !name.is_empty()) else { return Ok(self.default.clone()) };
        let is_placeholder = format == ApiFormat::ChatGptWeb && wanted == FRONTEND_PLACEHOLDER;
        if self.is_configured(wanted) || (self.any && is_printable(wanted) && !is_placeholder) {
            return Ok(wanted.to_owned());
        }
        match format {
            ApiFormat::ChatGptWeb => Ok(self.default.clone()),
            ApiFormat::OpenAi => Err(not_found(wanted)),
        }
    }

    /// Whether `OPENAI_MODEL` or `ALLOWED_MODELS` names this model.
    pub fn is_configured(&self, model: &str) -> bool {
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

fn not_found(wanted: &str) -> ApiError {
    let error = ApiError { param: Some("model".to_owned()), ..ApiErrorKind::ModelNotFound.into() };
    if !is_printable(wanted) {
        return error;
    }
    error.with_message(format!("The model `{wanted}` does not exist, or may not be used here."))
}

fn is_printable(name: &str) -> bool {
    name.len() <= MAX_NAME_BYTES && name.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether a model belongs to a family that reasons and takes `max_completion_tokens` instead of `max_tokens`:
/// `o1`, `o3` and their kin, `gpt-5` and later. Ignores prefixes such as `openai/` and `ft:`.
///
/// ```
/// use gptdock::chat::is_reasoning_model;
///
/// assert!(is_reasoning_model("o3") && is_reasoning_model("openai/gpt-5-mini"));
/// assert!(!is_reasoning_model("gpt-4o"));
/// ```
pub fn is_reasoning_model(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    let name = name.strip_prefix("ft:").unwrap_or(name);
    if let Some(version) = name.strip_prefix("gpt-") {
        let end = version.find(|next: char| !next.is_ascii_digit()).unwrap_or(version.len());
        return version[..end].parse::<u32>().is_ok_and(|version| version >= 5);
    }
    name.strip_prefix('o').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where it fails")]
mod tests {
    use super::*;
    use ApiFormat::{ChatGptWeb, OpenAi};

    fn models(allowed: &[&str], any: bool) -> Models {
        let allowed = allowed.iter().map(|name| (*name).to_owned()).collect();
        Models { default: "gpt-4o".to_owned(), allowed, any }
    }

    #[test]
    fn chooses_configured_models_and_the_default() {
        let listed = models(&["o3"], false);
        for format in [ChatGptWeb, OpenAi] {
            for (wanted, chosen) in
                [(None, "gpt-4o"), (Some(""), "gpt-4o"), (Some("gpt-4o"), "gpt-4o"), (Some("o3"), "o3")]
            {
                assert_eq!(listed.choose(wanted, format), Ok(chosen.to_owned()));
            }
        }
        assert_eq!(listed.choose(Some("text-davinci-002"), ChatGptWeb), Ok("gpt-4o".to_owned()));
        assert!(listed.is_configured("gpt-4o") && listed.is_configured("o3") && !listed.is_configured("o4"));
    }

    #[test]
    fn rejects_other_models_on_v1_only() {
        let listed = models(&["o3"], false);
        assert_eq!(listed.choose(Some("gpt-4"), ChatGptWeb), Ok("gpt-4o".to_owned()));
        let error = listed.choose(Some("gpt-4"), OpenAi).unwrap_err();
        assert_eq!((error.kind, error.param.as_deref()), (ApiErrorKind::ModelNotFound, Some("model")));
        assert_eq!(error.message, "The model `gpt-4` does not exist, or may not be used here.");
        for unprintable in ["a\nb", &"x".repeat(201)] {
            let error = listed.choose(Some(unprintable), OpenAi).unwrap_err();
            assert_eq!(error.message, "The model does not exist, or may not be used here.");
        }
    }

    #[test]
    fn any_model_excludes_the_placeholder_and_unprintable_names() {
        let any = models(&[], true);
        assert_eq!(any.choose(Some("x/y"), ChatGptWeb), Ok("x/y".to_owned()));
        assert_eq!(any.choose(Some("text-davinci-002"), ChatGptWeb), Ok("gpt-4o".to_owned()));
        assert_eq!(any.choose(Some("text-davinci-002"), OpenAi), Ok("text-davinci-002".to_owned()));
        assert_eq!(any.choose(Some("a\nb"), ChatGptWeb), Ok("gpt-4o".to_owned()));
        assert!(any.choose(Some("a\nb"), OpenAi).is_err());
        let named = models(&["text-davinci-002"], true);
        assert_eq!(named.choose(Some("text-davinci-002"), ChatGptWeb), Ok("text-davinci-002".to_owned()));
    }

    #[test]
    fn lists_models_in_openai_format() {
        let list = models(&["o3"], true).list();
        assert_eq!(list["object"], "list");
        assert_eq!(list["data"][0], json!({"id":"gpt-4o","object":"model","created":0,"owned_by":"gptdock"}));
        assert_eq!(list["data"][1]["id"], "o3");
        assert_eq!(list["data"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn recognizes_reasoning_families() {
        for model in ["o1", "o1-mini", "o3", "o4-mini", "o5", "gpt-5", "gpt-5-nano", "gpt-6-luna", "gpt-10"] {
            assert!(is_reasoning_model(model), "{model}");
        }
        assert!(is_reasoning_model("openai/gpt-5") && is_reasoning_model("ft:o3:acme"));
        for model in ["gpt-4o", "gpt-4.1", "gpt-3.5-turbo", "gpt-oss-120b", "omni", "o", "claude-5"] {
            assert!(!is_reasoning_model(model), "{model}");
        }
        assert!(["chatgpt-5", "olmo2", ""].into_iter().all(|model| !is_reasoning_model(model)));
    }
}
