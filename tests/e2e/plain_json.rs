//! JSON in place of a stream, and a stream in place of JSON: the whole answer arrives, and nothing is
//! invented.

use crate::faults_before::{becomes, once};
use crate::gateway_fallback::{FIRST, NEXT, counts};
use crate::support::answer::{as_json, healthy, plain};
use crate::support::event::{BOTH, Dialect, Event};
use crate::support::payload::{HEALTHY, completion};
use crate::support::response::Response;
use crate::support::world::{Setup, World};
use serde_json::{Value, json};

fn json_question() -> Event {
    Dialect::V1.post(json!({"messages": [{"role": "user", "content": "PRIVATE question?"}]}))
}

/// All choices of a finished stream, in order.
fn choices(response: &Response) -> Vec<Value> {
    let events = response.completed().into_iter().map(|event| serde_json::from_str::<Value>(&event).unwrap());
    events.flat_map(|event| event["choices"].as_array().unwrap().clone()).collect()
}

#[tokio::test]
async fn every_part_of_an_answer_becomes_events() {
    let world = once().await;
    let call =
        json!({"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}});
    let logprobs =
        json!({"content": [{"token": "PRIVATE", "logprob": -0.25, "bytes": null, "top_logprobs": []}]});
    let mut answer = completion("PRIVATE");
    answer["choices"][0]["logprobs"] = logprobs.clone();
    answer["choices"][0]["finish_reason"] = json!("tool_calls");
    answer["choices"][0]["message"]["tool_calls"] = json!([call]);
    answer["choices"][0]["message"]["annotations"] = json!([{"type": "url_citation"}]);
    for dialect in BOTH {
        world.gateway.next(as_json(200, &answer));
        let response = world.ask(dialect.ask()).await;
        let choices = choices(&response);
        assert_eq!(response.shown(), "PRIVATE");
        let there = |find: &dyn Fn(&Value) -> Value| choices.iter().map(find).find(|value| !value.is_null());
        assert_eq!(there(&|choice| choice["logprobs"].clone()), Some(logprobs.clone()));
        assert_eq!(there(&|choice| choice["finish_reason"].clone()), Some(json!("tool_calls")));
        let told = there(&|choice| choice["delta"]["tool_calls"][0].clone()).unwrap();
        assert_eq!(
            (&told["index"], &told["id"], &told["function"]),
            (&json!(0), &call["id"], &call["function"])
        );
        assert!(there(&|choice| choice["delta"]["annotations"][0].clone()).is_some(), "{choices:?}");
    }
}

#[tokio::test]
async fn each_choice_becomes_events() {
    let world = once().await;
    let mut answer = completion("PRIVATE");
    let mut second = answer["choices"][0].clone();
    second["index"] = json!(1);
    second["message"]["content"] = json!("second");
    answer["choices"].as_array_mut().unwrap().push(second);
    world.gateway.next(as_json(200, &answer));
    let body = json!({"messages": [{"role": "user", "content": "x"}], "stream": true, "n": 2});
    let choices = choices(&world.ask(Dialect::V1.post(body)).await);
    for (index, text) in [(0, "PRIVATE"), (1, "second")] {
        let mine = || choices.iter().filter(|choice| choice["index"] == index);
        let said: String = mine().filter_map(|choice| choice["delta"]["content"].as_str()).collect();
        assert_eq!(said, text);
        assert!(mine().any(|choice| choice["finish_reason"] == "stop"), "{choices:?}");
    }
}

#[tokio::test]
async fn choices_that_say_nothing_are_a_bad_answer() {
    let world = once().await;
    let choice = |choice: Value| {
        let mut answer = completion("");
        answer["choices"] = json!([choice]);
        answer
    };
    let answers = [
        choice(json!({"index": 0, "finish_reason": "stop"})),
        choice(json!({"index": 0, "message": null, "finish_reason": "stop"})),
        choice(json!({"index": 0, "message": {}, "finish_reason": "stop"})),
        choice(
            json!({"index": 0, "message": {"role": "assistant", "content": null}, "finish_reason": "stop"}),
        ),
        choice(json!({"index": 0, "text": "PRIVATE", "finish_reason": "stop"})),
        choice(json!(0)),
        choice(Value::Null),
    ];
    for answer in answers {
        becomes(&world, as_json(200, &answer), 502, "gateway_error").await;
    }
}

#[tokio::test]
async fn choices_that_did_not_finish_are_a_bad_answer() {
    let world = once().await;
    for reason in [Value::Null, json!(""), json!("null"), json!(false), json!(0), json!([])] {
        let mut answer = completion("PRIVATE");
        answer["choices"][0]["finish_reason"] = reason;
        becomes(&world, as_json(200, &answer), 502, "gateway_error").await;
    }
    let mut answer = completion("PRIVATE");
    answer["choices"][0].as_object_mut().unwrap().remove("finish_reason");
    becomes(&world, as_json(200, &answer), 502, "gateway_error").await;
}

#[tokio::test]
async fn a_refusal_of_the_model_is_an_answer() {
    let world = once().await;
    let mut answer = completion("");
    answer["choices"][0]["message"] = json!({"role": "assistant", "content": null, "refusal": "PRIVATE no"});
    world.gateway.next(as_json(200, &answer));
    let choices = choices(&world.ask(Dialect::V1.ask()).await);
    assert!(choices.iter().any(|choice| choice["delta"]["refusal"] == "PRIVATE no"), "{choices:?}");
}

#[tokio::test]
async fn a_large_answer_arrives_or_is_refused_before_the_stream() {
    let world = once().await;
    let text = "PRIVATE".repeat(270_000);
    for dialect in BOTH {
        world.gateway.next(as_json(200, &completion(&text)));
        let response = world.ask(dialect.ask()).await;
        response.completed();
        assert!(response.shown() == text, "{} bytes arrived", response.shown().len());
        world.gateway.next(as_json(200, &completion(&"x".repeat(3_000_000))));
        world.ask(dialect.ask()).await.refused(dialect, 502, "gateway_error");
        world.is_healthy().await;
    }
}

/// Half a surrogate pair is JSON by its grammar, and every client reads it.
#[tokio::test]
async fn half_a_surrogate_pair_in_an_answer_is_passed_on() {
    let world = World::start().await;
    for half in [r"\ud83d", r"\ude00", r"x\uD83D", r"\ud83d\ud83d\ude00"] {
        let body = completion("HERE").to_string().replace("HERE", half);
        let script = || plain(200, &[("content-type", "application/json")], &body);
        for dialect in BOTH {
            let before = world.gateway.count();
            world.gateway.next(script());
            let response = world.ask(dialect.ask()).await;
            let text = response.streamed().text();
            assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
            assert!(text.contains(half) || text.contains('\u{fffd}'), "{text}");
            assert_eq!(world.gateway.count(), before + 1, "asked once");
        }
        let before = world.gateway.count();
        world.gateway.next(script());
        let response = world.ask(json_question()).await;
        assert_eq!((response.status, response.text()), (200, body.clone()));
        assert_eq!(world.gateway.count(), before + 1, "asked once");
    }
}

#[tokio::test]
async fn events_where_json_was_asked_for_go_to_the_next_target() {
    let world = Setup::new().fallback().start().await;
    world.gateway.next(healthy());
    assert_eq!(world.ask(json_question()).await.json(), completion(HEALTHY));
    assert_eq!(counts(&world), (1, 1), "the same target is not asked again");

    let world = Setup::new().with("OPENAI_FALLBACK_MODELS", NEXT).start().await;
    world.gateway.next(healthy());
    assert_eq!(world.ask(json_question()).await.json(), completion(HEALTHY));
    assert_eq!(world.gateway.models(), [FIRST, NEXT]);

    let world = World::start().await;
    world.gateway.always(|_| healthy());
    world.ask(json_question()).await.refused(Dialect::V1, 502, "gateway_error");
    assert_eq!(world.gateway.count(), 1);
}
