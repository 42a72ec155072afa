//! Several invocations at once in one environment, as Lambda Managed Instances deliver them.

use crate::support::answer::{Answer, Live, Step, only};
use crate::support::call::Call;
use crate::support::event::Dialect;
use crate::support::payload::{finish, token};
use crate::support::world::{Setup, World};

/// More than the invocations of one thread, and no multiple of them.
const STREAMS: usize = 9;

async fn world() -> World {
    Setup::new().with("AWS_LAMBDA_MAX_CONCURRENCY", &STREAMS.to_string()).start().await
}

/// A stream whose first event has come.
async fn open(world: &World, number: usize) -> (Call, Live) {
    let (script, live) = Answer::stream().live();
    world.gateway.next(script);
    let mut call = world.call(Dialect::Conversations.ask());
    live.event(&token(&format!("PRIVATE first of {number}")));
    call.until(&format!("first of {number}")).await;
    (call, live)
}

async fn end(call: Call, live: Live) -> String {
    live.event(&finish());
    live.end();
    let response = call.finish().await;
    response.completed();
    response.shown()
}

#[tokio::test]
async fn streams_run_side_by_side_and_unmixed() {
    let world = world().await;
    let mut streams = Vec::new();
    for number in 0..STREAMS {
        streams.push(open(&world, number).await);
    }
    // All are open; each passes an event on while the others are silent.
    for (number, (call, live)) in streams.iter_mut().enumerate().rev() {
        live.event(&token(&format!(", second of {number}")));
        call.until(&format!("second of {number}")).await;
    }
    for (number, (call, live)) in streams.into_iter().enumerate() {
        assert_eq!(end(call, live).await, format!("PRIVATE first of {number}, second of {number}"));
    }
}

#[tokio::test]
async fn one_more_waits_for_a_place() {
    let world = world().await;
    let mut streams = Vec::new();
    for number in 0..STREAMS {
        streams.push(open(&world, number).await);
    }
    let polls = world.api.polls();
    assert_eq!(polls, STREAMS, "one poll for each place");
    let waiting = world.call(Dialect::Conversations.ask());
    let (call, live) = streams.pop().unwrap();
    end(call, live).await;
    waiting.finish().await.completed();
    for (call, live) in streams {
        end(call, live).await;
    }
}

#[tokio::test]
async fn a_stream_that_breaks_or_is_dropped_leaves_the_others_alone() {
    let world = world().await;
    let (call, live) = open(&world, 0).await;
    for _ in 0..2 * STREAMS {
        world.gateway.next(only(Step::Hang));
        let mut dropped = world.call(Dialect::Conversations.ask().time_left(1_200));
        assert_eq!(dropped.opened().await, 504);
        world.gateway.next(Answer::stream().event(&token("PRIVATE")).cut());
        world.call(Dialect::Conversations.ask()).finish().await.interrupted(Dialect::Conversations);
    }
    assert_eq!(end(call, live).await, "PRIVATE first of 0");
}
