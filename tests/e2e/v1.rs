//! The routes for OpenAI's clients.

use crate::support::event::{Dialect, Event};
use crate::support::payload::{DONE, HEALTHY, completion, healthy_payloads, sse};
use crate::support::world::{Setup, World};
use serde_json::{Value, json};

fn hello() -> Value {
    json!({"messages": [{"role": "user", "content": "PRIVATE question?"}]})
}

fn with(more: Value) -> Value {
    let mut body = hello();
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn json_is_answered_with_json() {
    let world = World::start().await;
    for body in [hello(), with(json!({"stream": false})), with(json!({"stream": null}))] {
        let response = world.ask(Dialect::V1.post(body)).await;
        assert_eq!(response.status, 200, "{}", response.text());
        assert!(response.header("content-type").unwrap().starts_with("application/json"));
        assert_eq!(response.json(), completion(HEALTHY));
    }
    for seen in world.gateway.seen() {
        assert_eq!(seen.body.get("stream"), None, "{}", seen.body);
        assert_eq!(seen.body["max_tokens"], 4096);
        assert_eq!(seen.body["messages"][0]["role"], "system");
        assert_eq!(seen.body["messages"][1], json!({"role": "user", "content": "PRIVATE question?"}));
    }
}

#[tokio::test]
async fn a_stream_is_answered_with_a_stream() {
    let world = World::start().await;
    let response = world.ask(Dialect::V1.ask()).await;
    response.streamed();
    let expected: String = healthy_payloads().iter().chain([&DONE.to_owned()]).map(|p| sse(p)).collect();
    assert_eq!(response.text(), expected);
    assert_eq!(world.gateway.request(0).await.body["stream"], true);
}

#[tokio::test]
async fn the_standard_fields_are_passed() {
    let world = World::start().await;
    let fields = json!({
        "stop": ["\n", "END"],
        "seed": 42,
        "n": 1,
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}],
        "tool_choice": "auto",
        "parallel_tool_calls": false,
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
        "presence_penalty": 0.5,
        "frequency_penalty": -0.5,
        "reasoning_effort": "low",
        "stream_options": {"include_usage": true},
        "logprobs": true,
        "top_logprobs": 2,
        "logit_bias": {"50256": -100},
        "user": "someone",
        "temperature": 1.5,
        "top_p": 0.25,
        "stream": true,
    });
    world.ask(Dialect::V1.post(with(fields.clone()))).await.completed();
    let sent = world.gateway.request(0).await.body;
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(&sent[name], value, "{name}");
    }
}

#[tokio::test]
async fn every_role_and_what_belongs_to_it_is_passed() {
    let world = World::start().await;
    let call = json!({"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let messages = json!([
        {"role": "system", "content": "one"},
        {"role": "developer", "content": "two"},
        {"role": "user", "content": "three", "name": "ada"},
        {"role": "assistant", "content": null, "tool_calls": [call]},
        {"role": "tool", "content": "", "tool_call_id": "call_1"},
        {"role": "assistant", "content": "six"},
        {"role": "user", "content": "seven"},
    ]);
    world.ask(Dialect::V1.post(json!({"messages": messages, "stream": true}))).await.completed();
    let body = world.gateway.request(0).await.body;
    let sent = body["messages"].as_array().unwrap();
    assert_eq!(sent[0]["role"], "system");
    assert_ne!(sent[0]["content"], "one", "the system prompt of the function goes first");
    assert_eq!(sent.len(), 8);
    for (sent, given) in sent[1..].iter().zip(messages.as_array().unwrap()) {
        for (name, value) in given.as_object().unwrap().iter().filter(|(_, value)| !value.is_null()) {
            assert_eq!(&sent[name], value, "{name} of {given}");
        }
    }
}

#[tokio::test]
async fn the_callers_limit_is_capped() {
    let world = Setup::new().with("MAX_TOKENS", "100").with("ALLOWED_MODELS", "o3").start().await;
    let limits = [
        (json!({"max_tokens": 50}), 50),
        (json!({"max_tokens": 101}), 100),
        (json!({"max_completion_tokens": 50}), 50),
        (json!({"max_completion_tokens": 5000}), 100),
        (json!({"max_tokens": null}), 100),
        (json!({}), 100),
    ];
    for (model, field, other) in [
        ("gpt-3.5-turbo", "max_tokens", "max_completion_tokens"),
        ("o3", "max_completion_tokens", "max_tokens"),
    ] {
        for (given, expected) in &limits {
            let before = world.gateway.count();
            let mut body = with(given.clone());
            body["model"] = json!(model);
            assert_eq!(world.ask(Dialect::V1.post(body)).await.status, 200);
            let sent = world.gateway.request(before).await.body;
            assert_eq!(sent[field], *expected, "{given} {sent}");
            assert_eq!(sent.get(other), None, "{given} {sent}");
        }
    }
}

#[tokio::test]
async fn models_are_the_default_and_the_allowed() {
    let world = Setup::new()
        .with("OPENAI_MODEL", "gpt-4o")
        .with("ALLOWED_MODELS", "o3, gpt-4o-mini ,gpt-4o")
        .start()
        .await;
    let response = world.ask(Event::new("GET", "/v1/models")).await;
    assert_eq!(response.status, 200);
    let body = response.json();
    assert_eq!(body["object"], "list");
    let mut ids: Vec<_> = body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| {
            assert_eq!(model["object"], "model");
            assert!(model["created"].is_u64() && model["owned_by"].is_string(), "{model}");
            model["id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(ids[0], "gpt-4o");
    ids.sort();
    assert_eq!(ids, ["gpt-4o", "gpt-4o-mini", "o3"]);
    for model in ["gpt-4o", "gpt-4o-mini", "o3"] {
        assert_eq!(world.ask(Dialect::V1.post(with(json!({"model": model})))).await.status, 200);
    }
    assert_eq!(world.ask(Dialect::V1.post(hello())).await.status, 200);
    assert_eq!(world.gateway.models(), ["gpt-4o", "gpt-4o-mini", "o3", "gpt-4o"]);
    let refused = world.ask(Dialect::V1.post(with(json!({"model": "gpt-4"})))).await;
    refused.refused(Dialect::V1, 404, "model_not_found");
    assert_eq!(world.gateway.count(), 4);
}

#[tokio::test]
async fn a_star_allows_any_model_and_lists_none() {
    let world = Setup::new().with("ALLOWED_MODELS", "*").start().await;
    let body = world.ask(Event::new("GET", "/v1/models")).await.json();
    let ids: Vec<_> = body["data"].as_array().unwrap().iter().map(|model| &model["id"]).collect();
    assert_eq!(ids, ["gpt-3.5-turbo"]);
    assert_eq!(world.ask(Dialect::V1.post(with(json!({"model": "llama-3"})))).await.status, 200);
    assert_eq!(world.gateway.models(), ["llama-3"]);
}

#[tokio::test]
async fn the_callers_own_key_goes_nowhere() {
    let world = World::start().await;
    let mut event = Dialect::V1.ask();
    event.json["headers"]["authorization"] = json!("Bearer sk-test-callers");
    event.json["headers"]["cf-aig-authorization"] = json!("Bearer sk-test-callers");
    event.json["headers"]["x-stainless-lang"] = json!("js");
    world.ask(event).await.completed();
    let seen = world.gateway.request(0).await;
    assert_eq!(seen.header("authorization"), Some("Bearer sk-test-first"));
    assert!(!format!("{:?}", seen.head).contains("callers"), "{:?}", seen.head);
}
