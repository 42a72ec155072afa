//! From the frontend's body to the gateway's.

use bytes::Bytes;
use divan::{Bencher, counter::BytesCount};
use gptdock::{
    Config,
    chat::{Adjustments, Models, Question},
    dialect::Dialect,
};
use serde_json::json;

/// Messages of 200 characters each, as long conversations have them.
fn body(messages: usize) -> String {
    let text =
        "When is a component rendered again, and what of its state is kept?\n\"Quoted\", naïve, 日本語. "
            .repeat(2);
    let message = |index: usize| {
        let role = ["user", "assistant"][index % 2];
        json!({
            "id": "5f0f6e1c-38a4-4f0f-9d0e-0d0b7c5c6c1a",
            "author": {"role": role},
            "role": role,
            "content": {"content_type": "text", "parts": [text]},
        })
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
fn gptdock(bencher: Bencher<'_, '_>, messages: usize) {
    let (body, config) = (body(messages), config().chat);
    let models = Models::new(&config);
    bencher.counter(BytesCount::new(body.len())).bench(|| -> Bytes {
        let question = Question::parse(body.as_bytes(), Dialect::Web, &config, &models).unwrap();
        question.render(&config.model, Adjustments::default())
    });
}
