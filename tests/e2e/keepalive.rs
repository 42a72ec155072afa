//! The first-event gate and the keep-alive comments.

use crate::support::answer::{Answer, Script, Step, as_json, only, too_many};
use crate::support::event::{BOTH, Dialect};
use crate::support::patience::{between, took};
use crate::support::payload::{healthy_payloads, openai_error, token};
use crate::support::response::Response;
use crate::support::world::{Setup, World};

const COMMENT: &str = ": keep-alive\n\n";

async fn start() -> World {
    Setup::new().with("KEEPALIVE_MS", "200").once().start().await
}

fn comments(response: &Response) -> usize {
    response.text().matches(COMMENT).count()
}

#[tokio::test]
async fn the_stream_opens_after_a_while_though_the_gateway_is_silent() {
    let world = start().await;
    let headers = [("cf-aig-log-id", "01JADMCQQQBWH3NXZ5GCRN98DP"), ("x-ratelimit-limit-requests", "10")];
    for dialect in BOTH {
        let mut script = Answer::with(&headers).events(&healthy_payloads()).end();
        script.0.insert(0, Step::Wait(std::time::Duration::from_millis(700)));
        world.gateway.next(script);
        let response = world.ask(dialect.ask()).await;
        assert_eq!(response.opened_in(190..=500).completed(), healthy_payloads());
        assert_eq!(
            (response.header("cf-aig-log-id"), response.header("x-ratelimit-limit-requests")),
            (None, None)
        );
        assert!((2..=4).contains(&comments(&response)), "{}", response.text());
        assert!(response.text().starts_with(COMMENT), "{}", response.text());
    }
    world.is_healthy().await;
}

#[tokio::test]
async fn the_gate_waits_for_the_first_event_and_no_longer() {
    let world = start().await;
    let (script, live) = Answer::with(&[("cf-aig-log-id", "01JADMCQQQBWH3NXZ5GCRN98DP")]).live();
    world.gateway.next(script);
    let mut call = world.call(Dialect::Conversations.ask());
    world.gateway.request(0).await;
    live.event(&token("PRIVATE"));
    assert_eq!(call.opened().await, 200);
    live.event(&healthy_payloads()[3]);
    live.end();
    let response = call.finish().await;
    response.opened_in(0..=190).completed();
    assert_eq!(response.header("cf-aig-log-id"), Some("01JADMCQQQBWH3NXZ5GCRN98DP"));
}

#[tokio::test]
async fn comments_fill_every_silence() {
    let world = start().await;
    let payloads = healthy_payloads();
    let script = Answer::stream()
        .event(&payloads[0])
        .wait(700)
        .events(&payloads[1..3])
        .wait(500)
        .event(&payloads[3])
        .end();
    world.gateway.next(script);
    let response = world.ask(Dialect::Conversations.ask()).await;
    assert_eq!(response.completed(), payloads);
    let text = response.text();
    let (first, second) = text.split_once("PRIVATE").unwrap();
    assert!((2..=3).contains(&first.matches(COMMENT).count()), "{text}");
    assert!((1..=2).contains(&second.matches(COMMENT).count()), "{text}");
    assert_eq!(response.shown(), crate::support::payload::HEALTHY);
    let mut last = response.opened;
    for write in &response.writes {
        assert!(between(last, write.at).as_millis() < 450, "silence");
        last = write.at;
    }
}

#[tokio::test]
async fn no_comment_while_events_come() {
    let world = start().await;
    let busy =
        (0..10).fold(Answer::stream(), |answer, number| answer.event(&token(&number.to_string())).wait(60));
    world.gateway.next(busy.event(&healthy_payloads()[3]).end());
    let response = world.ask(Dialect::V1.ask()).await;
    response.completed();
    assert_eq!(comments(&response), 0, "{}", response.text());
}

#[tokio::test]
async fn failures_after_the_gate_become_error_events() {
    let world =
        Setup::new().with("KEEPALIVE_MS", "150").with("RESPONSE_TIMEOUT_MS", "1000").once().start().await;
    let wait = || Step::Wait(std::time::Duration::from_millis(350));
    let late = |script: Script| Script([vec![wait()], script.0].concat());
    let faults = [
        (only(Step::Hang), "gateway_timeout"),
        (late(as_json(500, &openai_error("server_error", "server_error"))), "gateway_error"),
        (
            late(as_json(400, &openai_error("context_length_exceeded", "invalid_request_error"))),
            "context_length_exceeded",
        ),
        (late(too_many(&[("retry-after", "600")])), "rate_limit_exceeded"),
        (late(Answer::stream().reset()), "gateway_error"),
        (late(Answer::stream().event("broken").close()), "gateway_error"),
    ];
    for (script, code) in faults {
        for dialect in BOTH {
            world.gateway.next(script.clone());
            let response = world.ask(dialect.ask()).await;
            assert_eq!(response.opened_in(140..=340).interrupted(dialect), (vec![], code.to_owned()));
            response.ended_in(300..=2_000);
        }
        world.is_healthy().await;
    }
}

#[tokio::test]
async fn a_comment_of_the_gateway_does_not_open_the_gate() {
    let world = start().await;
    world
        .gateway
        .next(Answer::stream().bytes(": processing\n\n").wait(600).events(&healthy_payloads()).end());
    let response = world.ask(Dialect::Conversations.ask()).await;
    response.opened_in(190..=500).completed();
    assert!(!response.text().contains("processing"), "{}", response.text());
}

#[tokio::test]
async fn json_is_not_opened_early() {
    let world = start().await;
    let answer = crate::support::payload::completion("PRIVATE");
    let mut script = as_json(200, &answer);
    script.0.insert(0, Step::Wait(std::time::Duration::from_millis(600)));
    world.gateway.next(script);
    let body = serde_json::json!({"messages": [{"role": "user", "content": "PRIVATE"}]});
    let response = world.ask(Dialect::V1.post(body)).await;
    assert_eq!((response.status, response.json()), (200, answer));
    took("the answer", between(response.started, response.opened), 590..=1_500);
}

#[tokio::test]
async fn comments_of_the_gateway_are_no_output() {
    let world = start().await;
    let start = Answer::stream().event(&token("PRIVATE"));
    let waiting = (0..14).fold(start, |answer, _| answer.bytes(": processing\n\n").wait(50));
    world.gateway.next(waiting.event(&healthy_payloads()[3]).end());
    let response = world.ask(Dialect::V1.ask()).await;
    response.completed();
    assert!(comments(&response) >= 2, "{}", response.text());
}
