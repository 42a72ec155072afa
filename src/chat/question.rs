//! A checked request, ready to be rendered for one model after the other.

use super::{
    message::{Message, given},
    models::{Models, takes_completion_tokens},
    parameters::{Fields, bounded, typed},
};
use crate::{
    config::ChatConfig,
    dialect::Dialect,
    failure::{Failure, Kind},
};
use bytes::Bytes;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use std::fmt;

/// What is asked of the gateway, whichever model answers. `Debug` prints nothing of the conversation.
///
/// ```
/// use gptdock::{Config, chat::{Adjustments, Models, Question}, dialect::Dialect};
///
/// let settings = |name: &str| match name {
///     "AUTH_MODE" => Some("none".to_owned()),
///     "OPENAI_API_KEY" => Some("sk-example".to_owned()),
///     "SYSTEM_PROMPT" => Some("Be brief.".to_owned()),
///     _ => None,
/// };
/// let config = Config::from_lookup(settings).unwrap();
/// let body = br#"{"messages": [{"author": {"role": "user"}, "content": {"parts": ["Hi"]}}]}"#;
/// let question = Question::parse(body, Dialect::Web, &config.chat, &Models::new(&config.chat)).unwrap();
/// let rendered: serde_json::Value =
///     serde_json::from_slice(&question.render("o3", Adjustments::default())).unwrap();
/// assert_eq!(rendered["messages"][0]["content"], "Be brief.");
/// assert_eq!(rendered["messages"][1], serde_json::json!({"role": "user", "content": "Hi"}));
/// assert_eq!(rendered["max_completion_tokens"], 4096);
/// ```
pub struct Question {
    /// The model that is asked first.
    pub model: String,
    /// The caller reads a stream, not one JSON.
    pub stream: bool,
    /// How many choices an answer has; it is whole when each has its `finish_reason`.
    pub choices: u32,
    /// The caller asked for the usage as an event of its own.
    pub wants_usage: bool,
    messages: Box<RawValue>,
    max_tokens: u64,
    temperature: Option<Box<RawValue>>,
    passed: Vec<(&'static str, Box<RawValue>)>,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").field("model", &self.model).finish_non_exhaustive()
    }
}

/// What a model was found not to take, although its name did not say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Adjustments {
    /// Ask with the other of `max_tokens` and `max_completion_tokens`.
    pub other_token_limit: bool,
    /// Leave `temperature` out.
    pub no_temperature: bool,
}

impl Question {
    /// Reads and checks the body of a request.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`], [`Kind::InvalidRequest`] with the place, or [`Kind::ModelNotFound`].
    pub fn parse(
        body: &[u8],
        dialect: Dialect,
        config: &ChatConfig,
        models: &Models,
    ) -> Result<Self, Failure> {
        let text = std::str::from_utf8(body).map_err(|_| Kind::InvalidJson)?;
        let json: &RawValue = serde_json::from_str(text).map_err(|_| Kind::InvalidJson)?;
        // serde would take an array for a struct, its elements in the fields' order.
        let shape =
            || Failure::new(Kind::InvalidRequest).with_message("The request must be one JSON object.");
        let object = json.get().starts_with('{').then_some(json).ok_or_else(shape)?;
        let fields: Fields = serde_json::from_str(object.get()).map_err(|_| shape())?;
        let wanted = typed::<String>("model", fields.model, "must be a string")?;
        let messages = messages(&fields, dialect, &config.system_prompt)?;
        let model = models.choose(wanted.as_deref(), dialect)?;
        let mut question = Self {
            model,
            messages,
            stream: true,
            choices: 1,
            wants_usage: false,
            max_tokens: config.max_tokens,
            temperature: bounded("temperature", fields.temperature, 0.0..=2.0)?.map(RawValue::to_owned),
            passed: Vec::new(),
        };
        question.pass("top_p", bounded("top_p", fields.top_p, 0.0..=1.0)?);
        if dialect == Dialect::OpenAi {
            question.read_openai_fields(&fields)?;
        }
        Ok(question)
    }

    fn read_openai_fields(&mut self, fields: &Fields) -> Result<(), Failure> {
        self.stream = typed("stream", fields.stream, "must be true or false")?.unwrap_or(false);
        for (name, limit) in
            [("max_tokens", fields.max_tokens), ("max_completion_tokens", fields.max_completion_tokens)]
        {
            let what = "must be a whole number of 1 or more";
            match typed::<u64>(name, limit, what)? {
                Some(0) => return Err(Failure::invalid_request(name, what)),
                Some(limit) => self.max_tokens = self.max_tokens.min(limit),
                None => {}
            }
        }
        let what = "must be a whole number from 1 to 128";
        if let Some(choices) = typed::<u32>("n", fields.n, what)? {
            if !(1..=128).contains(&choices) {
                return Err(Failure::invalid_request("n", what));
            }
            self.choices = choices;
            self.pass("n", fields.n);
        }
        for (name, value) in fields.passed() {
            self.pass(name, Some(value));
        }
        // OpenAI refuses stream_options without stream.
        if let Some(options) = given(fields.stream_options).filter(|_| self.stream) {
            let options_of: serde_json::Value =
                typed("stream_options", Some(options), "must be an object")?.unwrap_or_default();
            self.wants_usage = options_of["include_usage"] == true;
            self.pass("stream_options", Some(options));
        }
        Ok(())
    }

    fn pass(&mut self, name: &'static str, value: Option<&RawValue>) {
        self.passed.extend(value.map(|value| (name, value.to_owned())));
    }

    /// The body of the request to the gateway.
    pub fn render(&self, model: &str, adjustments: Adjustments) -> Bytes {
        serde_json::to_vec(&Rendered { question: self, model, adjustments }).unwrap_or_default().into()
    }
}

fn messages(fields: &Fields, dialect: Dialect, system_prompt: &str) -> Result<Box<RawValue>, Failure> {
    let required = || Failure { param: Some("messages".to_owned()), ..Kind::InvalidRequest.into() };
    let missing = || required().with_message("Messages array is required");
    let given = given(fields.messages).filter(|array| array.get().starts_with('[')).ok_or_else(missing)?;
    if given.get()[1..].trim_start().starts_with(']') {
        return Err(missing());
    }
    let mut messages = Message::read_all(given, dialect)?;
    if messages.is_empty() {
        return Err(required().with_message("No message has any content"));
    }
    messages.insert(0, Message::system(system_prompt));
    to_raw_value(&messages).map_err(|_| Kind::Internal.into())
}

struct Rendered<'a> {
    question: &'a Question,
    model: &'a str,
    adjustments: Adjustments,
}

impl Serialize for Rendered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { question, model, adjustments } = self;
        let mut body = serializer.serialize_map(None)?;
        body.serialize_entry("model", model)?;
        body.serialize_entry("messages", &question.messages)?;
        let completion = takes_completion_tokens(model) != adjustments.other_token_limit;
        let limit = if completion { "max_completion_tokens" } else { "max_tokens" };
        body.serialize_entry(limit, &question.max_tokens)?;
        if question.stream {
            body.serialize_entry("stream", &true)?;
        }
        if let Some(temperature) = question.temperature.as_ref().filter(|_| !adjustments.no_temperature) {
            body.serialize_entry("temperature", temperature)?;
        }
        for (name, value) in &question.passed {
            body.serialize_entry(name, value)?;
        }
        body.end()
    }
}

#[cfg(test)]
#[path = "question_tests.rs"]
mod tests;
