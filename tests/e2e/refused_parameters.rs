//! A parameter that a model refuses is left out and the same target is asked again. The process remembers it.

use crate::gateway_fallback::counts;
use crate::support::answer::{Script, as_json, usual};
use crate::support::event::{BOTH, Dialect, Event};
use crate::support::gateway::Seen;
use crate::support::world::{Setup, World};
use serde_json::{Value, json};

pub const CODES: [&str; 2] = ["unsupported_parameter", "unsupported_value"];

/// OpenAI's answer to a parameter that the model does not take.
pub fn unsupported(param: &str, code: &str) -> Script {
    let message = format!("Unsupported: '{param}' is not supported with this model.");
    let kind = "invalid_request_error";
    as_json(400, &json!({"error": {"message": message, "type": kind, "param": param, "code": code}}))
}

/// The answer of a model that refuses all of these. It names only the first.
pub fn refusing(refused: &'static [&'static str], code: &'static str) -> impl Fn(&Seen) -> Script {
    move |seen| match refused.iter().find(|name| seen.body.get(name).is_some()) {
        Some(name) => unsupported(name, code),
        None => usual(&seen.body),
    }
}

/// A question with all that a caller may set.
pub fn everything(stream: bool) -> Value {
    json!({
        "messages": [{"role": "user", "content": "PRIVATE question?"}],
        "stream": stream,
        "temperature": 0.5,
        "top_p": 0.5,
        "presence_penalty": 0.5,
        "frequency_penalty": 0.5,
        "stop": ["END"],
        "logprobs": true,
        "top_logprobs": 2,
        "logit_bias": {"50256": -100},
        "seed": 7,
    })
}

fn question(stream: bool) -> Event {
    Dialect::V1.post(everything(stream))
}

async fn start() -> World {
    Setup::new().once().fallback().start().await
}

#[tokio::test]
async fn a_parameter_that_the_model_refuses_is_left_out_and_remembered() {
    const NAMES: [&[&str]; 4] = [&["temperature"], &["top_p"], &["presence_penalty"], &["frequency_penalty"]];
    for code in CODES {
        for refused in NAMES {
            let world = start().await;
            world.gateway.always(refusing(refused, code));
            world.ask(question(true)).await.completed();
            assert_eq!(counts(&world), (2, 0), "{refused:?}");
            let seen = world.gateway.seen();
            assert_eq!(seen[1].body.get(refused[0]), None);
            let mut expected = seen[0].body.clone();
            expected.as_object_mut().unwrap().remove(refused[0]);
            assert_eq!(seen[1].body, expected, "nothing else is left out");
            // The next ones are right at once, streamed or not.
            world.ask(question(true)).await.completed();
            assert_eq!(world.ask(question(false)).await.status, 200);
            assert_eq!(counts(&world), (4, 0), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn a_conversation_loses_what_the_model_refuses_as_well() {
    for name in [&["temperature"], &["top_p"]] {
        let world = start().await;
        world.gateway.always(refusing(name, CODES[1]));
        let mut body = json!({"messages": [{"role": "user", "content": "x"}]});
        body[name[0]] = json!(0.5);
        for asks in [2, 3] {
            world.ask(Dialect::Conversations.post(body.clone())).await.completed();
            assert_eq!(counts(&world), (asks, 0));
        }
    }
}

#[tokio::test]
async fn a_token_limit_goes_out_under_its_other_name() {
    const LIMITS: [(&str, &[&str], &str); 2] = [
        ("gpt-4o", &["max_tokens"], "max_completion_tokens"),
        ("o3", &["max_completion_tokens"], "max_tokens"),
    ];
    for code in CODES {
        for (model, refused, other) in LIMITS {
            let world = Setup::new().once().with("OPENAI_MODEL", model).fallback().start().await;
            world.gateway.always(refusing(refused, code));
            for dialect in BOTH {
                world.ask(dialect.ask()).await.completed();
            }
            assert_eq!(counts(&world), (3, 0), "{model}");
            let seen = world.gateway.seen();
            for seen in &seen[1..] {
                assert_eq!((&seen.body[other], seen.body.get(refused[0])), (&json!(4096), None), "{model}");
            }
        }
    }
}

#[tokio::test]
async fn one_at_a_time_and_three_at_most() {
    let world = start().await;
    world.gateway.always(refusing(&["temperature", "top_p", "presence_penalty"], CODES[0]));
    world.ask(question(true)).await.completed();
    assert_eq!(counts(&world), (4, 0));
    let names = ["temperature", "top_p", "presence_penalty", "frequency_penalty"];
    let left: Vec<usize> = world
        .gateway
        .seen()
        .iter()
        .map(|seen| names.iter().filter(|name| seen.body.get(name).is_some()).count())
        .collect();
    assert_eq!(left, [4, 3, 2, 1]);
    world.ask(question(true)).await.completed();
    assert_eq!(counts(&world), (5, 0), "all three are remembered");

    let world = start().await;
    world
        .gateway
        .always(refusing(&["temperature", "top_p", "presence_penalty", "frequency_penalty"], CODES[0]));
    let response = world.ask(question(true)).await;
    response.refused(Dialect::V1, 400, "unsupported_parameter");
    assert_eq!(response.json()["error"]["param"], "frequency_penalty");
    assert_eq!(counts(&world), (4, 0));
}

#[tokio::test]
async fn the_same_parameter_is_left_out_once() {
    for name in ["temperature", "max_tokens"] {
        let world = start().await;
        world.gateway.always(move |_| unsupported(name, CODES[0]));
        world.ask(question(true)).await.refused(Dialect::V1, 400, CODES[0]);
        assert!(counts(&world).0 <= 2 && counts(&world).1 == 0, "{name}: {:?}", counts(&world));
    }
}

#[tokio::test]
async fn any_other_parameter_is_the_callers_own() {
    for name in
        ["tools", "tool_choice", "response_format", "stop", "seed", "logit_bias", "messages", "n", "model"]
    {
        for code in CODES {
            let world = start().await;
            world.gateway.always(move |_| unsupported(name, code));
            let mut body = everything(true);
            body["tools"] = json!([{"type": "function", "function": {"name": "f"}}]);
            body["tool_choice"] = json!("auto");
            body["response_format"] = json!({"type": "json_object"});
            body["n"] = json!(1);
            let response = world.ask(Dialect::V1.post(body)).await;
            response.refused(Dialect::V1, 400, code);
            assert_eq!(response.json()["error"]["param"], name);
            assert_eq!(counts(&world), (1, 0), "{name}");
        }
    }
}

#[tokio::test]
async fn what_one_model_refuses_another_still_gets() {
    let world = Setup::new().once().with("ALLOWED_MODELS", "gpt-4o").start().await;
    world.gateway.always(|seen| match seen.model() {
        "gpt-4o" => usual(&seen.body),
        _ => refusing(&["temperature"], CODES[0])(seen),
    });
    world.ask(question(true)).await.completed();
    let mut body = everything(true);
    body["model"] = json!("gpt-4o");
    world.ask(Dialect::V1.post(body)).await.completed();
    assert_eq!(world.gateway.request(2).await.body["temperature"], 0.5);
}
