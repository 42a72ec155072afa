//! No answer of a gateway takes the process over 100 MB or one second of a processor.

use crate::memory_bounds::{Bounded, chain, tree};
use crate::support::answer::{Answer, Script, plain};
use crate::support::event::{BOTH, Dialect, Event};
use crate::support::payload::{DONE, finish, healthy_payloads, sse, token};
use crate::support::world::Setup;
use serde_json::json;

/// Just under the most that one event may be.
const EVENT: usize = 2_000_000;
const WHOLE_ANSWER: usize = 8_000_000;

fn json_answer(body: &str) -> Script {
    plain(200, &[("content-type", "application/json")], body)
}

fn asked(stream: bool) -> Event {
    Dialect::V1.post(json!({"messages": [{"role": "user", "content": "PRIVATE"}], "stream": stream}))
}

/// Answers that are no answers, by what costs most to read.
fn bodies() -> Vec<String> {
    let zeros = format!(r#"{{"choices":[{}0]}}"#, "0,".repeat(WHOLE_ANSWER / 2 - 10));
    let mut bodies = vec![zeros];
    for value in [tree(WHOLE_ANSWER - 200), chain(WHOLE_ANSWER - 200)] {
        bodies.push(format!(r#"{{"choices":{value}}}"#));
        bodies.push(format!(r#"{{"error":{value}}}"#));
        bodies.push(format!(r#"{{"x":{value}}}"#));
        bodies.push(value);
    }
    bodies
}

#[tokio::test]
async fn json_that_is_no_answer() {
    for body in bodies() {
        let bounded = Bounded::start(Setup::new().once()).await;
        let name = &body[..40];
        for event in [asked(true), asked(false), Dialect::Conversations.ask()] {
            bounded.world.gateway.next(json_answer(&body));
            let response = bounded.ask(name, event).await;
            assert_eq!(response.status, 502, "{name}: {}", response.text());
        }
        bounded.world.is_healthy().await;
    }
}

#[tokio::test]
async fn a_large_member_of_a_json_answer() {
    let bounded = Bounded::start(Setup::new().once()).await;
    let with = |bytes| {
        let choice =
            r#"{"index":0,"message":{"role":"assistant","content":"PRIVATE"},"finish_reason":"stop"}"#;
        format!(r#"{{"id":"x","created":1,"model":"m","x":{},"choices":[{choice}]}}"#, tree(bytes))
    };
    let body = with(7_000_000);
    bounded.world.gateway.next(json_answer(&body));
    let response = bounded.ask("where JSON was asked for", asked(false)).await;
    assert!(response.text() == body, "not what came");
    for event in [asked(true), Dialect::Conversations.ask()] {
        bounded.world.gateway.next(json_answer(&with(1_900_000)));
        let response = bounded.ask("where events were asked for", event).await;
        response.completed();
        assert_eq!(response.shown(), "PRIVATE");
    }
}

#[tokio::test]
async fn an_error_that_is_a_tree() {
    for value in [tree(EVENT), chain(EVENT)] {
        for error in [
            format!(r#"{{"error":{value}}}"#),
            format!(r#"{{"error":{{"code":"server_error","message":"x","x":{value}}}}}"#),
            format!(r#"{{"choices":[{{"index":0,"delta":{{}},"error":{value}}}]}}"#),
        ] {
            let bounded = Bounded::start(Setup::new().once()).await;
            let name = &error[..40];
            for dialect in BOTH {
                bounded.world.gateway.next(Answer::stream().event(&error).end());
                let response = bounded.ask(name, dialect.ask()).await;
                response.refused(dialect, 502, "gateway_error");
                bounded.world.gateway.next(Answer::stream().event(&token("PRIVATE")).event(&error).end());
                let response = bounded.ask(name, dialect.ask()).await;
                assert_eq!(response.interrupted(dialect).0, [token("PRIVATE")], "{name}");
                bounded.world.gateway.next(plain(500, &[("content-type", "application/json")], &error));
                bounded.ask(name, dialect.ask()).await.refused(dialect, 502, "gateway_error");
            }
            bounded.world.is_healthy().await;
        }
    }
}

#[tokio::test]
async fn an_event_that_is_a_tree_is_passed_on_as_it_came() {
    for value in [tree(EVENT), chain(EVENT)] {
        let choice = |more: &str| format!(r#"{{"id":"x","choices":[{{"index":0,{more}}}]}}"#);
        let finishing = [
            choice(&format!(r#""delta":{{"x":{value}}},"finish_reason":"stop""#)),
            choice(&format!(r#""delta":{{}},"finish_reason":"stop","logprobs":{value}"#)),
            format!(r#"{{"x":{value},"choices":[{{"index":0,"delta":{{}},"finish_reason":"stop"}}]}}"#),
        ];
        let bounded = Bounded::start(Setup::new().once()).await;
        for event in finishing {
            bounded.world.gateway.next(Answer::stream().event(&token("PRIVATE")).event(&event).end());
            let response = bounded.ask(&event[..40], Dialect::V1.ask()).await;
            let expected = [&token("PRIVATE"), &event, DONE].map(sse).concat();
            assert!(response.text() == expected, "not what came: {} bytes", response.bytes().len());
        }
        // As the first one, and in the middle.
        let middle = choice(&format!(r#""delta":{{"content":"x","x":{value}}}"#));
        bounded.world.gateway.next(Answer::stream().event(&middle).event(&middle).event(&finish()).end());
        let response = bounded.ask("tokens", Dialect::V1.ask()).await;
        assert!(response.text() == [&middle, &middle, &finish(), DONE].map(sse).concat(), "not what came");
    }
}

#[tokio::test]
async fn pings_without_an_end() {
    let bounded = Bounded::start(Setup::new().once()).await;
    let pings = sse(r#"{"type":"ping"}"#).repeat(40_000);
    let script = (0..30).fold(Answer::stream(), |answer, _| answer.bytes(&pings));
    bounded.world.gateway.next(script.events(&healthy_payloads()).end());
    // Passed on or given up: both are right, as long as nothing piles up. Its time is not counted: there is no bound on a stream.
    bounded.world.ask(Dialect::V1.ask()).await;
    bounded.memory("pings").await;
    bounded.world.is_healthy().await;
}
