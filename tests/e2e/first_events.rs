//! Events before the answer itself: pings, and the empty ones that some services send first.

use crate::gateway_fallback::counts;
use crate::support::answer::Answer;
use crate::support::event::{BOTH, Dialect};
use crate::support::payload::{healthy_payloads, openai_error, token};
use crate::support::world::{Setup, World};
use serde_json::{Value, json};

const PING: &str = r#"{"type":"ping"}"#;

fn without_pings(payloads: Vec<String>) -> Vec<String> {
    payloads.into_iter().filter(|payload| payload != PING).collect()
}

#[tokio::test]
async fn after_a_ping_the_fallback_is_still_asked() {
    let error = openai_error("server_error", "server_error").to_string();
    let faults = [
        Answer::stream().event(PING).event(&error).end(),
        Answer::stream().event(PING).event(PING).close(),
        Answer::stream().event(PING).end(),
        Answer::stream().event(PING).cut(),
        Answer::stream().event(PING).event("broken").end(),
    ];
    for fault in faults {
        for dialect in BOTH {
            let world = Setup::new().once().fallback().start().await;
            world.gateway.next(fault.clone());
            let response = world.ask(dialect.ask()).await;
            assert_eq!(without_pings(response.completed()), healthy_payloads());
            assert_eq!(counts(&world), (1, 1));
        }
    }
}

#[tokio::test]
async fn after_a_ping_an_error_is_still_an_http_error() {
    let world = Setup::new().once().start().await;
    let refusal = openai_error("context_length_exceeded", "invalid_request_error").to_string();
    for dialect in BOTH {
        world.gateway.next(Answer::stream().event(PING).event(&refusal).end());
        world.ask(dialect.ask()).await.refused(dialect, 400, "context_length_exceeded");
    }
}

#[tokio::test]
async fn a_ping_opens_nothing() {
    let world = World::start().await;
    for dialect in BOTH {
        world.gateway.next(Answer::stream().event(PING).wait(400).events(&healthy_payloads()).end());
        let response = world.ask(dialect.ask()).await;
        let payloads = response.opened_in(390..=1_500).completed();
        assert_eq!(payloads.iter().filter(|payload| *payload == PING).count(), 1, "it is passed on");
        assert_eq!(without_pings(payloads), healthy_payloads());
    }
}

#[tokio::test]
async fn a_ping_in_mid_answer_is_passed_on() {
    let world = World::start().await;
    let mut payloads = healthy_payloads();
    payloads.insert(2, PING.to_owned());
    world.gateway.next(Answer::stream().events(&payloads).end());
    assert_eq!(world.ask(Dialect::V1.ask()).await.completed(), payloads);
}

/// Azure's first event has neither id nor model, and no choice.
fn azure() -> String {
    json!({
        "id": "", "object": "", "created": 0, "model": "", "choices": [],
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}],
    })
    .to_string()
}

#[tokio::test]
async fn an_error_event_has_the_first_id_and_model_that_are_not_empty() {
    let world = World::start().await;
    let named: Value = serde_json::from_str(&token("PRIVATE")).unwrap();
    let later = |id: Value, model: Value| {
        let mut event = named.clone();
        (event["id"], event["model"]) = (id, model);
        event.to_string()
    };
    let streams = [
        vec![azure(), named.to_string()],
        vec![azure(), later(Value::Null, Value::Null), named.to_string()],
        vec![later(json!(""), named["model"].clone()), later(named["id"].clone(), json!("another"))],
        vec![azure(), named.to_string(), later(json!("another"), json!("another"))],
    ];
    for payloads in streams {
        for dialect in BOTH {
            world.gateway.next(Answer::stream().events(&payloads).cut());
            let response = world.ask(dialect.ask()).await;
            assert_eq!(response.interrupted(dialect).0, payloads);
            let last: Value = serde_json::from_str(response.payloads().last().unwrap()).unwrap();
            assert_eq!((&last["id"], &last["model"]), (&named["id"], &named["model"]), "{payloads:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_names_nothing_is_named_by_the_function() {
    let world = Setup::new().once().start().await;
    let nameless = r#"{"id":"","model":"","choices":[{"index":0,"delta":{"content":"PRIVATE"}}]}"#;
    world.gateway.next(Answer::stream().event(&azure()).event(nameless).cut());
    let response = world.ask(Dialect::V1.ask()).await;
    assert_eq!(response.interrupted(Dialect::V1).0, [&azure(), nameless]);
    let last: Value = serde_json::from_str(response.payloads().last().unwrap()).unwrap();
    assert!(["id", "model"].iter().all(|name| last[*name] != ""), "{last}");
}
