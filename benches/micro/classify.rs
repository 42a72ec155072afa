//! The classification of one event, beside `serde_json` reading it into a tree.

use divan::black_box;
use gptdock::sse::{ChunkKind, classify};

const TOKEN: &str = r#"{"id":"chatcmpl-9XyZabcdEFGH","object":"chat.completion.chunk","created":1795305600,"model":"gpt-3.5-turbo-0125","choices":[{"index":0,"delta":{"content":" token"},"logprobs":null,"finish_reason":null}]}"#;
const USAGE: &str = r#"{"id":"chatcmpl-9XyZabcdEFGH","object":"chat.completion.chunk","created":1795305600,"model":"gpt-3.5-turbo-0125","choices":[],"usage":{"prompt_tokens":70,"completion_tokens":400,"total_tokens":470}}"#;

#[divan::bench]
fn token() -> ChunkKind {
    classify(black_box(TOKEN.as_bytes()))
}

#[divan::bench]
fn usage() -> ChunkKind {
    classify(black_box(USAGE.as_bytes()))
}

#[divan::bench]
fn done() -> ChunkKind {
    classify(black_box(b"[DONE]"))
}

#[divan::bench]
fn token_into_a_tree() -> serde_json::Value {
    serde_json::from_str(black_box(TOKEN)).unwrap()
}
