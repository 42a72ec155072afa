//! Gateway responses without a usable first event.

use crate::faults_before::{becomes, once};
use crate::support::answer::{Answer, as_json};
use crate::support::event::BOTH;
use crate::support::payload::{DONE, chunk, completion, finish, healthy_payloads, openai_error, token};
use serde_json::{Value, json};

#[tokio::test]
async fn an_error_as_the_first_event_is_an_http_error() {
    let world = once().await;
    let first = |error: &Value| Answer::stream().event(&error.to_string()).end();
    becomes(&world, first(&openai_error("server_error", "server_error")), 502, "gateway_error").await;
    becomes(&world, first(&json!({"error": "PRIVATE words"})), 502, "gateway_error").await;
    becomes(
        &world,
        first(&openai_error("context_length_exceeded", "invalid_request_error")),
        400,
        "context_length_exceeded",
    )
    .await;
    becomes(
        &world,
        first(&openai_error("insufficient_quota", "insufficient_quota")),
        429,
        "insufficient_quota",
    )
    .await;
}

#[tokio::test]
async fn comments_and_blank_lines_do_not_open_the_gate() {
    let world = once().await;
    let error = openai_error("server_error", "server_error").to_string();
    let nothing =
        ": OPENROUTER PROCESSING\n\n:\n\ndata:\n\ndata: \n\nevent: ping\n\nretry: 10\n\nid: 7\n\n\n\n";
    becomes(&world, Answer::stream().bytes(nothing).event(&error).close(), 502, "gateway_error").await;
    becomes(&world, Answer::stream().bytes(nothing).end(), 502, "gateway_error").await;
    world.gateway.next(Answer::stream().bytes(nothing).events(&healthy_payloads()).end());
    world.is_healthy().await;
}

#[tokio::test]
async fn an_empty_or_broken_stream_is_an_http_error() {
    let world = once().await;
    becomes(&world, Answer::stream().close(), 502, "gateway_error").await;
    becomes(&world, Answer::stream().end(), 502, "gateway_error").await;
    becomes(&world, Answer::stream().cut(), 502, "gateway_error").await;
    becomes(&world, Answer::until_closed().cut(), 502, "gateway_error").await;
    becomes(&world, Answer::stream().event("{\"id\": broken").hang(), 502, "gateway_error").await;
    becomes(
        &world,
        Answer::stream().event("not json").events(&healthy_payloads()).end(),
        502,
        "gateway_error",
    )
    .await;
    let half = format!("data: {}", token("PRIVATE"));
    becomes(&world, Answer::stream().bytes(&half[..half.len() - 9]).cut(), 502, "gateway_error").await;
}

#[tokio::test]
async fn json_instead_of_a_stream_becomes_events() {
    let world = once().await;
    for dialect in BOTH {
        let answer = completion("日本語 \"PRIVATE\"\nanswer");
        world.gateway.next(as_json(200, &answer));
        let response = world.ask(dialect.ask()).await;
        let payloads = response.completed();
        assert_eq!(response.shown(), "日本語 \"PRIVATE\"\nanswer");
        let events: Vec<Value> =
            payloads.iter().map(|payload| serde_json::from_str(payload).unwrap()).collect();
        for event in &events {
            assert_eq!(event["object"], "chat.completion.chunk", "{event}");
            assert_eq!((&event["id"], &event["model"]), (&answer["id"], &answer["model"]), "{event}");
        }
        assert_eq!(events.last().unwrap()["choices"][0]["finish_reason"], "stop");
        world.is_healthy().await;
    }
}

#[tokio::test]
async fn a_null_error_is_none() {
    let world = once().await;
    let mut event: Value = serde_json::from_str(&chunk(json!({"content": "x"}), None)).unwrap();
    event["error"] = Value::Null;
    let payloads = [event.to_string(), finish()];
    for dialect in BOTH {
        world.gateway.next(Answer::stream().events(&payloads).event(DONE).close());
        assert_eq!(world.ask(dialect.ask()).await.completed(), payloads);
    }
}
