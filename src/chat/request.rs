//! A checked request, ready to be rendered for one model after the other.

use super::body::{self, Object, text_of};
use super::models::{Models, is_reasoning_model};
use super::params::{Adjustments, Members, Parameter, are_known, checked};
use crate::api_format::ApiFormat;
use crate::config::ChatConfig;
use crate::error::{ApiError, ApiErrorKind};
use crate::json;
use bytes::Bytes;
use serde_json::value::{RawValue, to_raw_value};
use std::fmt;

/// More than a body has beside its messages and the values that it passes on.
const ROOM_FOR_NAMES: usize = 1024;
/// Longer than any place that [`ChatRequest::has_place`] should know.
const MAX_PLACE_BYTES: usize = 100;

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
    format: ApiFormat,
    /// The JSON array.
    messages: Box<[u8]>,
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
    pub fn parse(
        body: Bytes,
        format: ApiFormat,
        config: &ChatConfig,
        models: &Models,
    ) -> Result<Self, ApiError> {
        let body = body::replace_half_pairs(body);
        let Object(mut members) = body::read::<Object<Members<'_>>>(body::text(&body)?)?;
        let wanted = members.model.map(|model| {
            text_of(model).ok_or_else(|| ApiError::invalid_request("model", "must be a string"))
        });
        let wanted = wanted.transpose()?;
        let messages = members.messages.take().unwrap_or_default();
        let messages = messages.write(format, &config.system_prompt, body.len())?;
        let mut request = Self {
            model: models.choose(wanted.as_deref(), format)?,
            stream: true,
            choices: 1,
            include_usage: false,
            format,
            messages,
            max_tokens: config.max_tokens,
            passed: Vec::new(),
        };
        checked("temperature", members.temperature, 0.0..=2.0, "must be a number from 0 to 2")?;
        request.pass("temperature", members.temperature);
        if let (ApiFormat::ChatGptWeb, Some(effort)) = (format, &config.reasoning_effort) {
            let effort = to_raw_value(effort).map_err(|_| ApiErrorKind::Internal)?;
            request.passed.push(("reasoning_effort", effort));
        }
        checked("top_p", members.top_p, 0.0..=1.0, "must be a number from 0 to 1")?;
        request.pass("top_p", members.top_p);
        if format == ApiFormat::OpenAi {
            request.read_openai_members(&members)?;
        }
        Ok(request)
    }

    fn read_openai_members(&mut self, members: &Members<'_>) -> Result<(), ApiError> {
        let stream = checked("stream", members.stream, false..=true, "must be true or false")?;
        self.stream = stream.unwrap_or(false);
        for (name, limit) in
            [("max_tokens", members.max_tokens), ("max_completion_tokens", members.max_completion_tokens)]
        {
            let limit = checked(name, limit, 1..=u64::MAX, "must be a whole number of 1 or more")?;
            self.max_tokens = self.max_tokens.min(limit.unwrap_or(u64::MAX));
        }
        let choices = checked("n", members.n, 1..=128, "must be a whole number from 1 to 128")?;
        self.choices = choices.unwrap_or(1);
        self.pass("n", members.n);
        for (name, value) in members.passed() {
            self.pass(name, value);
        }
        // OpenAI refuses stream_options without stream.
        if let Some(options) = members.stream_options.filter(|_| self.stream) {
            let [usage] = json::members(options.get(), ["include_usage"])
                .map_err(|_| ApiError::invalid_request("stream_options", "must be an object"))?;
            self.include_usage = usage.is_some_and(|usage| usage.get() == "true");
            self.pass("stream_options", Some(options));
        }
        Ok(())
    }

    fn pass(&mut self, name: &'static str, value: Option<&RawValue>) {
        self.passed.extend(value.map(|value| (name, value.to_owned())));
    }

    /// The body of the request to the gateway.
    pub fn render(&self, model: &str, adjustments: &Adjustments) -> Bytes {
        let passed: usize = self.passed.iter().map(|(_, value)| value.get().len()).sum();
        let mut body = Vec::with_capacity(model.len() + self.messages.len() + passed + ROOM_FOR_NAMES);
        let mut member = |name: &str, value: &[u8]| {
            body.extend_from_slice(if body.is_empty() { b"{\"" } else { b",\"" });
            body.extend_from_slice(name.as_bytes());
            body.extend_from_slice(b"\":");
            body.extend_from_slice(value);
        };
        member("model", &serde_json::to_vec(model).unwrap_or_default());
        member("messages", &self.messages);
        member(token_limit_name(model, adjustments), self.max_tokens.to_string().as_bytes());
        if self.stream {
            member("stream", b"true");
        }
        for (name, value) in &self.passed {
            if self.sends(name, model, adjustments) {
                member(name, value.get().as_bytes());
            }
        }
        body.push(b'}');
        body.into()
    }

    /// How to ask again after `model` refused the parameter `param` (OpenAI's `error.param`). Returns `None` when
    /// it is the caller's own choice, or is not sent.
    pub fn adjust(&self, param: &str, model: &str, adjustments: &Adjustments) -> Option<Parameter> {
        if param == token_limit_name(model, adjustments) {
            let tried = adjustments.contains(Parameter::TokenLimitName);
            return (!tried).then_some(Parameter::TokenLimitName);
        }
        let parameter = Parameter::named(param).filter(|parameter| self.may_leave_out(*parameter, model))?;
        let is_passed = self.passed.iter().any(|(name, _)| *name == param);
        (is_passed && self.sends(param, model, adjustments)).then_some(parameter)
    }

    /// How to ask again after a refusal that names no parameter: without the `reasoning_effort` that was added.
    pub fn added_reasoning_effort(&self, model: &str, adjustments: &Adjustments) -> Option<Parameter> {
        self.adjust("reasoning_effort", model, adjustments)
    }

    /// Whether a member of `passed` is sent to this model.
    fn sends(&self, name: &str, model: &str, adjustments: &Adjustments) -> bool {
        let Some(parameter) = Parameter::named(name) else { return true };
        // Other callers' requests may have made these adjustments, under other rules.
        let left_out = adjustments.contains(parameter) && self.may_leave_out(parameter, model);
        let added = parameter == Parameter::ReasoningEffort && self.format == ApiFormat::ChatGptWeb;
        !left_out && (!added || is_reasoning_model(model))
    }

    fn may_leave_out(&self, parameter: Parameter, model: &str) -> bool {
        match parameter {
            Parameter::ReasoningEffort => self.format == ApiFormat::ChatGptWeb,
            // The caller chose the first model together with these.
            Parameter::Stop
            | Parameter::Logprobs
            | Parameter::TopLogprobs
            | Parameter::LogitBias
            | Parameter::Seed => model != self.model,
            _ => true,
        }
    }

    /// Whether `param` is a place in what is sent: a member, then indexes and names of OpenAI's. A gateway can put
    /// no text of its own, or of the caller's, into such a place.
    pub fn has_place(&self, param: &str) -> bool {
        let mut segments =
            param.split(['.', '[']).map(|segment| segment.strip_suffix(']').unwrap_or(segment));
        let is_sent = segments.next().is_some_and(|first| match first {
            "model" | "messages" | "max_tokens" | "max_completion_tokens" => true,
            "stream" => self.stream,
            _ => self.passed.iter().any(|(name, _)| *name == first),
        });
        is_sent && param.len() <= MAX_PLACE_BYTES && are_known(segments)
    }

    /// Whether `model` may reason before its first word.
    pub fn lets_model_reason(&self, model: &str, adjustments: &Adjustments) -> bool {
        let effort = self.passed.iter().find(|(name, _)| *name == "reasoning_effort");
        match effort.filter(|(name, _)| self.sends(name, model, adjustments)) {
            Some((_, effort)) => effort.get() != "\"none\"",
            None => is_reasoning_model(model),
        }
    }
}

fn token_limit_name(model: &str, adjustments: &Adjustments) -> &'static str {
    let is_renamed = adjustments.contains(Parameter::TokenLimitName);
    if is_reasoning_model(model) != is_renamed { "max_completion_tokens" } else { "max_tokens" }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
