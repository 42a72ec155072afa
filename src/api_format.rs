//! The two API formats that callers speak, and how each states an error.

use crate::error::ApiError;
use serde_json::{Value, json};

/// The format of a route's requests and errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiFormat {
    /// The format of the unchanged frontend: `/conversations`, and every path outside `/v1`.
    ChatGptWeb,
    /// The format of the [OpenAI API](https://platform.openai.com/docs/api-reference/chat): `/v1/…`.
    OpenAi,
}

/// What identifies an answer in its chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerId {
    /// `chatcmpl-…`.
    pub id: String,
    /// Seconds since 1970.
    pub created: u64,
    /// The model that answers.
    pub model: String,
}

impl ApiFormat {
    /// The body of an HTTP error.
    pub fn error_body(self, error: &ApiError, request_id: &str) -> Vec<u8> {
        let [message, kind, code] = words(error);
        let (param, id) = (json!(error.param), json!(request_id));
        let body = match self {
            Self::ChatGptWeb => format!(r#"{{"error":{message},"code":{code},"request_id":{id}}}"#),
            Self::OpenAi => {
                let object =
                    format!(r#"{{"message":{message},"type":{kind},"param":{param},"code":{code}}}"#);
                format!(r#"{{"error":{object},"request_id":{id}}}"#)
            }
        };
        body.into()
    }

    /// The payload of the event that ends an interrupted stream. OpenAI's packages raise it as an error.
    /// The frontend reads no errors, so on `/conversations` the event also carries a sentence.
    pub fn error_event(self, error: &ApiError, answer: &AnswerId) -> Vec<u8> {
        let delta = match self {
            Self::ChatGptWeb => delta(&format!("The answer stopped early: {}", error.message)),
            Self::OpenAi => json!({}),
        };
        let [message, kind, code] = words(error);
        let in_band = format!(r#","error":{{"message":{message},"type":{kind},"code":{code}}}"#);
        answer.chunk(&delta, Some("error"), &in_band)
    }

    /// The payload of the event that tells a reader of `/conversations` why a complete answer may look cut:
    /// that frontend reads no `finish_reason`. Returns `None` for every other reason and on `/v1/…`.
    pub fn finish_note(self, finish_reason: &str, answer: &AnswerId) -> Option<Vec<u8>> {
        let sentence = match (self, finish_reason) {
            (Self::ChatGptWeb, "length") => "The answer reached its maximum length.",
            (Self::ChatGptWeb, "content_filter") => "The content filter removed the rest of this answer.",
            _ => return None,
        };
        Some(answer.chunk(&delta(sentence), None, ""))
    }
}

impl AnswerId {
    fn chunk(&self, delta: &Value, finish_reason: Option<&str>, error: &str) -> Vec<u8> {
        let (id, created, model, reason) =
            (json!(self.id), self.created, json!(self.model), json!(finish_reason));
        let choice = format!(r#"{{"index":0,"delta":{delta},"finish_reason":{reason}}}"#);
        let names =
            format!(r#""id":{id},"object":"chat.completion.chunk","created":{created},"model":{model}"#);
        format!(r#"{{{names},"choices":[{choice}]{error}}}"#).into()
    }
}

fn delta(sentence: &str) -> Value {
    json!({"content": format!("\n\n*{sentence}*")})
}

/// The sentence, type and code of an error as JSON strings.
fn words(error: &ApiError) -> [Value; 3] {
    [&*error.message, error.kind.openai_type(), &*error.code].map(Value::from)
}
