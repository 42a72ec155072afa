//! Fallbacks: which target is asked next, and which failures are final.

use crate::support::answer::{Answer, Script, Step, as_json, healthy, milliseconds, only, plain, too_many};
use crate::support::event::Dialect;
use crate::support::payload::{cloudflare_error, completion, healthy_payloads, openai_error};
use crate::support::world::{Setup, World};
use serde_json::json;
use std::time::Instant;

pub const FIRST: &str = "gpt-3.5-turbo";
pub const NEXT: &str = "gpt-6-luna";

/// Two bases, one model.
fn two_bases() -> Setup {
    Setup::new().once().fallback()
}

/// One base, two models.
pub fn two_models() -> Setup {
    Setup::new().once().with("OPENAI_FALLBACK_MODELS", NEXT)
}

pub fn unavailable() -> Script {
    as_json(503, &openai_error("overloaded", "server_error"))
}

pub fn refused(status: u16, code: &str) -> Script {
    as_json(status, &openai_error(code, "invalid_request_error"))
}

/// How often the gateway and the fallback were asked.
pub fn counts(world: &World) -> (usize, usize) {
    (world.gateway.count(), world.fallback.count())
}

#[tokio::test]
async fn targets_are_asked_in_the_order_of_the_contract() {
    let setup =
        Setup::new().with("MAX_RETRIES", "1").with("OPENAI_FALLBACK_MODELS", "gpt-6-luna,gpt-4o").fallback();
    let world = setup.start().await;
    world.gateway.always(|_| unavailable());
    world.fallback.always(|_| unavailable());
    world.ask(Dialect::V1.ask()).await.refused(Dialect::V1, 502, "gateway_error");
    let mut seen: Vec<(Instant, &str, String)> = Vec::new();
    seen.extend(world.gateway.seen().iter().map(|seen| (seen.at, "base", seen.model().to_owned())));
    seen.extend(world.fallback.seen().iter().map(|seen| (seen.at, "fallback", seen.model().to_owned())));
    seen.sort();
    let order: Vec<_> = seen.iter().map(|(_, base, model)| (*base, model.as_str())).collect();
    assert_eq!(
        order,
        [
            ("base", FIRST),
            ("base", FIRST),
            ("fallback", FIRST),
            ("base", NEXT),
            ("fallback", NEXT),
            ("base", "gpt-4o"),
            ("fallback", "gpt-4o"),
        ]
    );
}

#[tokio::test]
async fn when_retries_are_spent_the_fallback_answers() {
    // After a lost connection the first retry goes out at once.
    let faults = [
        (unavailable(), 300),
        (too_many(&[]), 300),
        (only(Step::Reset), 100),
        (Answer::stream().close(), 300),
    ];
    for (fault, least) in faults {
        let world = Setup::new().fallback().start().await;
        world.gateway.always(move |_| fault.clone());
        let response = world.ask(Dialect::Conversations.ask()).await;
        assert_eq!(response.completed(), healthy_payloads());
        response.ended_in(least..=3_000);
        assert!(world.gateway.count() >= 3, "retries first");
        assert_eq!(world.fallback.count(), 1);
    }
}

#[tokio::test]
async fn a_long_retry_after_goes_straight_to_the_fallback() {
    let world = Setup::new().fallback().start().await;
    world.gateway.next(too_many(&[("retry-after", "600")]));
    let response = world.ask(Dialect::Conversations.ask()).await;
    response.completed();
    response.ended_in(0..=1_000);
    assert_eq!(counts(&world), (1, 1));
}

#[tokio::test]
async fn no_answer_at_all_is_asked_once_then_the_fallback() {
    let world = Setup::new().with("RESPONSE_TIMEOUT_MS", "300").fallback().start().await;
    world.gateway.next(only(Step::Hang));
    let response = world.ask(Dialect::Conversations.ask()).await;
    response.completed();
    response.ended_in(300..=1_200);
    assert_eq!(counts(&world), (1, 1));
    world.gateway.gone(0).await;
    world.gateway.always(|_| only(Step::Hang));
    world.fallback.always(|_| only(Step::Hang));
    let response = world.ask(Dialect::V1.ask()).await;
    response.refused(Dialect::V1, 504, "gateway_timeout");
    response.ended_in(250..=1_500);
}

#[tokio::test]
async fn a_slow_first_event_is_dropped_while_another_target_is_left() {
    let world = two_bases().with("FIRST_EVENT_TIMEOUT_MS", "300").start().await;
    let mut slow_head = Answer::stream().hang();
    slow_head.0.insert(0, milliseconds(300));
    world.gateway.next(slow_head);
    let response = world.ask(Dialect::Conversations.ask()).await;
    assert_eq!(response.completed(), healthy_payloads());
    // Counted from the response head, which took 300 ms by itself.
    response.opened_in(590..=1_300);
    assert_eq!(counts(&world), (1, 1));
    world.gateway.gone(0).await;
}

#[tokio::test]
async fn the_last_target_may_take_its_time() {
    let world = Setup::new().once().with("FIRST_EVENT_TIMEOUT_MS", "200").start().await;
    world.gateway.next(Answer::stream().wait(600).events(&healthy_payloads()).end());
    world.is_healthy().await;
    assert_eq!(world.gateway.count(), 1);
    let world = two_bases().with("FIRST_EVENT_TIMEOUT_MS", "200").start().await;
    world.gateway.next(unavailable());
    world.fallback.next(Answer::stream().wait(600).events(&healthy_payloads()).end());
    world.is_healthy().await;
    assert_eq!(counts(&world), (1, 1));
}

#[tokio::test]
async fn json_is_waited_for() {
    let world = two_bases().with("FIRST_EVENT_TIMEOUT_MS", "100").start().await;
    let mut slow = as_json(200, &completion("PRIVATE"));
    slow.0.insert(0, milliseconds(500));
    world.gateway.next(slow);
    let body = json!({"messages": [{"role": "user", "content": "PRIVATE"}]});
    assert_eq!(world.ask(Dialect::V1.post(body)).await.json(), completion("PRIVATE"));
    assert_eq!(counts(&world), (1, 0));
}

#[tokio::test]
async fn refusals_and_quota_cause_no_fallback() {
    let world = Setup::new().with("OPENAI_FALLBACK_MODELS", NEXT).fallback().start().await;
    let faults = [
        (refused(400, "invalid_value"), 400, "invalid_value"),
        (refused(400, "content_filter"), 400, "content_filter"),
        (as_json(424, &cloudflare_error(2016, "Prompt blocked")), 400, "content_filter"),
        (refused(429, "insufficient_quota"), 429, "insufficient_quota"),
        (refused(429, "credit_balance_exhausted"), 429, "credit_balance_exhausted"),
        (plain(402, &[], ""), 429, "insufficient_quota"),
    ];
    for (index, (script, status, code)) in faults.into_iter().enumerate() {
        world.gateway.next(script);
        world.ask(Dialect::V1.ask()).await.refused(Dialect::V1, status, code);
        assert_eq!(counts(&world), (index + 1, 0), "{code}");
    }
}

#[tokio::test]
async fn a_base_that_does_not_know_us_is_left_for_the_other_base_but_never_for_a_model() {
    let redirect = || plain(302, &[("location", "http://127.0.0.1:9/")], "");
    for fault in [plain(403, &[], ""), plain(404, &[], ""), redirect()] {
        let world = Setup::new().with("OPENAI_FALLBACK_MODELS", NEXT).fallback().start().await;
        let usual = fault.clone();
        world.gateway.always(move |_| usual.clone());
        let response = world.ask(Dialect::Conversations.ask()).await;
        response.completed();
        response.ended_in(0..=1_000);
        assert_eq!(
            (world.gateway.models(), world.fallback.models()),
            (vec![FIRST.to_owned()], vec![FIRST.to_owned()])
        );

        let world = Setup::new().with("OPENAI_FALLBACK_MODELS", NEXT).start().await;
        world.gateway.always(move |_| fault.clone());
        world.ask(Dialect::V1.ask()).await.refused(Dialect::V1, 502, "gateway_misconfigured");
        assert_eq!(world.gateway.count(), 1);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let world = Setup::new().once().start().await;
    for status in [301, 302, 303, 307, 308] {
        let location = world.fallback.base();
        world.gateway.next(plain(status, &[("location", &location)], ""));
        world.ask(Dialect::V1.ask()).await.refused(Dialect::V1, 502, "gateway_misconfigured");
    }
    assert_eq!(world.fallback.count(), 0);
}

#[tokio::test]
async fn the_first_targets_error_is_returned() {
    let world = two_bases().start().await;
    world.gateway.next(too_many(&[("retry-after", "7")]));
    world.fallback.next(unavailable());
    let response = world.ask(Dialect::V1.ask()).await;
    response.refused(Dialect::V1, 429, "rate_limit_exceeded");
    assert_eq!(response.header("retry-after"), Some("7"));
    assert_eq!(counts(&world), (1, 1));
}

#[tokio::test]
async fn a_recovered_primary_is_asked_again_within_ten_seconds() {
    let world = Setup::new().with("MAX_RETRIES", "1").fallback().start().await;
    world.gateway.always(|_| unavailable());
    for _ in 0..3 {
        world.is_healthy().await;
    }
    assert_eq!(world.fallback.count(), 3);
    world.gateway.always(|_| healthy());
    let (healed, before) = (Instant::now(), world.gateway.count());
    while world.gateway.count() == before {
        assert!(healed.elapsed().as_millis() < 10_500, "the primary was forgotten");
        world.is_healthy().await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let fallbacks = world.fallback.count();
    world.is_healthy().await;
    assert_eq!(world.fallback.count(), fallbacks);
}

#[tokio::test]
async fn a_fallback_may_open_after_a_keep_alive() {
    let world = two_bases().with("KEEPALIVE_MS", "150").with("RESPONSE_TIMEOUT_MS", "400").start().await;
    world.gateway.next(only(Step::Hang));
    let response = world.ask(Dialect::Conversations.ask()).await;
    assert_eq!(response.opened_in(140..=390).completed(), healthy_payloads());
    assert!(response.text().starts_with(": keep-alive\n\n"), "{}", response.text());
    assert_eq!(counts(&world), (1, 1));
}
