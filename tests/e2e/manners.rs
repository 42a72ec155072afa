//! Requests to the gateway follow HTTP and the gateway's documentation.

use crate::gateway_fallback::unavailable;
use crate::support::answer::too_many;
use crate::support::event::{BOTH, Dialect};
use crate::support::patience::{between, took};
use crate::support::world::{Setup, World};
use serde_json::json;
use std::time::{Duration, SystemTime};

#[tokio::test]
async fn answers_are_asked_for_as_they_are() {
    let world = Setup::new().once().fallback().start().await;
    for dialect in BOTH {
        world.gateway.next(unavailable());
        world.ask(dialect.ask()).await.completed();
    }
    let body = json!({"messages": [{"role": "user", "content": "x"}]});
    assert_eq!(world.ask(Dialect::V1.post(body)).await.status, 200);
    let seen = [world.gateway.seen(), world.fallback.seen()].concat();
    assert_eq!(seen.len(), 5);
    for seen in seen {
        assert_eq!(seen.header("accept-encoding"), Some("identity"), "{:?}", seen.head);
    }
}

#[tokio::test]
async fn a_retry_after_of_zero_or_in_the_past_backs_off() {
    let date = |seconds| httpdate::fmt_http_date(SystemTime::now() - Duration::from_secs(seconds));
    let headers = [
        ("retry-after", "0".to_owned()),
        ("retry-after", "0.0".to_owned()),
        ("retry-after-ms", "0".to_owned()),
        ("retry-after", date(60)),
        ("retry-after", date(0)),
        ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT".to_owned()),
    ];
    for (name, value) in headers {
        let world = World::start().await;
        world.gateway.next(too_many(&[(name, &value)]));
        world.gateway.next(too_many(&[(name, &value)]));
        world.is_healthy().await;
        let seen = world.gateway.seen();
        assert_eq!(seen.len(), 3);
        for (index, range) in [(0, 100..=600), (1, 200..=1_200)] {
            let wait = between(seen[index].answered.unwrap(), seen[index + 1].at);
            took(&format!("the wait for {name}: {value}"), wait, range);
        }
    }
}

#[tokio::test]
async fn a_zero_retry_after_is_not_passed_on() {
    let world = Setup::new().once().start().await;
    world.gateway.always(|_| too_many(&[("retry-after", "0")]));
    let response = world.ask(Dialect::V1.ask()).await;
    response.refused(Dialect::V1, 429, "rate_limit_exceeded");
    assert_eq!(response.header("retry-after"), None);
}
