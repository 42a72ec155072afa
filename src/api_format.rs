//! The two API formats that callers speak, and how each states an error.

use crate::error::ApiError;
use serde::Serialize;

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

#[derive(Serialize)]
struct ChatGptWebError<'a> {
    error: &'a str,
    code: &'a str,
    request_id: &'a str,
}

#[derive(Serialize)]
struct OpenAiError<'a> {
    error: OpenAiErrorObject<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct OpenAiErrorObject<'a> {
    message: &'a str,
    r#type: &'a str,
    param: Option<&'a str>,
    code: &'a str,
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'a str,
    created: u64,
    model: &'a str,
    choices: [Choice; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<InBandError<'a>>,
}

#[derive(Serialize)]
struct Choice {
    index: u32,
    delta: Delta,
    finish_reason: Option<&'static str>,
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

impl ApiFormat {
    /// The body of an HTTP error.
    pub fn error_body(self, error: &ApiError, request_id: &str) -> Vec<u8> {
        match self {
            Self::ChatGptWeb => {
                json(&ChatGptWebError { error: &error.message, code: &error.code, request_id })
            }
            Self::OpenAi => {
                let object = OpenAiErrorObject {
                    message: &error.message,
                    r#type: error.kind.openai_type(),
                    param: error.param.as_deref(),
                    code: &error.code,
                };
                json(&OpenAiError { error: object, request_id })
            }
        }
    }

    /// The payload of the event that ends an interrupted stream. OpenAI's packages raise it as an error.
    /// The frontend reads no errors, so on `/conversations` the event also carries a sentence.
    pub fn error_event(self, error: &ApiError, answer: &AnswerId) -> Vec<u8> {
        let content = match self {
            Self::ChatGptWeb => Some(format!("\n\n*The answer stopped early: {}*", error.message)),
            Self::OpenAi => None,
        };
        let in_band =
            InBandError { message: &error.message, r#type: error.kind.openai_type(), code: &error.code };
        answer.chunk(content, Some("error"), Some(in_band))
    }

    /// The payload of the event that tells a reader of `/conversations` why a complete answer may look cut:
    /// that frontend reads no `finish_reason`. Returns `None` for every other reason and on `/v1/…`.
    pub fn finish_note(self, finish_reason: &str, answer: &AnswerId) -> Option<Vec<u8>> {
        let sentence = match (self, finish_reason) {
            (Self::ChatGptWeb, "length") => "The answer reached its maximum length.",
            (Self::ChatGptWeb, "content_filter") => "The content filter removed the rest of this answer.",
            _ => return None,
        };
        Some(answer.chunk(Some(format!("\n\n*{sentence}*")), None, None))
    }
}

impl AnswerId {
    fn chunk(
        &self,
        content: Option<String>,
        finish_reason: Option<&'static str>,
        error: Option<InBandError<'_>>,
    ) -> Vec<u8> {
        json(&Chunk {
            id: &self.id,
            object: "chat.completion.chunk",
            created: self.created,
            model: &self.model,
            choices: [Choice { index: 0, delta: Delta { content }, finish_reason }],
            error,
        })
    }
}

/// Serializes one of the structs above. They hold strings, numbers and arrays only, which cannot fail.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ApiErrorKind;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn answer() -> AnswerId {
        AnswerId { id: "chatcmpl-1".into(), created: 7, model: "m".into() }
    }

    #[test]
    fn writes_error_bodies() {
        let error = ApiError::invalid_request("messages[0].role", "is not a role");
        assert_eq!(
            text(ApiFormat::ChatGptWeb.error_body(&error, "r1")),
            r#"{"error":"messages[0].role: is not a role","code":"invalid_request","request_id":"r1"}"#
        );
        assert_eq!(
            text(ApiFormat::OpenAi.error_body(&error, "r1")),
            r#"{"error":{"message":"messages[0].role: is not a role","type":"invalid_request_error","param":"messages[0].role","code":"invalid_request"},"request_id":"r1"}"#
        );
    }

    #[test]
    fn writes_error_events() {
        let error = ApiError::from(ApiErrorKind::Deadline);
        assert_eq!(
            text(ApiFormat::ChatGptWeb.error_event(&error, &answer())),
            r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"content":"\n\n*The answer stopped early: The answer took longer than this service may run.*"},"finish_reason":"error"}],"error":{"message":"The answer took longer than this service may run.","type":"server_error","code":"deadline"}}"#
        );
        assert_eq!(
            text(ApiFormat::OpenAi.error_event(&error, &answer())),
            r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"error"}],"error":{"message":"The answer took longer than this service may run.","type":"server_error","code":"deadline"}}"#
        );
    }

    #[test]
    fn notes_cut_answers_on_conversations_only() {
        let note = ApiFormat::ChatGptWeb.finish_note("length", &answer()).map(text);
        assert_eq!(
            note.as_deref(),
            Some(
                r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"content":"\n\n*The answer reached its maximum length.*"},"finish_reason":null}]}"#
            )
        );
        assert!(ApiFormat::ChatGptWeb.finish_note("content_filter", &answer()).is_some());
        assert_eq!(ApiFormat::ChatGptWeb.finish_note("stop", &answer()), None);
        assert_eq!(ApiFormat::OpenAi.finish_note("length", &answer()), None);
    }
}
