//! The transformation of the frontend's body into the gateway's.

use bytes::Bytes;
use divan::{Bencher, counter::BytesCount};
use gptdock::Config;
use gptdock::api_format::ApiFormat;
use gptdock::chat::{Adjustments, ChatRequest};
use serde_json::json;

/// Messages of 200 characters each, as long conversations have them.
fn body(messages: usize) -> String {
    let text =
        "When is a component rendered, and what of its state is kept?\n\"Quoted\", naïve, 日本語. ".repeat(2);
    let message = |number: usize| {
        let role = ["user", "assistant"][number % 2];
        let author = json!({"role": role});
        json!({"id": "5f0f6e1c", "author": author, "content": {"content_type": "text", "parts": [text]}})
    };
    let messages: Vec<_> = (0..messages).map(message).collect();
    json!({"action": "next", "messages": messages, "model": "text-davinci-002"}).to_string()
}

fn config() -> Config {
    let lookup = |name: &str| match name {
        "AUTH_MODE" => Some("none".to_owned()),
        "OPENAI_API_KEY" => Some("sk-bench".to_owned()),
        _ => None,
    };
    Config::from_lookup(lookup).unwrap()
}

#[divan::bench(args = [1, 20, 200])]
fn transform(bencher: Bencher<'_, '_>, messages: usize) {
    let (body, config) = (body(messages), config().chat);
    bencher.counter(BytesCount::new(body.len())).bench(|| -> Bytes {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let request = ChatRequest::parse(body, ApiFormat::ChatGptWeb, &config).unwrap();
        request.render(&config.model, &Adjustments::default())
    });
}
