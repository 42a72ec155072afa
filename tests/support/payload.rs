//! What gateways say: the events of an answer, whole answers, errors.

use serde_json::{Value, json};

pub const DONE: &str = "[DONE]";

/// The model that answers say they come from.
pub const ANSWERING: &str = "gpt-3.5-turbo-0125";

/// One event of an answer, as OpenAI writes it.
pub fn chunk(delta: Value, finish_reason: Option<&str>) -> String {
    json!({
        "id": "chatcmpl-7RyNSW2BZkOQQh7NlBc65j5kX8AjC",
        "object": "chat.completion.chunk",
        "created": 1_680_931_640,
        "model": ANSWERING,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    })
    .to_string()
}

pub fn token(text: &str) -> String {
    chunk(json!({"content": text}), None)
}

pub fn finish() -> String {
    chunk(json!({}), Some("stop"))
}

pub fn sse(payload: &str) -> String {
    format!("data: {payload}\n\n")
}

/// The whole answer to a request that asked for JSON.
pub fn completion(text: &str) -> Value {
    json!({
        "id": "chatcmpl-7RyNSW2BZkOQQh7NlBc65j5kX8AjC",
        "object": "chat.completion",
        "created": 1_680_931_640,
        "model": ANSWERING,
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": text, "refusal": null},
            "finish_reason": "stop",
        }],
        "usage": {"prompt_tokens": 13, "completion_tokens": 7, "total_tokens": 20},
    })
}

/// OpenAI's error object.
pub fn openai_error(code: &str, kind: &str) -> Value {
    json!({"error": {
        "message": "The gateway's own words.",
        "type": kind,
        "param": null,
        "code": code,
    }})
}

/// Cloudflare AI Gateway's error array.
pub fn cloudflare_error(code: u32, message: &str) -> Value {
    json!({
        "success": false,
        "result": [],
        "messages": [],
        "error": [{"code": code, "message": message}],
    })
}

/// The payloads of the answer that a healthy gateway gives.
pub fn healthy_payloads() -> Vec<String> {
    let role = chunk(json!({"role": "assistant", "content": ""}), None);
    vec![role, token("PRIVATE "), token("answer."), finish()]
}

/// What the healthy answer reads.
pub const HEALTHY: &str = "PRIVATE answer.";
