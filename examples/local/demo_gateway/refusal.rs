//! The ways in which a gateway refuses before it answers: OpenAI's errors, Cloudflare's, and pages of proxies.

use http::StatusCode;
use serde_json::{Value, json};

use super::command::Command;
use super::prompt::Prompt;

/// A refusal as it goes over the wire.
pub struct Refusal {
    /// The status line.
    pub status: StatusCode,
    /// The one header that matters beside the content type.
    pub header: Option<(&'static str, &'static str)>,
    /// `application/json`, or what a proxy says.
    pub content_type: &'static str,
    /// The body as it is sent.
    pub body: String,
}

/// The model that is never retired, so that `/fail model` has somewhere to fall back to.
const LASTING_MODEL: &str = "gpt-6-luna";

impl Refusal {
    /// The refusal with a status, as OpenAI words it.
    fn of_status(status: u16) -> Self {
        match status {
            401 => {
                Self::openai(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided.")
            }
            429 => Self {
                // Longer than the function waits itself, so the caller is told when to come back.
                header: Some(("retry-after", "20")),
                ..Self::openai(429, "requests", "rate_limit_exceeded", "Rate limit reached for requests.")
            },
            500.. => Self::openai(
                status,
                "server_error",
                Value::Null,
                "The server had an error while processing your request.",
            ),
            _ => Self::openai(
                status,
                "invalid_request_error",
                Value::Null,
                "The request was refused, as you asked.",
            ),
        }
    }

    /// The refusal that a command asks for, when it asks for one.
    pub fn of(command: Command, prompt: &Prompt) -> Option<Self> {
        Some(match command {
            Command::Status(status) => Self::of_status(status),
            Command::Quota => Self::openai(
                429,
                "insufficient_quota",
                "insufficient_quota",
                "You exceeded your current quota, please check your plan and billing details.",
            ),
            Command::Context => Self::openai(
                400,
                "invalid_request_error",
                "context_length_exceeded",
                "This model's maximum context length is 4096 tokens.",
            ),
            Command::Filter => Self::openai(
                400,
                "invalid_request_error",
                "content_filter",
                "The prompt was flagged by the content filter.",
            ),
            Command::Model if prompt.model != LASTING_MODEL => Self::openai(
                404,
                "invalid_request_error",
                "model_not_found",
                "The model does not exist or you do not have access to it.",
            ),
            Command::Guardrail => Self::json(
                424,
                &json!({
                    "success": false, "result": [], "messages": [],
                    "error": [{"code": 2016, "message": "Prompt blocked due to security configurations"}],
                }),
            ),
            Command::Html => Self {
                content_type: "text/html; charset=UTF-8",
                body: "<!doctype html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1><hr>cloudflare"
                    .to_owned(),
                ..Self::json(502, &Value::Null)
            },
            Command::Redirect => Self {
                header: Some(("location", "http://127.0.0.1:1/elsewhere")),
                ..Self::json(302, &Value::Null)
            },
            _ => return None,
        })
    }

    /// An error object in OpenAI's form.
    pub fn openai(status: u16, kind: &str, code: impl Into<Value>, message: &str) -> Self {
        Self::json(
            status,
            &json!({"error": {"message": message, "type": kind, "param": null, "code": code.into()}}),
        )
    }

    fn json(status: u16, body: &Value) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            header: None,
            content_type: "application/json",
            body: body.to_string(),
        }
    }
}
