//! What an event means, against reading it into a tree.

use divan::{Bencher, black_box};
use gptdock::sse::{Judge, Verdict, judge};

const PAYLOADS: [&str; 3] = [
    r#"{"id":"chatcmpl-9XyZabcdEFGH","object":"chat.completion.chunk","created":1795305600,"model":"gpt-3.5-turbo-0125","choices":[{"index":0,"delta":{"content":" token"},"logprobs":null,"finish_reason":null}]}"#,
    r#"{"id":"chatcmpl-9XyZabcdEFGH","object":"chat.completion.chunk","created":1795305600,"model":"gpt-3.5-turbo-0125","choices":[],"usage":{"prompt_tokens":70,"completion_tokens":400,"total_tokens":470}}"#,
    "[DONE]",
];
const NAMES: [&str; 3] = ["token", "usage", "done"];

fn payload(name: &str) -> &'static [u8] {
    let found = NAMES.iter().position(|known| *known == name).unwrap();
    PAYLOADS[found].as_bytes()
}

#[divan::bench(args = NAMES)]
fn gptdock(name: &str) -> Verdict {
    judge(black_box(payload(name)))
}

/// A token after another one of its stream.
#[divan::bench]
fn gptdock_remembering(bencher: Bencher<'_, '_>) {
    let mut judge = Judge::default();
    bencher.bench_local(|| judge.judge(black_box(payload("token"))));
}

#[divan::bench(args = &NAMES[..2])]
fn serde_json_value(name: &str) -> serde_json::Value {
    serde_json::from_slice(black_box(payload(name))).unwrap()
}
