//! The two dialects in which callers are spoken to, and how each says that something failed.

use crate::failure::Failure;
use serde::Serialize;

/// Whose words a route speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// The unchanged frontend's: `/conversations`, and whatever is not an OpenAI path.
    Web,
    /// The [OpenAI API](https://platform.openai.com/docs/api-reference/chat)'s: `/v1/…`.
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

#[derive(Serialize)]
struct WebError<'a> {
    error: &'a str,
    code: &'a str,
    request_id: &'a str,
}

#[derive(Serialize)]
struct OpenAiError<'a> {
    error: ErrorObject<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    message: &'a str,
    r#type: &'a str,
    param: Option<&'a str>,
    code: &'a str,
}

impl<'a> From<&'a Failure> for ErrorObject<'a> {
    fn from(failure: &'a Failure) -> Self {
        Self {
            message: &failure.message,
            r#type: failure.kind.openai_type(),
            param: failure.param.as_deref(),
            code: &failure.code,
        }
    }
}

#[derive(Serialize)]
struct ErrorChunk<'a> {
    id: &'a str,
    object: &'a str,
    created: u64,
    model: &'a str,
    choices: [ErrorChoice; 1],
    error: InBandError<'a>,
}

#[derive(Serialize)]
struct ErrorChoice {
    index: u32,
    delta: Delta,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Delta {
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
}

#[derive(Serialize)]
struct InBandError<'a> {
    message: &'a str,
    r#type: &'a str,
    code: &'a str,
}

impl Dialect {
    /// The body of an HTTP error.
    pub fn error_body(self, failure: &Failure, request_id: &str) -> Vec<u8> {
        match self {
            Self::Web => json(&WebError { error: &failure.message, code: &failure.code, request_id }),
            Self::OpenAi => json(&OpenAiError { error: failure.into(), request_id }),
        }
    }

    /// The payload of the event that ends a stream early: an error to OpenAI's packages and, for the frontend,
    /// which knows no errors, a sentence of the answer.
    pub fn error_event(self, failure: &Failure, answer: &AnswerId) -> Vec<u8> {
        let content = match self {
            Self::Web => Some(format!("\n\n*The answer stopped early: {}*", failure.message)),
            Self::OpenAi => None,
        };
        json(&ErrorChunk {
            id: &answer.id,
            object: "chat.completion.chunk",
            created: answer.created,
            model: &answer.model,
            choices: [ErrorChoice { index: 0, delta: Delta { content }, finish_reason: "error" }],
            error: InBandError {
                message: &failure.message,
                r#type: failure.kind.openai_type(),
                code: &failure.code,
            },
        })
    }
}

/// JSON of one of the structs above: strings, numbers and arrays, which always serialize.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Kind;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn http_errors() {
        let failure = Failure::invalid_request("messages[0].role", "is not a role");
        assert_eq!(
            text(Dialect::Web.error_body(&failure, "r1")),
            r#"{"error":"messages[0].role: is not a role","code":"invalid_request","request_id":"r1"}"#
        );
        assert_eq!(
            text(Dialect::OpenAi.error_body(&failure, "r1")),
            r#"{"error":{"message":"messages[0].role: is not a role","type":"invalid_request_error","param":"messages[0].role","code":"invalid_request"},"request_id":"r1"}"#
        );
    }

    #[test]
    fn in_band_errors() {
        let answer = AnswerId { id: "chatcmpl-1".into(), created: 7, model: "m".into() };
        let failure = Failure::from(Kind::Deadline);
        assert_eq!(
            text(Dialect::Web.error_event(&failure, &answer)),
            r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"content":"\n\n*The answer stopped early: The answer took longer than this service may run.*"},"finish_reason":"error"}],"error":{"message":"The answer took longer than this service may run.","type":"server_error","code":"deadline"}}"#
        );
        assert_eq!(
            text(Dialect::OpenAi.error_event(&failure, &answer)),
            r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"error"}],"error":{"message":"The answer took longer than this service may run.","type":"server_error","code":"deadline"}}"#
        );
    }
}
