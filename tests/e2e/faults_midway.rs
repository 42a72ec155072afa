//! Failures after the first event: earlier events stay as they came, and an error event reports the failure.

use crate::support::answer::{Answer, Script, Step};
use crate::support::event::{BOTH, Dialect};
use crate::support::patience::{between, took};
use crate::support::payload::{healthy_payloads, openai_error, sse, token};
use crate::support::world::{Setup, World};
use serde_json::{Value, json};

pub fn tokens(count: usize) -> Vec<String> {
    (0..count).map(|number| token(&format!("PRIVATE {number} "))).collect()
}

/// Fails unless this answer, in both dialects, ends with an error after exactly these events.
async fn breaks_after(world: &World, events: &[String], code: &str, script: Script) {
    for dialect in BOTH {
        world.gateway.next(script.clone());
        let response = world.ask(dialect.ask()).await;
        let (payloads, told) = response.interrupted(dialect);
        assert_eq!(payloads, events);
        assert_eq!(told, code);
        response.ended_in(0..=2_500);
        world.is_healthy().await;
    }
}

#[tokio::test]
async fn cut_after_40_of_60_tokens() {
    let world = World::start().await;
    let events = tokens(40);
    breaks_after(&world, &events, "gateway_error", Answer::stream().events(&events).cut()).await;
    breaks_after(&world, &events, "gateway_error", Answer::until_closed().events(&events).cut()).await;
}

#[tokio::test]
async fn cut_inside_an_event() {
    let world = World::start().await;
    let events = tokens(2);
    let half = sse(&token("PRIVATE 語"));
    for at in [1, 6, 30, half.find('語').unwrap() + 1, half.len() - 2, half.len() - 1] {
        let answer = Answer::stream().events(&events).bytes(&half.as_bytes()[..at]);
        world.gateway.next(answer.cut());
        let response = world.ask(Dialect::V1.ask()).await;
        let (mut payloads, code) = response.interrupted(Dialect::V1);
        // The last event lacks at most its blank line; then it may count as whole.
        if at >= half.len() - 2 {
            payloads.truncate(2);
        }
        assert_eq!(payloads, events, "cut at {at}");
        assert_eq!(code, "gateway_error");
    }
    world.is_healthy().await;
}

#[tokio::test]
async fn reset_after_40_of_60_tokens() {
    let world = World::start().await;
    for dialect in BOTH {
        let (script, live) = Answer::stream().live();
        world.gateway.next(script);
        let mut call = world.call(dialect.ask());
        for event in tokens(40) {
            live.event(&event);
        }
        // A reset throws away what was not read yet, so it waits for the last token.
        call.until("PRIVATE 39 ").await;
        live.step(Step::Reset);
        let response = call.finish().await;
        assert_eq!(response.interrupted(dialect), (tokens(40), "gateway_error".to_owned()));
        world.is_healthy().await;
    }
}

#[tokio::test]
async fn stall_mid_stream() {
    let world = Setup::new().with("IDLE_TIMEOUT_MS", "400").start().await;
    for dialect in BOTH {
        let before = world.gateway.count();
        world.gateway.next(Answer::stream().events(&tokens(3)).hang());
        let response = world.ask(dialect.ask()).await;
        assert_eq!(response.interrupted(dialect), (tokens(3), "gateway_timeout".to_owned()));
        // The test itself may have read the token late.
        took("the idle time-out", between(response.when("PRIVATE 2 "), response.ended), 300..=1_200);
        world.gateway.gone(before).await;
        world.is_healthy().await;
    }
}

#[tokio::test]
async fn silence_is_counted_from_the_last_byte() {
    let world = Setup::new().with("IDLE_TIMEOUT_MS", "600").start().await;
    let slow =
        healthy_payloads().iter().fold(Answer::stream(), |answer, payload| answer.wait(300).event(payload));
    world.gateway.next(slow.end());
    world.is_healthy().await;
}

#[tokio::test]
async fn malformed_chunk() {
    let world = World::start().await;
    let events = tokens(2);
    for broken in ["{\"id\": broken", "PRIVATE", "<html>", "{\"choices\":[", "[DONE", "\u{fffd}"] {
        let answer = Answer::stream().events(&events).event(broken).events(&healthy_payloads());
        breaks_after(&world, &events, "gateway_error", answer.end()).await;
    }
    let cut_character = Answer::stream().events(&events).bytes(b"data: {\"x\":\"\xe6\x97\"}\n\n");
    breaks_after(&world, &events, "gateway_error", cut_character.end()).await;
}

#[tokio::test]
async fn error_event_in_the_middle() {
    let world = World::start().await;
    let events = tokens(2);
    let errors = [
        openai_error("server_error", "server_error"),
        json!({"error": "PRIVATE words"}),
        json!({"id": "x", "choices": [{"index": 0, "delta": {"content": "PRIVATE"}, "finish_reason": null}], "error": {"code": 502, "message": "Provider disconnected"}}),
    ];
    for error in errors {
        for dialect in BOTH {
            let answer = Answer::stream().events(&events).event(&error.to_string());
            world.gateway.next(answer.events(&healthy_payloads()).end());
            let response = world.ask(dialect.ask()).await;
            let (payloads, code) = response.interrupted(dialect);
            assert_eq!(payloads, events);
            assert!(["gateway_error", "server_error"].contains(&code.as_str()), "{code}");
            world.is_healthy().await;
        }
    }
}

#[tokio::test]
async fn neither_done_nor_finish_reason() {
    let world = World::start().await;
    let events = tokens(60);
    breaks_after(&world, &events, "gateway_error", Answer::stream().events(&events).close()).await;
}

#[tokio::test]
async fn broken_chunked_framing() {
    let world = World::start().await;
    let events = tokens(2);
    let answer = Answer::stream().events(&events).step(Step::Write("not a chunk size\r\n".into()));
    breaks_after(&world, &events, "gateway_error", answer.cut()).await;
}

#[tokio::test]
async fn an_interrupted_answer_speaks_as_its_last_event_did() {
    let world = World::start().await;
    world.gateway.next(Answer::stream().events(&tokens(2)).cut());
    let response = world.ask(Dialect::V1.ask()).await;
    let last: Value = serde_json::from_str(response.payloads().last().unwrap()).unwrap();
    let first: Value = serde_json::from_str(&tokens(1)[0]).unwrap();
    assert_eq!((&last["id"], &last["model"]), (&first["id"], &first["model"]));
}
