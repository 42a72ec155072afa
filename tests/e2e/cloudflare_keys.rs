//! Keys that Cloudflare stores, and the header that turns payload logging off.

use crate::gateway_fallback::{counts, unavailable};
use crate::support::answer::{as_json, plain};
use crate::support::event::{BOTH, Dialect};
use crate::support::payload::cloudflare_error;
use crate::support::secrets::Answer;
use crate::support::world::{Setup, World};
use serde_json::json;

const LOG_PAYLOADS: &str = "cf-aig-collect-log-payload";

/// A secret that holds a gateway token and no key.
fn token_alone() -> Setup {
    let secret = json!({"CF_AIG_TOKEN": "sk-test-cf", "BEARER_TOKENS": {"ci": "tok-1"}}).to_string();
    Setup::new().secret(Answer::Value(secret))
}

#[tokio::test]
async fn a_gateway_token_alone_is_enough() {
    let world = token_alone().start().await;
    for dialect in BOTH {
        world.ask(dialect.ask()).await.completed();
    }
    let body = json!({"messages": [{"role": "user", "content": "x"}]});
    assert_eq!(world.ask(Dialect::V1.post(body)).await.status, 200);
    for seen in world.gateway.seen() {
        assert_eq!(seen.header("authorization"), None);
        assert_eq!(seen.header("cf-aig-authorization"), Some("Bearer sk-test-cf"));
    }
}

/// OpenAI knows nothing of that token.
#[tokio::test]
async fn without_a_key_the_fallback_base_is_off() {
    let faults = [
        unavailable(),
        plain(403, &[("content-type", "text/html")], "<html>no</html>"),
        as_json(401, &cloudflare_error(2009, "Unauthorized")),
        as_json(429, &cloudflare_error(2003, "Rate limited")),
    ];
    for fault in faults {
        let world = token_alone().with("MAX_RETRIES", "0").fallback().start().await;
        world.gateway.next(fault);
        let response = world.ask(Dialect::V1.ask()).await;
        assert!(response.status >= 400, "{}", response.text());
        assert_eq!(counts(&world), (1, 0));
    }
}

#[tokio::test]
async fn without_a_key_the_next_model_is_still_asked() {
    let setup = token_alone().once().fallback().with("OPENAI_FALLBACK_MODELS", "gpt-6-luna,gpt-4o");
    let world = setup.start().await;
    world.gateway.next(unavailable());
    world.gateway.next(unavailable());
    world.is_healthy().await;
    assert_eq!(world.gateway.models(), ["gpt-3.5-turbo", "gpt-6-luna", "gpt-4o"]);
    assert_eq!(world.fallback.count(), 0);
}

#[tokio::test]
async fn a_key_that_is_added_later_is_used() {
    let world = token_alone().with("SECRET_TTL_SECONDS", "0").start().await;
    world.is_healthy().await;
    let both = json!({"OPENAI_API_KEY": "sk-test-late", "CF_AIG_TOKEN": "sk-test-cf"}).to_string();
    world.secrets.set(Answer::Value(both));
    let started = std::time::Instant::now();
    loop {
        world.is_healthy().await;
        if world.gateway.seen().last().unwrap().header("authorization") == Some("Bearer sk-test-late") {
            return;
        }
        assert!(started.elapsed().as_secs() < 5, "the key is never used");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn with_token() -> Setup {
    let secret = json!({"OPENAI_API_KEY": "sk-test-first", "CF_AIG_TOKEN": "sk-test-cf"}).to_string();
    Setup::new().once().secret(Answer::Value(secret))
}

/// The `cf-aig-collect-log-payload` header of each base.
async fn log_payloads(world: &World) -> [Option<String>; 2] {
    world.gateway.next(unavailable());
    world.is_healthy().await;
    let seen = [world.gateway.request(0).await, world.fallback.request(0).await];
    seen.map(|seen| seen.header(LOG_PAYLOADS).map(str::to_owned))
}

#[tokio::test]
async fn only_cloudflare_gets_the_payload_logging_header() {
    let world = with_token().fallback().with("CF_LOG_PAYLOADS", "false").start().await;
    assert_eq!(log_payloads(&world).await, [Some("false".to_owned()), None]);
    for unset in ["", "unset"] {
        let setup = with_token().fallback().with("CF_LOG_PAYLOADS", unset);
        let world = if unset.is_empty() { setup } else { setup.without("CF_LOG_PAYLOADS") }.start().await;
        assert_eq!(log_payloads(&world).await, [None, None], "the gateway's own setting");
    }
    let world = Setup::new().once().fallback().with("CF_LOG_PAYLOADS", "false").start().await;
    assert_eq!(log_payloads(&world).await, [None, None], "this base is not Cloudflare's");
}

#[tokio::test]
async fn a_bad_value_is_an_init_error() {
    for value in ["perhaps", "2", "False ?"] {
        let mut world = Setup::new().with("CF_LOG_PAYLOADS", value).launch().await;
        let message = world.api.init_error().await["errorMessage"].to_string();
        assert!(message.contains("CF_LOG_PAYLOADS"), "{message}");
        assert!(!world.function.exit().await.success());
    }
}
