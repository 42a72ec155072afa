//! A chat completion in OpenAI's form, as events or as one JSON.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::answer;
use super::prompt::Prompt;

/// What every piece of one completion has in common.
pub struct Completion {
    id: String,
    created: u64,
    model: String,
    tells_usage: bool,
}

impl Completion {
    /// A new completion of this prompt.
    pub fn new(prompt: &Prompt) -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            id: format!("chatcmpl-demo{:016x}", fastrand::u64(..)),
            created: since_epoch.map_or(0, |time| time.as_secs()),
            model: prompt.model.clone(),
            tells_usage: prompt.usage,
        }
    }

    /// The text as server-sent events, one token each.
    pub fn events(&self, text: &str) -> Vec<String> {
        let mut payloads = vec![self.chunk(json!({"role": "assistant", "content": ""}), Value::Null)];
        payloads.extend(
            answer::tokens(text).into_iter().map(|token| self.chunk(json!({"content": token}), Value::Null)),
        );
        payloads.push(self.chunk(json!({}), json!("stop")));
        if self.tells_usage {
            payloads.push(self.object("chat.completion.chunk", json!({"choices": [], "usage": usage(text)})));
        }
        payloads.push("[DONE]".to_owned());
        payloads.iter().map(|payload| format!("data: {payload}\n\n")).collect()
    }

    /// The text as one JSON.
    pub fn json(&self, text: &str) -> String {
        let message = json!({"role": "assistant", "content": text, "refusal": null});
        let choice = json!({"index": 0, "message": message, "logprobs": null, "finish_reason": "stop"});
        self.object("chat.completion", json!({"choices": [choice], "usage": usage(text)}))
    }

    fn chunk(&self, delta: Value, finish_reason: Value) -> String {
        let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason});
        self.object("chat.completion.chunk", json!({ "choices": [choice] }))
    }

    fn object(&self, kind: &str, mut content: Value) -> String {
        content["id"] = json!(self.id);
        content["object"] = json!(kind);
        content["created"] = json!(self.created);
        content["model"] = json!(self.model);
        content.to_string()
    }
}

fn usage(text: &str) -> Value {
    let tokens = answer::tokens(text).len();
    json!({"prompt_tokens": 1, "completion_tokens": tokens, "total_tokens": tokens + 1})
}
