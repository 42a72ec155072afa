//! A checked request, ready to be rendered for one model after the other.

use super::{
    message::Message,
    messages::Messages,
    models::{Models, takes_completion_tokens},
    parameters::{Fields, bounded, typed},
    refusal,
};
use crate::{
    config::ChatConfig,
    dialect::Dialect,
    failure::{Failure, Kind},
    json::{Object, Text},
};
use bytes::Bytes;
use serde_json::value::RawValue;
use std::fmt;

/// What a body without the rarer parameters has beside its messages, and more.
const ROOM_BESIDE_MESSAGES: usize = 256;

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
    /// The JSON array.
    messages: Box<[u8]>,
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
        let refused = || refusal::find(text, dialect);
        let Object(mut fields): Object<Fields<'_, Messages<'_>>> =
            serde_json::from_str(text).map_err(|_| refused())?;
        let wanted = typed::<Text<'_>>("model", fields.model, "must be a string")?;
        let incoming = fields.messages.take().filter(|Messages(messages)| !messages.is_empty());
        let Messages(incoming) = incoming.ok_or_else(refused)?;
        let mut messages = Vec::with_capacity(incoming.len() + 1);
        messages.push(Message::system(&config.system_prompt));
        for message in incoming {
            messages.extend(Message::new(message, dialect).map_err(|_| refused())?);
        }
        if messages.len() == 1 {
            return Err(refusal::of_messages("No message has any content"));
        }
        let mut written = Vec::with_capacity(body.len() + config.system_prompt.len());
        serde_json::to_writer(&mut written, &messages).map_err(|_| Kind::Internal)?;
        let model = models.choose(wanted.as_ref().map(|Text(model)| model.as_ref()), dialect)?;
        let mut question = Self {
            model,
            // What else the body held would be kept as long as the answer lasts.
            messages: written.into_boxed_slice(),
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

    fn read_openai_fields(&mut self, fields: &Fields<'_, Messages<'_>>) -> Result<(), Failure> {
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
        if let Some(options) = fields.stream_options.filter(|_| self.stream) {
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
        let mut body = Body(Vec::with_capacity(self.messages.len() + ROOM_BESIDE_MESSAGES));
        body.member("model", &serde_json::to_vec(model).unwrap_or_default());
        body.member("messages", &self.messages);
        let completion = takes_completion_tokens(model) != adjustments.other_token_limit;
        let limit = if completion { "max_completion_tokens" } else { "max_tokens" };
        body.member(limit, self.max_tokens.to_string().as_bytes());
        if self.stream {
            body.member("stream", b"true");
        }
        if let Some(temperature) = self.temperature.as_ref().filter(|_| !adjustments.no_temperature) {
            body.member("temperature", temperature.get().as_bytes());
        }
        for (name, value) in &self.passed {
            body.member(name, value.get().as_bytes());
        }
        body.0.push(b'}');
        body.0.into()
    }
}

/// A JSON object whose members are JSON already: the messages, megabytes perhaps, are copied as they are.
struct Body(Vec<u8>);

impl Body {
    /// `name` is one that needs no escapes.
    fn member(&mut self, name: &str, value: &[u8]) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
        self.0.extend_from_slice(value);
    }
}

#[cfg(test)]
#[path = "question_tests.rs"]
mod tests;
