//! Large events, many events and endless answers: everything arrives, or memory stays bounded.

use crate::support::answer::{Answer, Script, Step};
use crate::support::event::{BOTH, Dialect};
use crate::support::invocation::Treatment;
use crate::support::payload::{DONE, finish, healthy_payloads, sse, token};
use crate::support::world::{Setup, World};
use bytes::Bytes;

const MEBIBYTE: usize = 1 << 20;

#[tokio::test]
async fn an_event_of_900_kb_arrives_in_one_write() {
    let world = World::start().await;
    let large = token(&"語PRIVATE".repeat(90_000));
    assert!(large.len() >= 900_000);
    let payloads = [token("before"), large.clone(), finish()];
    for dialect in BOTH {
        world.gateway.next(Answer::stream().events(&payloads).end());
        let response = world.ask(dialect.ask()).await;
        assert_eq!(response.completed(), payloads);
        assert!(response.writes.iter().any(|write| write.bytes.len() >= large.len()));
        response.ended_in(0..=5_000);
    }
    world.is_healthy().await;
}

#[tokio::test]
async fn an_event_just_under_the_bound_arrives() {
    let world = World::start().await;
    let frame = token("").len();
    let payloads = [token(&"x".repeat(2 * MEBIBYTE - frame - 100)), finish()];
    world.gateway.next(Answer::stream().events(&payloads).end());
    assert_eq!(world.ask(Dialect::V1.ask()).await.completed(), payloads);
}

#[tokio::test]
async fn ten_thousand_events_at_once() {
    let world = World::start().await;
    let payloads: Vec<String> =
        (0..10_000).map(|number| token(&format!("PRIVATE {number} "))).chain([finish()]).collect();
    let flood: String = payloads.iter().chain([&DONE.to_owned()]).map(|payload| sse(payload)).collect();
    for dialect in BOTH {
        world.gateway.next(Answer::stream().bytes(&flood).close());
        let response = world.ask(dialect.ask()).await;
        response.streamed();
        assert!(response.text() == flood, "what arrived is not what was sent");
        response.ended_in(0..=10_000);
    }
    world.is_healthy().await;
}

/// A line of 64 MiB, as far as the function reads it.
fn endless(answer: Answer) -> Script {
    let piece = Bytes::from(vec![b'x'; MEBIBYTE]);
    let start = answer.bytes("data: {\"id\":\"");
    (0..64).fold(start, |answer, _| answer.bytes(&piece)).close()
}

#[tokio::test]
async fn a_line_without_an_end_is_given_up_and_not_tried_again() {
    let world = World::start().await;
    world.is_healthy().await;
    let before = world.function.peak_memory();
    for dialect in BOTH {
        let count = world.gateway.count();
        world.gateway.next(endless(Answer::stream()));
        let response = world.ask(dialect.ask()).await;
        response.refused(dialect, 502, "gateway_error");
        world.gateway.gone(count).await;
        assert_eq!(world.gateway.count(), count + 1, "asked once");
        world.is_healthy().await;
    }
    memory_stayed(&world, before);
}

#[tokio::test]
async fn an_endless_line_mid_answer_ends_in_an_error_event() {
    let world = World::start().await;
    world.is_healthy().await;
    let before = world.function.peak_memory();
    for dialect in BOTH {
        let count = world.gateway.count();
        world.gateway.next(endless(Answer::stream().event(&token("PRIVATE"))));
        let response = world.ask(dialect.ask()).await;
        assert_eq!(response.interrupted(dialect), (vec![token("PRIVATE")], "gateway_error".to_owned()));
        world.gateway.gone(count).await;
        world.is_healthy().await;
    }
    memory_stayed(&world, before);
}

#[tokio::test]
async fn an_event_of_many_lines_without_an_end_is_given_up() {
    let world = World::start().await;
    world.is_healthy().await;
    let before = world.function.peak_memory();
    let lines = "data: x\n".repeat(MEBIBYTE / 8);
    let start = Answer::stream().event(&token("PRIVATE"));
    let script = (0..32).fold(start, |answer, _| answer.bytes(&lines)).close();
    world.gateway.next(script);
    let response = world.ask(Dialect::V1.ask()).await;
    assert_eq!(response.interrupted(Dialect::V1).1, "gateway_error");
    memory_stayed(&world, before);
    world.is_healthy().await;
}

#[tokio::test]
async fn an_endless_comment_costs_no_memory() {
    let world = World::start().await;
    world.is_healthy().await;
    let before = world.function.peak_memory();
    let piece = Bytes::from(vec![b'x'; MEBIBYTE]);
    let start = Answer::stream().event(&token("PRIVATE")).bytes(":");
    let script = (0..32).fold(start, |answer, _| answer.bytes(&piece)).bytes("\n").event(&finish()).end();
    world.gateway.next(script);
    // Skipped or given up: both are right, as long as nothing is kept.
    let response = world.ask(Dialect::V1.ask()).await;
    response.streamed();
    memory_stayed(&world, before);
    world.is_healthy().await;
}

#[tokio::test]
async fn an_error_body_without_an_end_is_not_read_to_it() {
    let world = Setup::new().once().start().await;
    world.is_healthy().await;
    let before = world.function.peak_memory();
    let piece = Bytes::from(vec![b'x'; MEBIBYTE]);
    let head = "HTTP/1.1 500 Oops\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n";
    let mut steps = vec![Step::Write(head.into())];
    steps.extend((0..64).map(|_| Step::Write(piece.clone())));
    steps.push(Step::Cut);
    world.gateway.next(Script(steps));
    world.ask(Dialect::V1.ask()).await.refused(Dialect::V1, 502, "gateway_error");
    memory_stayed(&world, before);
    world.is_healthy().await;
}

/// A caller who does not read must not make the function hold the whole answer.
#[tokio::test]
async fn a_slow_reader_costs_no_memory() {
    let world = World::start().await;
    world.is_healthy().await;
    let before = world.function.peak_memory();
    let event = sse(&token(&"x".repeat(8_000)));
    let batch = event.repeat(16);
    let start = Answer::stream();
    let script = (0..400).fold(start, |answer, _| answer.bytes(&batch)).event(&finish()).end();
    world.gateway.next(script);
    let call = world.api.invoke(Dialect::V1.ask(), Treatment::Peek);
    let seen = world.gateway.request(1).await;
    assert!(seen.answered.is_none());
    // Long enough for the 50 MB to come over, were anybody to take them.
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    assert!(world.gateway.seen()[1].answered.is_none(), "the function took all of it in");
    memory_stayed(&world, before);
    call.release.notify_one();
    let response = call.finish().await;
    response.streamed();
    assert_eq!(response.bytes().len(), 6_400 * event.len() + sse(&finish()).len() + sse(DONE).len());
}

#[tokio::test]
async fn bytes_split_everywhere() {
    let world = World::start().await;
    let payloads: Vec<String> = [token("日本語 👩‍💻 PRIVATE")].into_iter().chain(healthy_payloads()).collect();
    let bytes: String = payloads.iter().chain([&DONE.to_owned()]).map(|payload| sse(payload)).collect();
    for dialect in BOTH {
        let bytes = bytes.as_bytes().chunks(1);
        world.gateway.next(bytes.fold(Answer::stream(), |answer, byte| answer.bytes(byte).wait(0)).close());
        assert_eq!(world.ask(dialect.ask()).await.completed(), payloads);
    }
    world.is_healthy().await;
}

/// The decoder holds 2 MiB, the transports their buffers; the line had 32 or more.
fn memory_stayed(world: &World, before: u64) {
    let grown = world.function.peak_memory().saturating_sub(before);
    assert!(grown < 20 * MEBIBYTE as u64, "memory grew by {grown} bytes");
}

#[tokio::test]
async fn json_and_heads_without_an_end_are_given_up() {
    let world = Setup::new().once().start().await;
    world.is_healthy().await;
    let before = world.function.peak_memory();
    let piece = Bytes::from(vec![b'x'; MEBIBYTE]);
    let starts = [
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{\"id\":\"",
        "HTTP/1.1 200 OK\r\nconnection: close\r\nx-long: ",
    ];
    for start in starts {
        for stream in [true, false] {
            let mut steps = vec![Step::Write(start.into())];
            steps.extend((0..64).map(|_| Step::Write(piece.clone())));
            steps.push(Step::Cut);
            world.gateway.next(Script(steps));
            let body =
                serde_json::json!({"messages": [{"role": "user", "content": "PRIVATE"}], "stream": stream});
            world.ask(Dialect::V1.post(body)).await.refused(Dialect::V1, 502, "gateway_error");
        }
    }
    memory_stayed(&world, before);
    world.is_healthy().await;
}
