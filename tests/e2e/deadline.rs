//! A stream ends with an error event before Lambda's deadline.

use crate::support::answer::{Answer, Step, as_json, only, too_many};
use crate::support::event::BOTH;
use crate::support::event::Dialect;
use crate::support::payload::{completion, openai_error, token};
use crate::support::world::{Setup, World};
use serde_json::json;

async fn start() -> World {
    Setup::new().with("DEADLINE_MARGIN_MS", "400").start().await
}

#[tokio::test]
async fn mid_answer_it_becomes_an_error_event() {
    let world = start().await;
    for dialect in BOTH {
        let before = world.gateway.count();
        world.gateway.next(Answer::stream().event(&token("PRIVATE")).hang());
        let response = world.ask(dialect.ask().time_left(1_200)).await;
        assert_eq!(response.interrupted(dialect), (vec![token("PRIVATE")], "deadline".to_owned()));
        response.ended_in(750..=1_100);
        world.gateway.gone(before).await;
        world.is_healthy().await;
    }
}

#[tokio::test]
async fn a_busy_gateway_cannot_outrun_it() {
    let world = start().await;
    let busy = (0..400).fold(Answer::stream(), |answer, _| answer.event(&token("PRIVATE")).wait(5));
    world.gateway.next(busy.end());
    let response = world.ask(Dialect::Conversations.ask().time_left(1_000)).await;
    assert_eq!(response.interrupted(Dialect::Conversations).1, "deadline");
    response.ended_in(550..=950);
    world.is_healthy().await;
}

#[tokio::test]
async fn before_the_stream_it_is_504() {
    let world = start().await;
    for dialect in BOTH {
        for script in [only(Step::Hang), Answer::stream().hang()] {
            let before = world.gateway.count();
            world.gateway.next(script);
            let response = world.ask(dialect.ask().time_left(1_000)).await;
            response.refused(dialect, 504, "gateway_timeout");
            response.ended_in(550..=950);
            world.gateway.gone(before).await;
        }
        world.is_healthy().await;
    }
}

#[tokio::test]
async fn json_that_takes_too_long_is_504() {
    let world =
        Setup::new().with("DEADLINE_MARGIN_MS", "400").with("FIRST_EVENT_TIMEOUT_MS", "100").start().await;
    let body = json!({"messages": [{"role": "user", "content": "PRIVATE"}]});
    world.gateway.next(only(Step::Hang));
    let response = world.ask(Dialect::V1.post(body.clone()).time_left(1_000)).await;
    response.refused(Dialect::V1, 504, "gateway_timeout");
    response.ended_in(550..=950);
    let mut slow = as_json(200, &completion("PRIVATE"));
    slow.0.insert(0, Step::Wait(std::time::Duration::from_millis(400)));
    world.gateway.next(slow);
    assert_eq!(world.ask(Dialect::V1.post(body)).await.json(), completion("PRIVATE"));
}

#[tokio::test]
async fn retries_never_run_past_it() {
    let world = start().await;
    world.gateway.always(|_| too_many(&[("retry-after", "3")]));
    let response = world.ask(Dialect::V1.ask().time_left(1_500)).await;
    assert!([429, 504].contains(&response.status), "{}", response.text());
    response.ended_in(0..=1_400);
    world.gateway.always(|_| as_json(503, &openai_error("overloaded", "server_error")));
    let response = world.ask(Dialect::V1.ask().time_left(700)).await;
    assert!([502, 504].contains(&response.status), "{}", response.text());
    response.ended_in(0..=650);
}

#[tokio::test]
async fn a_deadline_within_the_margin_is_504_at_once() {
    let world = World::start().await;
    world.gateway.always(|_| only(Step::Hang));
    for dialect in BOTH {
        let response = world.ask(dialect.ask().time_left(800)).await;
        response.refused(dialect, 504, "gateway_timeout");
        response.ended_in(0..=700);
    }
}
