//! An incomplete answer is never reported as complete, whatever form the gateway gives it.

use crate::auth::request_line;
use crate::faults_before::{becomes, once};
use crate::support::answer::{Answer, Script, as_json};
use crate::support::event::{BOTH, Dialect};
use crate::support::payload::{chunk, completion, healthy_payloads, token};
use crate::support::world::{Setup, World};
use serde_json::{Value, json};

/// What services write as a `finish_reason` when the answer failed.
const FAILURES: [&str; 6] =
    ["error", "network_error", "insufficient_system_resource", "abort", "aborted", "cancelled"];

/// One event with this choice.
fn event(choice: Value) -> String {
    let mut event: Value = serde_json::from_str(&token("")).unwrap();
    event["choices"] = json!([choice]);
    event.to_string()
}

fn provider_error() -> Value {
    json!({"code": 502, "message": "Provider disconnected", "metadata": {"error_type": "provider_unavailable"}})
}

/// The events by which services end an answer that failed.
fn failures() -> Vec<String> {
    let with_error = |reason: Value| {
        event(json!({"index": 0, "delta": {}, "finish_reason": reason, "error": provider_error()}))
    };
    let mut all: Vec<String> = FAILURES.iter().map(|reason| chunk(json!({}), Some(reason))).collect();
    all.extend(["error", "stop"].map(|reason| with_error(json!(reason))));
    all.push(with_error(Value::Null));
    all.push(event(json!({"index": 0, "delta": {"content": ""}, "finish_reason": null, "error": "failed"})));
    all.push(event(json!({"index": 0, "delta": {}, "finish_reason": "stop", "error": {}})));
    all
}

async fn breaks(world: &World, name: &str, script: Script) {
    for dialect in BOTH {
        world.gateway.next(script.clone());
        let response = world.ask(dialect.ask()).await;
        let (payloads, code) = response.interrupted(dialect);
        assert_eq!(payloads, [token("PRIVATE")], "{name}");
        assert!(["gateway_error", "server_error"].contains(&code.as_str()), "{name}: {code}");
        let line = request_line(world, &response).await;
        assert_eq!(line["outcome"], "interrupted", "{name}: {line}");
    }
}

#[tokio::test]
async fn a_choice_that_failed_interrupts_the_answer() {
    let world = World::start().await;
    for failure in failures() {
        let answer = || Answer::stream().event(&token("PRIVATE")).event(&failure);
        breaks(&world, &failure, answer().end()).await;
        breaks(&world, &failure, answer().close()).await;
    }
    world.is_healthy().await;
}

#[tokio::test]
async fn a_choice_that_failed_at_once_is_an_error_of_the_target() {
    let world = once().await;
    for failure in failures() {
        becomes(&world, Answer::stream().event(&failure).end(), 502, "gateway_error").await;
    }
    let world = Setup::new().once().fallback().start().await;
    world.gateway.next(Answer::stream().event(&failures()[0]).end());
    world.is_healthy().await;
    assert_eq!((world.gateway.count(), world.fallback.count()), (1, 1));
}

#[tokio::test]
async fn a_choice_that_failed_in_json_is_an_error_of_the_target() {
    let world = once().await;
    let mut failures: Vec<Value> = FAILURES.iter().map(|reason| json!({"finish_reason": reason})).collect();
    failures.push(json!({"finish_reason": "error", "error": provider_error()}));
    failures.push(json!({"finish_reason": "stop", "error": provider_error()}));
    failures.push(json!({"finish_reason": null, "error": "failed"}));
    for failure in failures {
        let mut answer = completion("PRIVATE");
        answer["choices"][0].as_object_mut().unwrap().extend(failure.as_object().unwrap().clone());
        becomes(&world, as_json(200, &answer), 502, "gateway_error").await;
        world.gateway.next(as_json(200, &answer));
        let asked = Dialect::V1.post(json!({"messages": [{"role": "user", "content": "x"}]}));
        world.ask(asked).await.refused(Dialect::V1, 502, "gateway_error");
    }
}

#[tokio::test]
async fn an_invalid_finish_reason_finishes_no_choice() {
    let world = World::start().await;
    for reason in [json!("null"), json!(false), json!(0), json!([]), json!({}), json!(""), Value::Null] {
        let odd = event(json!({"index": 0, "delta": {"content": "PRIVATE"}, "finish_reason": reason}));
        for script in [Answer::stream().event(&odd).cut(), Answer::stream().event(&odd).close()] {
            for dialect in BOTH {
                world.gateway.next(script.clone());
                let response = world.ask(dialect.ask()).await;
                assert_eq!(response.interrupted(dialect), (vec![odd.clone()], "gateway_error".to_owned()));
                assert_eq!(request_line(&world, &response).await["finish_reason"], Value::Null, "{reason}");
            }
        }
        // The real one comes later.
        let payloads = [odd, chunk(json!({}), Some("stop"))];
        world.gateway.next(Answer::stream().events(&payloads).cut());
        assert_eq!(world.ask(Dialect::V1.ask()).await.completed(), payloads, "{reason}");
    }
}

/// One event of a choice by its index.
fn of(index: usize, reason: Option<&str>) -> String {
    event(json!({"index": index, "delta": {"content": "PRIVATE"}, "finish_reason": reason}))
}

#[tokio::test]
async fn each_choice_must_finish() {
    let world = World::start().await;
    let two = json!({"messages": [{"role": "user", "content": "x"}], "stream": true, "n": 2});
    let stop = Some("stop");
    let unfinished = [
        vec![of(0, None), of(1, None), of(0, stop), of(0, stop)],
        vec![of(1, None), of(0, stop), of(0, Some("length")), of(0, stop)],
        vec![of(1, stop), of(0, None), of(1, stop)],
        vec![of(0, stop), of(0, stop)],
    ];
    for payloads in unfinished {
        world.gateway.next(Answer::stream().events(&payloads).cut());
        let response = world.ask(Dialect::V1.post(two.clone())).await;
        assert_eq!(response.interrupted(Dialect::V1), (payloads, "gateway_error".to_owned()));
    }
    let both = json!({"index": 0, "delta": {}, "finish_reason": "stop"});
    let mut together: Value = serde_json::from_str(&event(both.clone())).unwrap();
    together["choices"] = json!([both, {"index": 1, "delta": {}, "finish_reason": "stop"}]);
    for payloads in [
        vec![of(0, None), of(1, None), of(1, stop), of(0, stop)],
        vec![of(0, stop), of(0, None), of(1, stop)],
        vec![of(0, None), of(1, None), together.to_string()],
    ] {
        world.gateway.next(Answer::stream().events(&payloads).cut());
        assert_eq!(world.ask(Dialect::V1.post(two.clone())).await.completed(), payloads);
    }
}

#[tokio::test]
async fn an_error_line_is_an_error_event() {
    let world = once().await;
    let lines = [
        "error: {\"code\":500,\"message\":\"PRIVATE\"}\n\n",
        "error:{\"code\":500,\"message\":\"PRIVATE\"}\n\n",
        "error: {\"code\":500,\"message\":\"PRIVATE\"}\r\n\r\n",
    ];
    for line in lines {
        let answer = Answer::stream().event(&token("PRIVATE")).bytes(line);
        breaks(&world, line, answer.events(&healthy_payloads()).end()).await;
        becomes(&world, Answer::stream().bytes(line).close(), 502, "gateway_error").await;
        becomes(&world, Answer::stream().bytes(line).events(&healthy_payloads()).end(), 502, "gateway_error")
            .await;
    }
}

#[tokio::test]
async fn bytes_around_json_that_are_no_white_space_of_json_break_it() {
    let world = once().await;
    for around in ["\u{c}", "\u{b}", "\u{a0}", "\u{85}", "\u{2028}", "\u{0}"] {
        for odd in [format!("{around}{}", token("x")), format!("{}{around}", token("x"))] {
            let answer = Answer::stream().event(&token("PRIVATE")).event(&odd);
            breaks(&world, &odd, answer.events(&healthy_payloads()).end()).await;
            becomes(&world, Answer::stream().event(&odd).end(), 502, "gateway_error").await;
        }
    }
}
