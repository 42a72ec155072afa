//! `reasoning_effort`: added on the old route for models that reason, and left out when a model refuses it.

use crate::gateway_fallback::{FIRST, NEXT, counts, two_models, unavailable};
use crate::refused_parameters::{CODES, refusing};
use crate::support::answer::{as_json, plain, usual};
use crate::support::event::{BOTH, Dialect, Event};
use crate::support::world::{Setup, World};
use serde_json::{Value, json};

fn asking_for(model: &str, dialect: Dialect) -> Event {
    let messages = json!([{"role": "user", "content": "PRIVATE"}]);
    dialect.post(json!({"messages": messages, "model": model, "stream": true}))
}

/// The effort that goes out for this model.
async fn effort(world: &World, model: &str, dialect: Dialect) -> Option<Value> {
    let before = world.gateway.count();
    world.ask(asking_for(model, dialect)).await.completed();
    let body = world.gateway.request(before).await.body;
    assert_eq!(body["model"], model);
    body.get("reasoning_effort").cloned()
}

#[tokio::test]
async fn a_conversation_asks_a_model_that_reasons_not_to() {
    let world = Setup::new().with("ALLOWED_MODELS", "*").start().await;
    for model in ["o1", "o3-mini", "o4-mini", "gpt-5", "gpt-5.4-nano", "gpt-6-luna", "gpt-7"] {
        assert_eq!(effort(&world, model, Dialect::Conversations).await, Some(json!("none")), "{model}");
        assert_eq!(effort(&world, model, Dialect::V1).await, None, "{model}");
    }
    for model in [FIRST, "gpt-4o", "gpt-4.1", "llama-3", "omni"] {
        for dialect in BOTH {
            assert_eq!(effort(&world, model, dialect).await, None, "{model}");
        }
    }
}

#[tokio::test]
async fn the_setting_says_how_much() {
    for (setting, sent) in [("low", Some(json!("low"))), ("high", Some(json!("high"))), ("", None)] {
        let setup = Setup::new().with("OPENAI_MODEL", NEXT).with("REASONING_EFFORT", setting);
        let world = setup.start().await;
        assert_eq!(effort(&world, NEXT, Dialect::Conversations).await, sent, "{setting:?}");
        assert_eq!(effort(&world, NEXT, Dialect::V1).await, None, "{setting:?}");
    }
}

#[tokio::test]
async fn each_model_of_a_request_gets_its_own() {
    let world = two_models().start().await;
    world.gateway.next(unavailable());
    world.is_healthy().await;
    let seen = world.gateway.seen();
    assert_eq!(world.gateway.models(), [FIRST, NEXT]);
    assert_eq!(seen[0].body.get("reasoning_effort"), None);
    assert_eq!(seen[1].body["reasoning_effort"], "none");
}

#[tokio::test]
async fn what_was_added_is_left_out_where_it_is_refused() {
    for code in CODES {
        let world = Setup::new().once().with("OPENAI_MODEL", NEXT).fallback().start().await;
        world.gateway.always(refusing(&["reasoning_effort"], code));
        for asks in [2, 3] {
            world.is_healthy().await;
            assert_eq!(counts(&world), (asks, 0), "it is remembered");
        }
    }
}

#[tokio::test]
async fn what_the_caller_gave_is_the_callers_own() {
    let world = Setup::new().once().with("OPENAI_MODEL", NEXT).fallback().start().await;
    world.gateway.always(refusing(&["reasoning_effort"], CODES[1]));
    let body = json!({"messages": [{"role": "user", "content": "x"}], "reasoning_effort": "minimal"});
    world.ask(Dialect::V1.post(body)).await.refused(Dialect::V1, 400, CODES[1]);
    assert_eq!(counts(&world), (1, 0));
    assert_eq!(world.gateway.request(0).await.body["reasoning_effort"], "minimal");
}

/// How other gateways refuse a parameter: `param` does not name it.
fn refusals() -> Vec<(u16, Value)> {
    let kind = "invalid_request_error";
    vec![
        (
            400,
            json!({"error": {"message": "Unrecognized request argument: reasoning_effort", "type": kind, "param": null, "code": null}}),
        ),
        (400, json!({"error": "reasoning_effort is not permitted"})),
        (
            422,
            json!({"detail": [{"loc": ["body", "reasoning_effort"], "msg": "Extra inputs are not permitted"}]}),
        ),
        (
            400,
            json!({"object": "error", "message": "bad", "type": "BadRequestError", "param": null, "code": 400}),
        ),
        (400, Value::Null),
    ]
}

#[tokio::test]
async fn a_refusal_that_names_nothing_is_asked_once_more_without_it() {
    for (status, body) in refusals() {
        let world = Setup::new().once().with("OPENAI_MODEL", NEXT).fallback().start().await;
        let refusal = as_json(status, &body);
        world.gateway.always(move |seen| match seen.body.get("reasoning_effort") {
            Some(_) => refusal.clone(),
            None => usual(&seen.body),
        });
        world.is_healthy().await;
        assert_eq!(counts(&world), (2, 0), "{body}");
        let seen = world.gateway.seen();
        let mut expected = seen[0].body.clone();
        expected.as_object_mut().unwrap().remove("reasoning_effort");
        assert_eq!(seen[1].body, expected);
    }
}

#[tokio::test]
async fn leaves_reasoning_effort_out_once() {
    for (status, body) in refusals() {
        let world = Setup::new().with("OPENAI_MODEL", NEXT).fallback().start().await;
        let refusal = as_json(status, &body);
        world.gateway.always(move |_| refusal.clone());
        let response = world.ask(Dialect::Conversations.ask()).await;
        response.refused(Dialect::Conversations, 400, "request_refused");
        assert_eq!(counts(&world), (2, 0), "{body}");
        // Nothing was added to this one, so nothing can be left out.
        world.ask(Dialect::V1.ask()).await.refused(Dialect::V1, 400, "request_refused");
        assert_eq!(counts(&world), (3, 0), "{body}");
    }
    let world = World::start().await;
    world.gateway.next(plain(400, &[], ""));
    let response = world.ask(Dialect::Conversations.ask()).await;
    response.refused(Dialect::Conversations, 400, "request_refused");
    assert_eq!(world.gateway.count(), 1, "this model was sent no effort");
}

#[tokio::test]
async fn a_refusal_of_what_was_said_is_not_asked_again() {
    let world = Setup::new().with("OPENAI_MODEL", NEXT).fallback().start().await;
    for code in ["content_filter", "context_length_exceeded", "content_policy_violation"] {
        let before = world.gateway.count();
        let error = json!({"message": "no", "type": "invalid_request_error", "param": null, "code": code});
        world.gateway.next(as_json(400, &json!({"error": error})));
        world.ask(Dialect::Conversations.ask()).await.refused(Dialect::Conversations, 400, code);
        assert_eq!((world.gateway.count(), world.fallback.count()), (before + 1, 0), "{code}");
    }
}
