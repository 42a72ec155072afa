//! The models that callers may ask for, and the parameters that models refuse.

use crate::api_format::ApiFormat;
use crate::config::ChatConfig;
use crate::error::{ApiError, ApiErrorKind};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The name that the frontend always sends. It never reached OpenAI, so `*` does not allow it.
const FRONTEND_PLACEHOLDER: &str = "text-davinci-002";
/// Longer than any model's name.
const MAX_NAME_BYTES: usize = 200;

/// The model that answers a caller who asks for `wanted`. Fails on `/v1/…` for a model that may not be used;
/// `/conversations` gets the default model instead.
pub fn choose(config: &ChatConfig, wanted: &str, format: ApiFormat) -> Result<String, ApiError> {
    let is_printable = wanted.len() <= MAX_NAME_BYTES && wanted.bytes().all(|byte| byte.is_ascii_graphic());
    let is_placeholder = format == ApiFormat::ChatGptWeb && wanted == FRONTEND_PLACEHOLDER;
    let is_allowed = config.allowed_models.iter().any(|name| name == wanted)
        || (config.any_model && is_printable && !is_placeholder);
    if is_allowed && !wanted.is_empty() {
        return Ok(wanted.to_owned());
    }
    if wanted.is_empty() || wanted == config.model || format == ApiFormat::ChatGptWeb {
        return Ok(config.model.clone());
    }
    let error = ApiError { param: Some("model".to_owned()), ..ApiErrorKind::ModelNotFound.into() };
    let named = || format!("The model `{wanted}` does not exist, or may not be used here.");
    Err(if is_printable { error.with_message(named()) } else { error })
}

/// The body of `GET /v1/models`.
pub fn list_models(config: &ChatConfig) -> Value {
    let names = std::iter::once(&config.model).chain(&config.allowed_models);
    let model = |id| json!({"id": id, "object": "model", "created": 0, "owned_by": "gptdock"});
    json!({"object": "list", "data": names.map(model).collect::<Value>()})
}

/// Whether a model belongs to a family that reasons and takes `max_completion_tokens` instead of `max_tokens`:
/// `o1`, `o3` and their kin, `gpt-5` and later. Ignores prefixes such as `openai/` and `ft:`.
pub fn is_reasoning_model(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    let name = name.strip_prefix("ft:").unwrap_or(name);
    let version =
        name.strip_prefix("gpt-").and_then(|rest| rest.split(|next: char| !next.is_ascii_digit()).next());
    version.is_some_and(|version| version.parse::<u32>().is_ok_and(|version| version >= 5))
        || name.strip_prefix('o').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// A parameter that some models refuse. `TokenLimitName` is sent under its other name, the others are left out.
/// From `Stop` on, a caller chooses them together with the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each variant has OpenAI's name")]
pub enum Parameter {
    #[serde(skip)]
    TokenLimitName,
    Temperature,
    TopP,
    PresencePenalty,
    FrequencyPenalty,
    ReasoningEffort,
    Stop,
    Logprobs,
    TopLogprobs,
    LogitBias,
    Seed,
}

/// The parameters that a model was found to refuse.
pub type Adjustments = BTreeSet<Parameter>;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where it fails")]
mod tests {
    use super::*;
    use ApiFormat::{ChatGptWeb, OpenAi};

    fn models(allowed: &[&str], any_model: bool) -> ChatConfig {
        ChatConfig {
            model: "gpt-4o".to_owned(),
            allowed_models: allowed.iter().map(|name| (*name).to_owned()).collect(),
            any_model,
            max_tokens: 100,
            system_prompt: String::new(),
            reasoning_effort: None,
        }
    }

    #[test]
    fn chooses_configured_models_and_the_default() {
        let listed = models(&["o3"], false);
        for format in [ChatGptWeb, OpenAi] {
            for (wanted, chosen) in [("", "gpt-4o"), ("gpt-4o", "gpt-4o"), ("o3", "o3")] {
                assert_eq!(choose(&listed, wanted, format), Ok(chosen.to_owned()));
            }
        }
        assert_eq!(choose(&listed, "text-davinci-002", ChatGptWeb), Ok("gpt-4o".to_owned()));
        assert!(choose(&listed, "o4", OpenAi).is_err());
    }

    #[test]
    fn rejects_other_models_on_v1_only() {
        let listed = models(&["o3"], false);
        assert_eq!(choose(&listed, "gpt-4", ChatGptWeb), Ok("gpt-4o".to_owned()));
        let error = choose(&listed, "gpt-4", OpenAi).unwrap_err();
        assert_eq!((error.kind, error.param.as_deref()), (ApiErrorKind::ModelNotFound, Some("model")));
        assert_eq!(error.message, "The model `gpt-4` does not exist, or may not be used here.");
        for unprintable in ["a\nb", &"x".repeat(201)] {
            let error = choose(&listed, unprintable, OpenAi).unwrap_err();
            assert_eq!(error.message, "The model does not exist, or may not be used here.");
        }
    }

    #[test]
    fn any_model_excludes_the_placeholder_and_unprintable_names() {
        let any = models(&[], true);
        assert_eq!(choose(&any, "x/y", ChatGptWeb), Ok("x/y".to_owned()));
        assert_eq!(choose(&any, "text-davinci-002", ChatGptWeb), Ok("gpt-4o".to_owned()));
        assert_eq!(choose(&any, "text-davinci-002", OpenAi), Ok("text-davinci-002".to_owned()));
        assert_eq!(choose(&any, "a\nb", ChatGptWeb), Ok("gpt-4o".to_owned()));
        assert!(choose(&any, "a\nb", OpenAi).is_err());
        let named = models(&["text-davinci-002"], true);
        assert_eq!(choose(&named, "text-davinci-002", ChatGptWeb), Ok("text-davinci-002".to_owned()));
    }

    #[test]
    fn lists_models_in_openai_format() {
        let list = list_models(&models(&["o3"], true));
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
