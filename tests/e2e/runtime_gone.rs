//! When the Runtime API drops a response, the function closes the gateway's stream and serves the next
//! invocation.

use crate::support::answer::{Answer, Step, only};
use crate::support::event::{BOTH, Dialect};
use crate::support::invocation::Treatment;
use crate::support::patience::{between, took};
use crate::support::payload::{finish, token};
use crate::support::world::{Setup, World};

#[tokio::test]
async fn the_gateways_connection_closes_immediately() {
    let world = World::start().await;
    for dialect in BOTH {
        let before = world.gateway.count();
        // Silent after one token: nothing but the lost connection can wake the function.
        world.gateway.next(Answer::stream().event(&token("PRIVATE")).hang());
        let mut call = world.api.invoke(dialect.ask(), Treatment::DropAfter(1));
        let dropped = call.dropped().await;
        let gone = world.gateway.gone(before).await;
        took("letting the gateway go", between(dropped, gone), 0..=500);
        world.is_healthy().await;
    }
}

#[tokio::test]
async fn even_while_tokens_come() {
    let world = World::start().await;
    let busy = (0..2_000).fold(Answer::stream(), |answer, _| answer.event(&token("PRIVATE")).wait(5));
    world.gateway.next(busy.end());
    let mut call = world.api.invoke(Dialect::Conversations.ask(), Treatment::DropAfter(2_000));
    let dropped = call.dropped().await;
    let gone = world.gateway.gone(0).await;
    took("letting the gateway go", between(dropped, gone), 0..=500);
    world.is_healthy().await;
}

#[tokio::test]
async fn a_refused_response_costs_only_itself() {
    let world = World::start().await;
    for status in [400, 403, 410, 413, 500] {
        let mut call = world.api.invoke(Dialect::Conversations.ask(), Treatment::Refuse(status));
        call.dropped().await;
        world.is_healthy().await;
    }
}

#[tokio::test]
async fn a_response_refused_before_its_end_delays_nothing() {
    let world = World::start().await;
    for dialect in BOTH {
        let before = world.gateway.count();
        world.gateway.next(Answer::stream().event(&token("PRIVATE")).hang());
        let mut call = world.api.invoke(dialect.ask(), Treatment::RefuseAndStay(413));
        let refused = call.dropped().await;
        let gone = world.gateway.gone(before).await;
        took("letting the gateway go", between(refused, gone), 0..=500);
        world.is_healthy().await;
    }
}

#[tokio::test]
async fn a_response_accepted_before_its_end_goes_on_to_it() {
    let world = World::start().await;
    for dialect in BOTH {
        let slow = (0..4).fold(Answer::stream(), |answer, _| answer.event(&token("PRIVATE")).wait(200));
        world.gateway.next(slow.event(&finish()).end());
        let call = world.api.invoke(dialect.ask(), Treatment::AcceptAtOnce);
        call.finish().await.completed();
        world.is_healthy().await;
    }
}

#[tokio::test]
async fn many_dropped_responses_in_a_row() {
    let world = World::start().await;
    for _ in 0..20 {
        let mut call = world.api.invoke(Dialect::Conversations.ask(), Treatment::DropAfter(1));
        call.dropped().await;
    }
    world.is_healthy().await;
}

#[tokio::test]
async fn before_the_gateway_has_said_anything() {
    let world = Setup::new().with("KEEPALIVE_MS", "150").start().await;
    for script in [only(Step::Hang), Answer::stream().hang()] {
        let before = world.gateway.count();
        world.gateway.next(script);
        // The keep-alive opens the stream, and is all there is to drop.
        let mut call = world.api.invoke(Dialect::Conversations.ask(), Treatment::DropAfter(1));
        let dropped = call.dropped().await;
        let gone = world.gateway.gone(before).await;
        took("letting the gateway go", between(dropped, gone), 0..=500);
        world.is_healthy().await;
    }
}
