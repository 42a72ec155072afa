//! Failures before the first event become an HTTP status, in both API formats.

use crate::support::answer::{Answer, Script, Step, as_json, milliseconds, only, plain};
use crate::support::event::BOTH;
use crate::support::payload::{cloudflare_error, healthy_payloads, openai_error};
use crate::support::world::{Setup, World};
use serde_json::{Value, json};

/// Fails unless the gateway's one answer becomes this error, in both dialects, and then all is well.
pub async fn becomes(world: &World, script: Script, status: u16, code: &str) {
    for dialect in BOTH {
        let before = world.gateway.count();
        world.gateway.next(script.clone());
        let response = world.ask(dialect.ask()).await;
        response.refused(dialect, status, code);
        response.ended_in(0..=2_000);
        assert_eq!(world.gateway.count(), before + 1, "asked once");
        world.is_healthy().await;
    }
}

pub async fn once() -> World {
    Setup::new().once().start().await
}

#[tokio::test]
async fn reset_before_headers() {
    let world = once().await;
    for dialect in BOTH {
        // A connection that is dead from the start is tried again free of charge, but not for ever.
        world.gateway.always(|_| only(Step::Reset));
        let response = world.ask(dialect.ask()).await;
        response.refused(dialect, 502, "gateway_error");
        response.ended_in(0..=2_000);
        world.gateway.always(|_| Answer::stream().events(&healthy_payloads()).end());
        world.is_healthy().await;
    }
    assert!(world.gateway.count() <= 6, "asked {} times", world.gateway.count());
}

#[tokio::test]
async fn closed_in_the_middle_of_the_head() {
    let world = once().await;
    let half = Script(vec![Step::Write("HTTP/1.1 200 OK\r\ncontent-ty".into()), Step::Cut]);
    becomes(&world, half, 502, "gateway_error").await;
}

#[tokio::test]
async fn not_http_at_all() {
    let world = once().await;
    let script = Script(vec![Step::Write("SSH-2.0-OpenSSH_9.6\r\n\r\n".into()), Step::Cut]);
    becomes(&world, script, 502, "gateway_error").await;
}

#[tokio::test]
async fn nobody_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let world = Setup::new().once().with("OPENAI_BASEURL", &base).start().await;
    for dialect in BOTH {
        let response = world.ask(dialect.ask()).await;
        response.refused(dialect, 502, "gateway_error");
        response.ended_in(0..=2_000);
    }
}

#[tokio::test]
async fn no_answer_at_all() {
    let world = Setup::new().with("RESPONSE_TIMEOUT_MS", "300").start().await;
    for dialect in BOTH {
        let before = world.gateway.count();
        world.gateway.next(only(Step::Hang));
        let response = world.ask(dialect.ask()).await;
        response.refused(dialect, 504, "gateway_timeout");
        response.ended_in(300..=1_000);
        assert_eq!(world.gateway.count(), before + 1, "asked once");
        world.gateway.gone(before).await;
        world.is_healthy().await;
    }
}

#[tokio::test]
async fn slow_first_token() {
    let world = once().await;
    for dialect in BOTH {
        world.gateway.next(Answer::stream().wait(400).events(&healthy_payloads()).end());
        let response = world.ask(dialect.ask()).await;
        assert_eq!(response.opened_in(390..=1_200).completed(), healthy_payloads());
    }
    world.is_healthy().await;
}

#[tokio::test]
async fn silence_after_the_head_is_504() {
    let world = Setup::new().once().with("IDLE_TIMEOUT_MS", "300").start().await;
    becomes(&world, Answer::stream().hang(), 504, "gateway_timeout").await;
}

#[tokio::test]
async fn the_gateway_refuses_the_request() {
    let world = once().await;
    let invalid = |code: Value| json!({"error": {"message": "The gateway's own words.", "type": "invalid_request_error", "param": "messages", "code": code}});
    let too_long = invalid(json!("context_length_exceeded"));
    becomes(&world, as_json(400, &too_long), 400, "context_length_exceeded").await;
    becomes(&world, as_json(400, &invalid(json!("content_filter"))), 400, "content_filter").await;
    becomes(&world, as_json(400, &invalid(Value::Null)), 400, "request_refused").await;
    becomes(&world, as_json(400, &invalid(json!(7))), 400, "request_refused").await;
    becomes(&world, plain(400, &[], ""), 400, "request_refused").await;
    becomes(&world, plain(413, &[("content-type", "text/html")], "<html>413</html>"), 400, "request_refused")
        .await;
    becomes(&world, as_json(422, &invalid(json!("odd_request"))), 400, "odd_request").await;
    becomes(
        &world,
        as_json(424, &cloudflare_error(2016, "Prompt blocked due to security configurations")),
        400,
        "content_filter",
    )
    .await;
    becomes(
        &world,
        as_json(424, &cloudflare_error(2017, "Response blocked due to security configurations")),
        400,
        "content_filter",
    )
    .await;
}

#[tokio::test]
async fn the_gateway_fails() {
    let world = once().await;
    let page = "<html><head><title>502 Bad Gateway</title></head><body>PRIVATE</body></html>";
    let html = |status| plain(status, &[("content-type", "text/html; charset=UTF-8")], page);
    for status in [500, 502, 503, 504, 520, 524, 529] {
        becomes(&world, html(status), 502, "gateway_error").await;
    }
    becomes(&world, as_json(500, &openai_error("server_error", "server_error")), 502, "gateway_error").await;
    becomes(&world, as_json(500, &cloudflare_error(2002, "Internal server error")), 502, "gateway_error")
        .await;
    becomes(&world, plain(418, &[], "short and stout"), 502, "gateway_error").await;
    becomes(&world, html(200), 502, "gateway_error").await;
    becomes(&world, plain(200, &[("content-type", "application/json")], "{\"id\":"), 502, "gateway_error")
        .await;
    becomes(&world, as_json(200, &json!({"ok": true})), 502, "gateway_error").await;
    becomes(&world, plain(204, &[], ""), 502, "gateway_error").await;
    becomes(&world, plain(408, &[], ""), 504, "gateway_timeout").await;
}

#[tokio::test]
async fn the_gateway_has_enough() {
    let world = once().await;
    becomes(
        &world,
        as_json(429, &openai_error("rate_limit_exceeded", "requests")),
        429,
        "rate_limit_exceeded",
    )
    .await;
    becomes(&world, as_json(429, &cloudflare_error(2003, "Rate limited")), 429, "rate_limited").await;
    becomes(&world, plain(429, &[], "slow down"), 429, "rate_limited").await;
    becomes(
        &world,
        as_json(429, &openai_error("insufficient_quota", "insufficient_quota")),
        429,
        "insufficient_quota",
    )
    .await;
    becomes(&world, plain(402, &[], ""), 429, "insufficient_quota").await;
}

#[tokio::test]
async fn the_gateway_is_set_up_wrongly() {
    let world = once().await;
    becomes(
        &world,
        as_json(403, &openai_error("unsupported_country_region_territory", "request_forbidden")),
        502,
        "gateway_misconfigured",
    )
    .await;
    becomes(
        &world,
        plain(404, &[("content-type", "text/html")], "<h1>Not Found</h1>"),
        502,
        "gateway_misconfigured",
    )
    .await;
    becomes(&world, plain(301, &[("location", "https://example.com/")], ""), 502, "gateway_misconfigured")
        .await;
}

#[tokio::test]
async fn the_gateways_words_stay_out_of_logs_and_answers() {
    let world = once().await;
    let error = json!({"error": {"message": "PRIVATE prompt refused for key sk-test-first", "type": "invalid_request_error", "param": null, "code": "odd"}});
    for script in [
        as_json(400, &error),
        as_json(500, &error),
        Answer::stream().event(&error.to_string()).step(milliseconds(1)).close(),
    ] {
        for dialect in BOTH {
            world.gateway.next(script.clone());
            // Neither may hold the key: that is checked of every response and every line.
            assert!(world.ask(dialect.ask()).await.status >= 400);
        }
    }
}
