//! Complete answers in every form that gateways send, each with exactly one end.

use crate::faults_midway::tokens;
use crate::support::answer::{Answer, Live, Script};
use crate::support::event::{BOTH, Dialect};
use crate::support::payload::{chunk, finish, healthy_payloads, sse, token};
use crate::support::world::{Setup, World};
use serde_json::json;

#[tokio::test]
async fn done_without_a_finish_reason_is_an_end() {
    let world = World::start().await;
    world.gateway.next(Answer::stream().events(&tokens(3)).end());
    assert_eq!(world.ask(Dialect::V1.ask()).await.completed(), tokens(3));
}

/// What ends an answer after its finish reason, however rude, is no loss to the caller.
#[tokio::test]
async fn after_a_finish_reason_any_end_completes_the_answer() {
    let world = Setup::new().with("IDLE_TIMEOUT_MS", "300").start().await;
    let answer = || Answer::stream().events(&healthy_payloads());
    let plain = Answer::until_closed().events(&healthy_payloads());
    for script in [answer().close(), answer().cut(), plain.cut(), answer().hang(), answer().wait(50).reset()]
    {
        for dialect in BOTH {
            world.gateway.next(script.clone());
            let response = world.ask(dialect.ask()).await;
            assert_eq!(response.completed(), healthy_payloads());
            response.ended_in(0..=1_500);
        }
        world.is_healthy().await;
    }
}

#[tokio::test]
async fn a_content_filter_in_mid_answer_is_an_end_as_the_model_gave_it() {
    let world = World::start().await;
    let payloads = [token("PRIVATE"), chunk(json!({}), Some("content_filter"))];
    for dialect in BOTH {
        world.gateway.next(Answer::stream().events(&payloads).end());
        let answered = world.ask(dialect.ask()).await.completed();
        // On the old route a sentence follows: see `length_note.rs`.
        let more = usize::from(dialect == Dialect::Conversations);
        assert_eq!((&answered[..2], answered.len()), (&payloads[..], 2 + more));
    }
}

#[tokio::test]
async fn usage_after_the_finish_reason_is_passed() {
    let world = World::start().await;
    let usage = json!({"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": {"total_tokens": 3}}).to_string();
    let payloads: Vec<String> = healthy_payloads().into_iter().chain([usage]).collect();
    world.gateway.next(Answer::stream().events(&payloads).end());
    assert_eq!(world.ask(Dialect::V1.ask()).await.completed(), payloads);
}

#[tokio::test]
async fn nothing_follows_done() {
    let world = World::start().await;
    let late = tokens(2);
    let together: String =
        healthy_payloads().iter().chain([&"[DONE]".to_owned()]).chain(&late).map(|p| sse(p)).collect();
    let answers = [
        Answer::stream().bytes(&together).close(),
        Answer::stream().events(&healthy_payloads()).event("[DONE]").events(&late).event("[DONE]").close(),
        Answer::stream().events(&healthy_payloads()).event("[DONE]").event("broken").cut(),
    ];
    for script in answers {
        for dialect in BOTH {
            world.gateway.next(script.clone());
            assert_eq!(world.ask(dialect.ask()).await.completed(), healthy_payloads());
        }
        world.is_healthy().await;
    }
}

#[tokio::test]
async fn done_ends_the_response_though_the_gateway_stays() {
    let world = World::start().await;
    let (script, live): (Script, Live) = Answer::stream().events(&healthy_payloads()).event("[DONE]").live();
    world.gateway.next(script);
    let response = world.ask(Dialect::Conversations.ask()).await;
    response.completed();
    response.ended_in(0..=1_500);
    drop(live);
    world.is_healthy().await;
}

#[tokio::test]
async fn every_legal_form_of_sse_is_normalised() {
    let world = World::start().await;
    let payloads = healthy_payloads();
    let [role, first, second, last] = payloads.as_slice() else { panic!("four events") };
    let (head, tail) = second.split_once(",\"").unwrap();
    let odd = format!(
        "\u{feff}: a comment\r\n\r\ndata:{role}\r\n\r\nevent: message\rid: 7\rretry: 10\rdata: {first}\r\r\
         data: {head},\ndata: \"{tail}\n\nunknown: field\ndata: {last}\n\ndata: [DONE]\n\n"
    );
    for script in [
        Answer::stream().bytes(&odd).close(),
        odd.as_bytes().chunks(1).fold(Answer::stream(), |answer, byte| answer.bytes(byte)).close(),
    ] {
        world.gateway.next(script);
        let response = world.ask(Dialect::Conversations.ask()).await;
        let mut expected = payloads.clone();
        expected[2] = format!("{head}, \"{tail}");
        assert_eq!(response.completed(), expected);
    }
}

/// Whatever a browser's `JSON.parse` takes is JSON, and is passed on as it came.
#[tokio::test]
async fn every_legal_form_of_json_passes() {
    let world = World::start().await;
    let event = |more: &str| token("PRIVATE").replacen('{', &format!("{{{more},"), 1);
    let payloads = [
        // One emoji in two tokens, as escapes.
        token("PRIVATE").replace("PRIVATE", r"\ud83d"),
        token("PRIVATE").replace("PRIVATE", r"\udc69"),
        event(r#""id":"first","error":null,"error":null"#),
        event(r#""logprob":-1e999"#),
        event(r#""big":123456789012345678901234567890.5E+3"#),
        event(&format!(r#""deep":{}{}"#, "[".repeat(200), "]".repeat(200))),
        format!(" \t{} ", token("spaces")),
    ];
    for payload in payloads {
        let all = [payload, finish()];
        world.gateway.next(Answer::stream().events(&all).end());
        let response = world.ask(Dialect::V1.ask()).await;
        response.streamed();
        assert_eq!(response.text(), [&all[0], &all[1], "[DONE]"].map(sse).concat());
    }
}

/// Some gateways send an empty finish reason with every token.
#[tokio::test]
async fn an_empty_finish_reason_is_none() {
    let world = World::start().await;
    let events = [chunk(json!({"content": "PRIVATE"}), Some(""))];
    world.gateway.next(Answer::stream().events(&events).cut());
    let response = world.ask(Dialect::V1.ask()).await;
    assert_eq!(response.interrupted(Dialect::V1).0, events);
}

#[tokio::test]
async fn a_gateway_that_sends_comments_is_not_silent() {
    let world = Setup::new().with("IDLE_TIMEOUT_MS", "400").start().await;
    let start = Answer::stream().event(&token("PRIVATE"));
    let waiting = (0..7).fold(start, |answer, _| answer.bytes(": processing\n\n").wait(150));
    world.gateway.next(waiting.event(&finish()).end());
    assert_eq!(world.ask(Dialect::V1.ask()).await.completed(), [token("PRIVATE"), finish()]);
}
