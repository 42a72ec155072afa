//! Response headers of a stream: the contract's, and those passed on from the gateway.

use crate::support::answer::{Answer, Step};
use crate::support::event::Dialect;
use crate::support::payload::{DONE, HEALTHY, healthy_payloads, sse};
use crate::support::world::World;
use bytes::Bytes;

#[tokio::test]
async fn the_exact_bytes_come_back_with_the_headers_of_the_contract() {
    let world = World::start().await;
    let headers = [
        ("cf-aig-cache-status", "MISS"),
        ("cf-aig-log-id", "01JADMCQQQBWH3NXZ5GCRN98DP"),
        ("x-ratelimit-remaining-requests", "9999"),
        ("x-ratelimit-reset-tokens", "6m0s"),
        ("set-cookie", "__cf_bm=abc; path=/"),
        ("openai-organization", "user-1234"),
        ("server", "cloudflare"),
    ];
    world.gateway.next(Answer::with(&headers).events(&healthy_payloads()).end());
    let response = world.ask(Dialect::Conversations.ask()).await;
    assert_eq!(response.streamed().shown(), HEALTHY);
    let expected: String = healthy_payloads().iter().chain([&DONE.to_owned()]).map(|p| sse(p)).collect();
    assert_eq!(response.text(), expected);
    for (name, value) in &headers[..4] {
        assert_eq!(response.header(name), Some(*value), "{name}");
    }
    for (name, _) in &headers[4..] {
        assert_eq!(response.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn ignores_gateway_headers_that_are_not_text() {
    let world = World::start().await;
    let mut script = Answer::stream().events(&healthy_payloads()).end();
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-ratelimit-note: caf\xe9\r\ncf-aig-log-id: \xf0\x9f\r\ntransfer-encoding: chunked\r\n\r\n";
    script.0[0] = Step::Write(Bytes::from_static(head));
    world.gateway.next(script);
    let response = world.ask(Dialect::Conversations.ask()).await;
    assert_eq!(response.completed(), healthy_payloads());
}

/// Lambda takes one text for a header, and refuses a prelude with anything else.
#[tokio::test]
async fn a_header_that_comes_twice_leaves_as_one_text() {
    let world = World::start().await;
    let twice = [("x-ratelimit-limit-requests", "10"), ("x-ratelimit-limit-requests", "20")];
    world.gateway.next(Answer::with(&twice).events(&healthy_payloads()).end());
    let response = world.ask(Dialect::Conversations.ask()).await;
    assert_eq!(response.completed(), healthy_payloads());
    assert!(response.header("x-ratelimit-limit-requests").is_some_and(|value| value.contains("10")));
}
