//! `POST /conversations`: what goes to the gateway, and what comes back.

use crate::support::answer::Answer;
use crate::support::event::{Dialect, Event, chatgpt};
use crate::support::payload::{finish, sse, token};
use crate::support::world::{FIRST_KEY, Setup, World};
use serde_json::{Value, json};

const SYSTEM_PROMPT: &str = "You are an AI assistant called 'GPTDock'. Answer in well-formatted markdown. Use headings, lists, code blocks, and formatting to make responses readable.";

fn conversation(messages: &[Value]) -> Event {
    Dialect::Conversations.post(json!({"messages": messages, "model": "text-davinci-002"}))
}

/// The messages that the gateway gets for these, after the system prompt.
async fn sent(world: &World, messages: &[Value]) -> Vec<Value> {
    let before = world.gateway.count();
    world.ask(conversation(messages)).await.completed();
    let body = world.gateway.request(before).await.body;
    let all = body["messages"].as_array().unwrap();
    assert_eq!(all[0], json!({"role": "system", "content": SYSTEM_PROMPT}));
    all[1..].to_vec()
}

#[tokio::test]
async fn the_exact_request_goes_to_the_gateway() {
    let world = World::start().await;
    world.ask(Dialect::Conversations.ask()).await.completed();
    let seen = world.gateway.request(0).await;
    assert_eq!((seen.head.method.as_str(), seen.head.target.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(seen.header("authorization"), Some(format!("Bearer {FIRST_KEY}").as_str()));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("accept-encoding"), Some("identity"), "the answer is relayed byte for byte");
    assert!(!seen.head.headers.iter().any(|(name, _)| name.starts_with("cf-")), "{:?}", seen.head);
    assert_eq!(
        seen.body,
        json!({
            "model": "gpt-3.5-turbo",
            "messages": [
                {"role": "system", "content": SYSTEM_PROMPT},
                {"role": "user", "content": "PRIVATE question?"},
            ],
            "max_tokens": 4096,
            "stream": true,
        })
    );
    assert_eq!(world.gateway.count(), 1);
}

#[tokio::test]
async fn each_event_arrives_before_the_gateway_sends_the_next() {
    let world = World::start().await;
    let (script, live) = Answer::stream().live();
    world.gateway.next(script);
    let mut call = world.call(Dialect::Conversations.ask());
    for number in 0..20 {
        let payload = token(&format!("PRIVATE {number}"));
        live.event(&payload);
        let write = call.write().await.unwrap();
        assert_eq!(write.bytes, sse(&payload));
    }
    live.event(&finish());
    live.end();
    assert_eq!(call.finish().await.completed().len(), 21);
}

#[tokio::test]
async fn history_keeps_its_order_and_every_character() {
    let world = World::start().await;
    let odd = "  日本語 👩‍💻 \"quoted\" \\ \u{0}\u{1f}\u{7f}\u{2028} </script>\t\r\n ";
    let messages = [
        chatgpt("user", &[json!("first")]),
        chatgpt("assistant", &[json!(odd)]),
        chatgpt("user", &[json!("third\nline"), json!(""), json!("joined")]),
    ];
    assert_eq!(
        sent(&world, &messages).await,
        [
            json!({"role": "user", "content": "first"}),
            json!({"role": "assistant", "content": odd}),
            json!({"role": "user", "content": "third\nline\n\njoined"}),
        ]
    );
}

#[tokio::test]
async fn every_form_of_a_message_is_read() {
    let world = World::start().await;
    let parts = |parts: Value| json!({"content_type": "text", "parts": parts});
    let messages = [
        json!({"role": "user", "content": "a string"}),
        json!({"content": "no role at all"}),
        json!({"role": "user", "author": {"role": "assistant"}, "content": parts(json!(["the author wins"]))}),
        json!({"role": "assistant", "content": parts(json!(["the role alone"]))}),
        json!({"author": {"role": "user"}, "content": parts(json!([{"type": "text", "text": "an object"}, "a string"]))}),
        json!({"role": "user", "content": [{"type": "text", "text": "an array"}]}),
    ];
    let mut got = sent(&world, &messages).await;
    // An array of one text says the same as the text.
    if got[5]["content"] == json!([{"type": "text", "text": "an array"}]) {
        got[5]["content"] = json!("an array");
    }
    assert_eq!(
        got,
        [
            json!({"role": "user", "content": "a string"}),
            json!({"role": "user", "content": "no role at all"}),
            json!({"role": "assistant", "content": "the author wins"}),
            json!({"role": "assistant", "content": "the role alone"}),
            json!({"role": "user", "content": "an object\na string"}),
            json!({"role": "user", "content": "an array"}),
        ]
    );
}

#[tokio::test]
async fn hidden_empty_messages_are_dropped() {
    let world = World::start().await;
    let messages = [
        chatgpt("system", &[json!("")]),
        json!({"author": {"role": "system"}, "content": {"content_type": "text"}}),
        chatgpt("user", &[json!("kept")]),
        chatgpt("assistant", &[]),
        json!({"role": "user", "content": ""}),
        json!({"role": "user", "content": null}),
        json!({"role": "user"}),
        json!({"role": "user", "content": []}),
    ];
    assert_eq!(sent(&world, &messages).await, [json!({"role": "user", "content": "kept"})]);
}

#[tokio::test]
async fn images_are_passed_on() {
    let world = World::start().await;
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}});
    let text = json!({"type": "text", "text": "What is this?"});
    let messages = [
        chatgpt("user", &[json!("What is this?"), image.clone()]),
        json!({"role": "user", "content": [text, image]}),
        chatgpt("user", std::slice::from_ref(&image)),
    ];
    assert_eq!(
        sent(&world, &messages).await,
        [
            json!({"role": "user", "content": [text, image]}),
            json!({"role": "user", "content": [text, image]}),
            json!({"role": "user", "content": [image]}),
        ]
    );
}

#[tokio::test]
async fn base64_bodies_are_decoded() {
    let world = World::start().await;
    let body = json!({"messages": [{"role": "user", "content": "日本語 👩‍💻"}]}).to_string();
    let event = Event::new("POST", "/conversations").base64(body.as_bytes());
    world.ask(event).await.completed();
    assert_eq!(world.gateway.request(0).await.body["messages"][1]["content"], "日本語 👩‍💻");
}

#[tokio::test]
async fn the_settings_shape_the_request() {
    let setup = Setup::new().with("OPENAI_MODEL", "gpt-4o").with("ALLOWED_MODELS", "gpt-4o-mini, o3-mini");
    let world = setup.with("MAX_TOKENS", "123").with("SYSTEM_PROMPT", "Be brief.").start().await;
    let asked =
        [json!("text-davinci-002"), json!("gpt-4o"), json!("gpt-4o-mini"), json!("o3-mini"), Value::Null];
    for model in asked {
        let body = json!({"messages": [{"role": "user", "content": "x"}], "model": model, "temperature": 0.5, "top_p": 1});
        world.ask(Dialect::Conversations.post(body)).await.completed();
    }
    assert_eq!(world.gateway.models(), ["gpt-4o", "gpt-4o", "gpt-4o-mini", "o3-mini", "gpt-4o"]);
    for seen in world.gateway.seen() {
        let (limit, other) = match seen.model() {
            "o3-mini" => ("max_completion_tokens", "max_tokens"),
            _ => ("max_tokens", "max_completion_tokens"),
        };
        assert_eq!(seen.body[limit], 123, "{}", seen.body);
        assert_eq!(seen.body.get(other), None, "{}", seen.body);
        assert_eq!(seen.body["messages"][0], json!({"role": "system", "content": "Be brief."}));
        assert_eq!((&seen.body["temperature"], &seen.body["top_p"]), (&json!(0.5), &json!(1)));
    }
}

#[tokio::test]
async fn reasoning_families_take_the_other_limit() {
    let world = Setup::new().with("ALLOWED_MODELS", "*").start().await;
    let reasoning = ["o1", "o1-preview", "o3", "o4-mini", "gpt-5", "gpt-5.4-nano", "gpt-6-luna", "gpt-7"];
    let others = ["gpt-4", "gpt-4.1", "gpt-4o", "gpt-3.5-turbo-0125", "omni-moderation", "llama-3"];
    for model in reasoning.iter().chain(&others) {
        let before = world.gateway.count();
        let body = json!({"messages": [{"role": "user", "content": "x"}], "model": model});
        world.ask(Dialect::Conversations.post(body)).await.completed();
        let body = world.gateway.request(before).await.body;
        assert_eq!(body["model"], *model);
        let completion = body.get("max_completion_tokens").is_some();
        assert_eq!(completion, reasoning.contains(model), "{body}");
        assert_ne!(completion, body.get("max_tokens").is_some(), "{body}");
    }
}

#[tokio::test]
async fn streams_that_run_together_do_not_mix() {
    let world = Setup::new().with("AWS_LAMBDA_MAX_CONCURRENCY", "8").start().await;
    let text = |number: usize| format!("PRIVATE {number}");
    world.gateway.always(|seen| {
        let question = seen.body["messages"][1]["content"].as_str().unwrap().to_owned();
        let slowly = (0..20).fold(Answer::stream(), |answer, _| answer.event(&token(&question)).wait(3));
        slowly.event(&finish()).end()
    });
    let ask = |number| conversation(&[json!({"role": "user", "content": text(number)})]);
    let calls: Vec<_> = (0..8).map(|number| world.call(ask(number))).collect();
    for (number, call) in calls.into_iter().enumerate() {
        let response = call.finish().await;
        response.completed();
        assert_eq!(response.shown(), text(number).repeat(20));
    }
}
