//! What a chat completion request asks for, read as leniently as a demonstration may.

use serde_json::Value;

/// The parts of a request that the answer speaks about.
pub struct Prompt {
    /// The model that was asked for; the answer names it, so that a fallback can be seen.
    pub model: String,
    /// Server-sent events are wanted, not one JSON.
    pub stream: bool,
    /// `stream_options.include_usage` was given.
    pub usage: bool,
    /// The text of every user message, oldest first.
    pub questions: Vec<String>,
    /// How many of its own answers came back as history.
    pub answers: usize,
    /// How many characters of system prompt came along.
    pub system_characters: usize,
}

impl Prompt {
    /// Reads a request body; `None` when it is not JSON or holds no messages.
    pub fn read(body: &[u8]) -> Option<Self> {
        let request: Value = serde_json::from_slice(body).ok()?;
        let messages = request["messages"].as_array()?;
        let of_role = |role: &'static str| messages.iter().filter(move |m| m["role"] == role);
        Some(Self {
            model: request["model"].as_str().unwrap_or("unnamed").to_owned(),
            stream: request["stream"] == true,
            usage: request["stream_options"]["include_usage"] == true,
            questions: of_role("user").map(|m| text(&m["content"])).collect(),
            answers: of_role("assistant").count(),
            system_characters: of_role("system").map(|m| text(&m["content"]).chars().count()).sum(),
        })
    }

    /// The last user message, which may hold a command.
    pub fn question(&self) -> &str {
        self.questions.last().map_or("", |last| last.trim())
    }
}

fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            parts.iter().map(|part| part["text"].as_str().unwrap_or("[image]")).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}
