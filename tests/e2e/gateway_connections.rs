//! Connections to the gateway: reused, lost, refused.

use crate::support::answer::{Answer, Script, Step, healthy, milliseconds, only};
use crate::support::event::Dialect;
use crate::support::patience::{between, took};
use crate::support::payload::healthy_payloads;
use crate::support::secrets;
use crate::support::world::{Setup, World};
use std::time::Duration;

#[tokio::test]
async fn a_connection_is_there_before_the_first_request_and_serves_them_all() {
    let world = World::start().await;
    world.gateway.connected().await;
    assert_eq!(world.gateway.count(), 0);
    for _ in 0..3 {
        world.is_healthy().await;
    }
    assert_eq!(world.gateway.connections(), 1);
    assert_eq!(world.gateway.request(2).await.turn, 2);
}

#[tokio::test]
async fn the_preconnect_request_holds_no_account_and_no_key() {
    let secret = r#"{"OPENAI_API_KEY":"sk-test-first","CF_AIG_TOKEN":"sk-test-cf"}"#.to_owned();
    let world = Setup::new().secret(secrets::Answer::Value(secret)).start().await;
    world.gateway.connected().await;
    world.is_healthy().await;
    let warming = world.gateway.warming();
    assert!(warming.len() <= 1, "{warming:?}");
    for head in warming {
        assert_eq!(head.target, "/");
        let named = head.headers.iter().any(|(name, _)| name == "authorization" || name.starts_with("cf-"));
        assert!(!named, "{head:?}");
    }
}

#[tokio::test]
async fn the_first_retry_after_a_lost_connection_has_no_pause() {
    let world = World::start().await;
    for number in 0..2 {
        let before = world.gateway.count();
        // Long enough for a request to be on its way, so that no connection counts as dead before its use.
        world.gateway.next(Script(vec![milliseconds(50), Step::Reset]));
        world.gateway.next(Script(vec![milliseconds(50), Step::Reset]));
        world.is_healthy().await;
        let seen = world.gateway.seen();
        assert_eq!(seen.len(), before + 3, "{number}");
        let wait = |index: usize| between(seen[index].answered.unwrap(), seen[index + 1].at);
        took("the first retry", wait(before), 0..=100);
        took("the second retry", wait(before + 1), 100..=700);
    }
}

#[tokio::test]
async fn a_reset_is_tried_again() {
    let world = World::start().await;
    world.gateway.next(only(Step::Reset));
    world.is_healthy().await;
    world.gateway.next(only(Step::Reset));
    world.gateway.next(only(Step::Reset));
    world.is_healthy().await;
}

#[tokio::test]
async fn dead_pooled_connections_cost_nothing() {
    let world = Setup::new().once().start().await;
    // Closed while it lay in the pool.
    world.gateway.next(Answer::stream().events(&healthy_payloads()).end());
    world.is_healthy().await;
    world.gateway.next(Script([healthy().0, vec![Step::Cut]].concat()));
    world.is_healthy().await;
    world.is_healthy().await;
}

/// A load balancer that has forgotten a connection resets it the moment it is used again. That costs one retry.
#[tokio::test]
async fn a_connection_that_is_reset_when_it_is_used_again_costs_a_retry() {
    let world = World::start().await;
    world.gateway.always(|seen| match seen.turn {
        0 => healthy(),
        _ => only(Step::Reset),
    });
    for _ in 0..3 {
        world.is_healthy().await;
    }
}

#[tokio::test]
async fn a_connect_that_gets_no_answer_counts_as_a_lost_connection() {
    // A listener whose queue is full does not answer; the kernel drops what comes.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = socket.listen(1).unwrap();
    let address = full.local_addr().unwrap();
    let mut held = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(200), tokio::net::TcpStream::connect(address)).await
    {
        held.push(stream);
    }
    let setup = Setup::new().once().with("CONNECT_TIMEOUT_MS", "300");
    let world = setup.with("OPENAI_BASEURL", &format!("http://{address}/v1")).fallback().start().await;
    let response = world.ask(Dialect::V1.ask()).await;
    response.completed();
    response.ended_in(200..=1_500);
    assert_eq!(world.fallback.count(), 1);
}

/// Only a connection that was dead before it was used again is free of charge. One that breaks while the gateway
/// works on the request is a lost connection like any other: asking again costs the budget, and money.
#[tokio::test]
async fn a_connection_that_breaks_mid_request_costs_a_retry() {
    let world = Setup::new().once().start().await;
    world.is_healthy().await;
    let before = world.gateway.count();
    world.gateway.next(Script(vec![milliseconds(500), Step::Reset]));
    world.ask(Dialect::V1.ask()).await.refused(Dialect::V1, 502, "gateway_error");
    assert_eq!(world.gateway.count(), before + 1);
}
