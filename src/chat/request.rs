//! A checked request, ready to be rendered for one model after the other.

use super::body::{self, Only};
use super::message::Messages;
use super::models::{Adjustments, Parameter, choose, is_reasoning_model};
use crate::{api_format::ApiFormat, config::ChatConfig, error::ApiError, json};
use bytes::Bytes;
use serde::{Deserialize, de::value::StrDeserializer};
use serde_json::value::{RawValue, Value, to_raw_value};
use std::{fmt, ops::RangeInclusive, str::FromStr};

/// Members inside the members of a request, as OpenAI names them.
const INNER_MEMBERS: &str = "arguments content description detail enum function id image_url include_usage items \
    json_schema name parameters properties required role schema strict text tool_call_id tool_calls type url";
/// Longer than any place that [`ChatRequest::has_place`] should know.
const MAX_PLACE_BYTES: usize = 100;

/// Declares the members that are read, and those that are passed on as they came
/// (<https://platform.openai.com/docs/api-reference/chat/create>).
macro_rules! members {
    (read: $($read:ident)*, passed: $($passed:ident)*) => {
        /// The members of a request that mean something. All others are ignored.
        #[derive(Default, Deserialize)]
        #[serde(bound(deserialize = "'de: 'a"))]
        struct Members<'a> {
            messages: Option<Only<'[', Messages<'a>>>,
            $($read: Option<&'a RawValue>,)*
            $($passed: Option<&'a RawValue>,)*
        }

        impl<'a> Members<'a> {
            fn passed(&self) -> impl Iterator<Item = (&'static str, Option<&'a RawValue>)> {
                [$((stringify!($passed), self.$passed)),*].into_iter()
            }
        }
    };
}

members! {
    read: model stream max_tokens max_completion_tokens temperature stream_options,
    passed: top_p n audio frequency_penalty function_call functions logit_bias logprobs metadata modalities
        parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_retention reasoning_effort
        response_format safety_identifier seed service_tier stop store tool_choice tools top_logprobs user
        verbosity web_search_options
}

/// What the gateway is asked, whichever model answers. `Debug` prints nothing of the conversation.
pub struct ChatRequest {
    /// The model that is asked first.
    pub model: String,
    /// Whether the caller reads a stream, not one JSON.
    pub stream: bool,
    /// How many choices an answer has. It is complete when each has its `finish_reason`.
    pub choices: u32,
    /// Whether the caller asked for the usage as an event of its own.
    pub include_usage: bool,
    /// Whether `REASONING_EFFORT` is in `passed`, not the caller's own.
    adds_reasoning_effort: bool,
    /// The JSON array.
    messages: Box<str>,
    max_tokens: u64,
    /// Names and values in the order in which they are sent.
    passed: Vec<(&'static str, Box<RawValue>)>,
}

impl fmt::Debug for ChatRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatRequest").field("model", &self.model).finish_non_exhaustive()
    }
}

impl ChatRequest {
    /// Reads and checks the body of a request. Keeps nothing of it that is not sent.
    ///
    /// # Errors
    /// `InvalidJson`, `InvalidRequest` with the place, or `ModelNotFound`.
    pub fn parse(body: Bytes, format: ApiFormat, config: &ChatConfig) -> Result<Self, ApiError> {
        let body = body::replace_half_pairs(body);
        let Only(mut members) = body::read::<Only<'{', Members<'_>>>(&body)?;
        let mut effort = None;
        if format == ApiFormat::ChatGptWeb {
            let Members { messages, model, temperature, top_p, .. } = members;
            let stream = serde_json::from_str("true").ok();
            members = Members { messages, model, stream, temperature, top_p, ..Members::default() };
            effort = config.reasoning_effort.as_ref().and_then(|effort| to_raw_value(effort).ok());
        }
        let wanted = members.model.map_or(Some("".into()), json::text);
        let wanted = wanted.ok_or_else(|| ApiError::invalid_request("model", "must be a string"))?;
        let messages = members.messages.take().map(|Only(messages)| messages).unwrap_or_default();
        let messages = messages.write(format, &config.system_prompt, body.len())?;
        let model = choose(config, &wanted, format)?;
        checked("temperature", members.temperature, 0.0..=2.0, "must be a number from 0 to 2")?;
        checked("top_p", members.top_p, 0.0..=1.0, "must be a number from 0 to 1")?;
        let stream = checked("stream", members.stream, false..=true, "must be true or false")? == Some(true);
        let whole = |name, limit| checked(name, limit, 1..=u64::MAX, "must be a whole number of 1 or more");
        let old_limit = whole("max_tokens", members.max_tokens)?;
        let new_limit = whole("max_completion_tokens", members.max_completion_tokens)?;
        let choices = checked("n", members.n, 1..=128, "must be a whole number from 1 to 128")?.unwrap_or(1);
        // OpenAI refuses stream_options without stream.
        let options = members.stream_options.filter(|_| stream);
        let [usage] = json::members(options.map_or("{}", RawValue::get), ["include_usage"])
            .map_err(|_| ApiError::invalid_request("stream_options", "must be an object"))?;
        let (on, effort) = (members.stream.filter(|_| stream), effort.as_deref());
        let first = [("stream", on), ("temperature", members.temperature), ("reasoning_effort", effort)];
        let passed = first.into_iter().chain(members.passed()).chain([("stream_options", options)]);
        Ok(Self {
            model,
            stream,
            choices,
            include_usage: usage.is_some_and(|usage| usage.get() == "true"),
            messages,
            max_tokens: [old_limit, new_limit].into_iter().flatten().fold(config.max_tokens, u64::min),
            adds_reasoning_effort: effort.is_some(),
            passed: passed.filter_map(|(name, value)| Some((name, value?.to_owned()))).collect(),
        })
    }

    /// The body of the request to the gateway.
    pub fn render(&self, model: &str, adjustments: &Adjustments) -> Bytes {
        let (limit_name, limit) = (token_limit_name(model, adjustments), self.max_tokens);
        let (name, messages) = (Value::from(model), &self.messages);
        let mut body = format!(r#"{{"model":{name},"messages":{messages},"{limit_name}":{limit}"#);
        for (name, value) in self.sent(model, adjustments) {
            body.extend([",\"", name, "\":", value]);
        }
        body.push('}');
        body.into()
    }

    /// The members of `passed` that are sent to this model.
    fn sent(&self, model: &str, adjustments: &Adjustments) -> impl Iterator<Item = (&'static str, &str)> {
        let is_sent = move |name| match self.adjustable(name, model) {
            Some(Parameter::ReasoningEffort) if !is_reasoning_model(model) => false,
            parameter => parameter.is_none_or(|parameter| !adjustments.contains(&parameter)),
        };
        self.passed.iter().filter(move |(name, _)| is_sent(name)).map(|(name, value)| (*name, value.get()))
    }

    /// The parameter of this name. Returns `None` when the caller chose it for this model: other callers' requests
    /// may have made adjustments under other rules.
    fn adjustable(&self, name: &str, model: &str) -> Option<Parameter> {
        let parameter = Parameter::deserialize(StrDeserializer::<serde_json::Error>::new(name)).ok();
        parameter.filter(|parameter| match parameter {
            Parameter::ReasoningEffort => self.adds_reasoning_effort,
            _ => *parameter < Parameter::Stop || model != self.model,
        })
    }

    /// How to ask again after `model` refused the parameter `param` (OpenAI's `error.param`). Returns `None` when
    /// it is the caller's own choice, or is not sent.
    pub fn adjust(&self, param: &str, model: &str, adjustments: &Adjustments) -> Option<Parameter> {
        if param == token_limit_name(model, adjustments) {
            return Some(Parameter::TokenLimitName).filter(|tried| !adjustments.contains(tried));
        }
        let parameter = self.adjustable(param, model)?;
        self.sent(model, adjustments).any(|(name, _)| name == param).then_some(parameter)
    }

    /// Whether `param` is a place in what is sent: a member, then indexes and names of OpenAI's. A gateway can put
    /// no text of its own, or of the caller's, into such a place.
    pub fn has_place(&self, param: &str) -> bool {
        let mut segments = param.split(['.', '[']).map(|name| name.strip_suffix(']').unwrap_or(name));
        let is_sent = segments.next().is_some_and(|first| {
            matches!(first, "model" | "messages" | "max_tokens" | "max_completion_tokens")
                || self.passed.iter().any(|(name, _)| *name == first)
        });
        let is_known = |segment: &str| {
            INNER_MEMBERS.split(' ').any(|name| name == segment)
                || matches!(segment.len(), 1..=5) && segment.bytes().all(|byte| byte.is_ascii_digit())
        };
        is_sent && param.len() <= MAX_PLACE_BYTES && segments.all(is_known)
    }

    /// Whether `model` may reason before its first word.
    pub fn lets_model_reason(&self, model: &str, adjustments: &Adjustments) -> bool {
        let effort = self.sent(model, adjustments).find(|(name, _)| *name == "reasoning_effort");
        effort.map_or(is_reasoning_model(model), |(_, effort)| effort != "\"none\"")
    }
}

/// The value of a member. Fails when it is not in `range`, with an error that says `what` it must be.
fn checked<T: FromStr + PartialOrd>(
    name: &str,
    value: Option<&RawValue>,
    range: RangeInclusive<T>,
    what: &str,
) -> Result<Option<T>, ApiError> {
    let Some(value) = value else { return Ok(None) };
    let parsed = value.get().parse().ok().filter(|parsed| range.contains(parsed));
    parsed.map(Some).ok_or_else(|| ApiError::invalid_request(name, what))
}

fn token_limit_name(model: &str, adjustments: &Adjustments) -> &'static str {
    let is_renamed = adjustments.contains(&Parameter::TokenLimitName);
    if is_reasoning_model(model) != is_renamed { "max_completion_tokens" } else { "max_tokens" }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
