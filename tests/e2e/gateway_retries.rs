//! Retries: which failures, how long after, how often.

use crate::support::answer::{Answer, Script, as_json, healthy, plain, too_many};
use crate::support::event::{BOTH, Dialect};
use crate::support::gateway::Gateway;
use crate::support::patience::{between, took};
use crate::support::payload::{cloudflare_error, healthy_payloads, openai_error};
use crate::support::world::{Setup, World};
use std::time::{Duration, SystemTime};

/// The time from the answer to one request until the next, in milliseconds, must lie in `range`.
fn waited(gateway: &Gateway, first: usize, range: std::ops::RangeInclusive<u64>) {
    let seen = gateway.seen();
    let answered = seen[first].answered.expect("the gateway answered");
    took("the wait before the retry", between(answered, seen[first + 1].at), range);
}

fn failure(status: u16) -> Script {
    as_json(status, &openai_error("server_error", "server_error"))
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let world = World::start().await;
    world.gateway.next(too_many(&[("retry-after", "1")]));
    world.is_healthy().await;
    assert_eq!(world.gateway.count(), 2);
    waited(&world.gateway, 0, 1_000..=1_100);
}

#[tokio::test]
async fn retry_after_ms_is_honoured() {
    let world = World::start().await;
    world.gateway.next(too_many(&[("retry-after-ms", "600")]));
    world.is_healthy().await;
    waited(&world.gateway, 0, 600..=700);
    // The finer one wins.
    world.gateway.next(too_many(&[("retry-after-ms", "400"), ("retry-after", "3")]));
    world.is_healthy().await;
    waited(&world.gateway, 2, 400..=500);
}

#[tokio::test]
async fn a_retry_after_that_makes_no_sense_is_none() {
    let world = World::start().await;
    for value in ["soon", "-1", "NaN", "inf", ""] {
        let before = world.gateway.count();
        world.gateway.next(too_many(&[("retry-after", value)]));
        world.is_healthy().await;
        assert_eq!(world.gateway.count(), before + 2, "{value:?}");
        waited(&world.gateway, before, 0..=1_100);
    }
}

#[tokio::test]
async fn a_long_retry_after_fails_the_request_immediately() {
    let world = World::start().await;
    world.gateway.always(|_| too_many(&[("retry-after", "600")]));
    for dialect in BOTH {
        let before = world.gateway.count();
        let response = world.ask(dialect.ask()).await;
        response.refused(dialect, 429, "rate_limit_exceeded");
        response.ended_in(0..=1_000);
        assert_eq!(response.header("retry-after"), Some("600"));
        assert_eq!(world.gateway.count(), before + 1);
    }
}

#[tokio::test]
async fn endless_429s_are_retried_a_bounded_number_of_times() {
    let world = World::start().await;
    world.gateway.always(|_| too_many(&[]));
    for dialect in BOTH {
        let before = world.gateway.count();
        let response = world.ask(dialect.ask()).await;
        response.refused(dialect, 429, "rate_limit_exceeded");
        assert_eq!(response.header("retry-after"), None);
        assert_eq!(world.gateway.count(), before + 3, "once and two retries");
        waited(&world.gateway, before, 100..=600);
        waited(&world.gateway, before + 1, 200..=1_200);
    }
}

#[tokio::test]
async fn waits_are_jittered() {
    let world = Setup::new().with("MAX_RETRIES", "1").start().await;
    let mut waits = Vec::new();
    for index in 0..6 {
        world.gateway.next(too_many(&[]));
        world.is_healthy().await;
        let seen = world.gateway.seen();
        waits.push(between(seen[2 * index].at, seen[2 * index + 1].at).as_millis());
    }
    let spread = waits.iter().max().unwrap() - waits.iter().min().unwrap();
    assert!(spread > 10, "{waits:?}");
}

#[tokio::test]
async fn a_passing_failure_costs_one_retry() {
    let world = World::start().await;
    let error_event =
        Answer::stream().event(&openai_error("server_error", "server_error").to_string()).close();
    let faults = [
        failure(500),
        failure(502),
        failure(503),
        failure(504),
        failure(408),
        failure(409),
        plain(524, &[("content-type", "text/html")], "<html>timeout</html>"),
        as_json(500, &cloudflare_error(2002, "Internal server error")),
        error_event,
        Answer::stream().close(),
        Answer::stream().end(),
        Answer::stream().event("broken").close(),
    ];
    for fault in faults {
        let before = world.gateway.count();
        world.gateway.next(fault);
        world.is_healthy().await;
        assert_eq!(world.gateway.count(), before + 2);
        waited(&world.gateway, before, 100..=600);
    }
}

#[tokio::test]
async fn unavailable_for_good_is_502_after_two_retries() {
    let world = World::start().await;
    world.gateway.always(|_| failure(503));
    for dialect in BOTH {
        let before = world.gateway.count();
        world.ask(dialect.ask()).await.refused(dialect, 502, "gateway_error");
        assert_eq!(world.gateway.count(), before + 3);
    }
    world.gateway.always(|_| healthy());
    world.is_healthy().await;
}

#[tokio::test]
async fn max_retries_is_obeyed() {
    for (setting, requests) in [("0", 1), ("1", 2), ("3", 4)] {
        let world = Setup::new().with("MAX_RETRIES", setting).start().await;
        world.gateway.always(|_| too_many(&[("retry-after-ms", "1")]));
        world.ask(Dialect::V1.ask()).await.refused(Dialect::V1, 429, "rate_limit_exceeded");
        assert_eq!(world.gateway.count(), requests, "MAX_RETRIES={setting}");
    }
}

#[tokio::test]
async fn what_asking_again_cannot_mend_is_asked_once() {
    let world = World::start().await;
    let refused = |status, code| as_json(status, &openai_error(code, "invalid_request_error"));
    let faults = [
        (refused(400, "invalid_value"), 400, "invalid_value"),
        (refused(422, "odd_request"), 400, "odd_request"),
        (refused(400, "context_length_exceeded"), 400, "context_length_exceeded"),
        (refused(400, "content_filter"), 400, "content_filter"),
        (as_json(424, &cloudflare_error(2016, "Prompt blocked")), 400, "content_filter"),
        (refused(429, "insufficient_quota"), 429, "insufficient_quota"),
        (refused(429, "credit_balance_exhausted"), 429, "credit_balance_exhausted"),
        (refused(429, "billing_hard_limit_reached"), 429, "billing_hard_limit_reached"),
        (plain(402, &[], ""), 429, "insufficient_quota"),
        (refused(500, "insufficient_quota"), 429, "insufficient_quota"),
        (plain(403, &[], ""), 502, "gateway_misconfigured"),
        (plain(404, &[], ""), 502, "gateway_misconfigured"),
    ];
    for (script, status, code) in faults {
        let before = world.gateway.count();
        world.gateway.next(script);
        world.ask(Dialect::V1.ask()).await.refused(Dialect::V1, status, code);
        assert_eq!(world.gateway.count(), before + 1, "{code}");
    }
}

#[tokio::test]
async fn x_should_retry_is_obeyed_except_for_what_is_never_tried_again() {
    let world = World::start().await;
    let told = |status, code: &str, advice: &str| {
        let body = openai_error(code, "x").to_string();
        plain(status, &[("content-type", "application/json"), ("x-should-retry", advice)], &body)
    };
    world.gateway.next(told(500, "server_error", "false"));
    world.ask(Dialect::V1.ask()).await.refused(Dialect::V1, 502, "gateway_error");
    assert_eq!(world.gateway.count(), 1);
    for (status, code, answer) in [(400, "invalid_value", 400), (429, "insufficient_quota", 429)] {
        let before = world.gateway.count();
        world.gateway.next(told(status, code, "true"));
        world.ask(Dialect::V1.ask()).await.refused(Dialect::V1, answer, code);
        assert_eq!(world.gateway.count(), before + 1);
    }
    let before = world.gateway.count();
    world.gateway.next(told(425, "too_early", "true"));
    world.is_healthy().await;
    assert_eq!(world.gateway.count(), before + 2);
}

#[tokio::test]
async fn retries_go_on_after_a_keep_alive() {
    let world = Setup::new().with("KEEPALIVE_MS", "150").start().await;
    world.gateway.next(too_many(&[("retry-after-ms", "400")]));
    world.gateway.next(too_many(&[("retry-after-ms", "200")]));
    let response = world.ask(Dialect::Conversations.ask()).await;
    assert_eq!(response.opened_in(140..=350).completed(), healthy_payloads());
    assert!(response.text().starts_with(": keep-alive\n\n"), "{}", response.text());
    assert_eq!(world.gateway.count(), 3);
}

#[tokio::test]
async fn nothing_is_asked_again_once_an_event_is_out() {
    let world = World::start().await;
    world.gateway.next(Answer::stream().event(&healthy_payloads()[1]).cut());
    let response = world.ask(Dialect::Conversations.ask()).await;
    response.interrupted(Dialect::Conversations);
    assert_eq!(world.gateway.count(), 1);
}

#[tokio::test]
async fn retry_after_may_be_a_date() {
    let world = World::start().await;
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3));
    world.gateway.next(too_many(&[("retry-after", &date)]));
    world.is_healthy().await;
    // A date has no fraction of a second.
    waited(&world.gateway, 0, 1_800..=3_100);
}
