//! Headers for Cloudflare AI Gateway, which go to no other host.

use crate::support::answer::{as_json, healthy};
use crate::support::event::BOTH;
use crate::support::gateway::Seen;
use crate::support::payload::openai_error;
use crate::support::secrets::Answer;
use crate::support::world::Setup;
use serde_json::{Value, json};

/// A secret with a gateway token, which makes any base Cloudflare's.
fn cloudflare() -> Setup {
    let secret = json!({"OPENAI_API_KEY": "sk-test-first", "CF_AIG_TOKEN": "sk-test-cf"}).to_string();
    Setup::new().once().secret(Answer::Value(secret))
}

fn cf_headers(seen: &Seen) -> Vec<&str> {
    let names = seen.head.headers.iter().map(|(name, _)| name.as_str());
    let mut names: Vec<_> = names.filter(|name| name.starts_with("cf-")).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn the_gateway_gets_its_token_metadata_and_no_cache() {
    let world = cloudflare().start().await;
    for dialect in BOTH {
        let before = world.gateway.count();
        let response = world.ask(dialect.ask()).await;
        response.completed();
        let seen = world.gateway.request(before).await;
        assert_eq!(cf_headers(&seen), ["cf-aig-authorization", "cf-aig-metadata", "cf-aig-skip-cache"]);
        assert_eq!(seen.header("authorization"), Some("Bearer sk-test-first"));
        assert_eq!(seen.header("cf-aig-authorization"), Some("Bearer sk-test-cf"));
        assert_eq!(seen.header("cf-aig-skip-cache"), Some("true"));
        let metadata: Value = serde_json::from_str(seen.header("cf-aig-metadata").unwrap()).unwrap();
        let metadata = metadata.as_object().unwrap();
        assert!((1..=5).contains(&metadata.len()), "{metadata:?}");
        assert!(metadata.values().all(|value| !value.is_object() && !value.is_array()), "{metadata:?}");
        let values: Vec<_> = metadata.values().filter_map(Value::as_str).collect();
        assert!(values.contains(&response.request_id.as_str()), "{metadata:?}");
        assert!(values.contains(&dialect.path()), "{metadata:?}");
    }
}

#[tokio::test]
async fn a_cache_time_replaces_skipping_the_cache() {
    let world = cloudflare().with("CACHE_TTL_SECONDS", "3600").start().await;
    world.is_healthy().await;
    let seen = world.gateway.request(0).await;
    assert_eq!(cf_headers(&seen), ["cf-aig-authorization", "cf-aig-cache-ttl", "cf-aig-metadata"]);
    assert_eq!(seen.header("cf-aig-cache-ttl"), Some("3600"));
}

#[tokio::test]
async fn nothing_of_it_goes_to_the_fallback_base() {
    let world = cloudflare().with("OPENAI_FALLBACK_MODELS", "gpt-6-luna").fallback().start().await;
    world.gateway.always(|_| as_json(503, &openai_error("overloaded", "server_error")));
    world.fallback.always(|seen| match seen.model() {
        "gpt-6-luna" => healthy(),
        _ => as_json(503, &openai_error("overloaded", "server_error")),
    });
    world.is_healthy().await;
    assert_eq!((world.gateway.count(), world.fallback.count()), (2, 2));
    for seen in world.fallback.seen() {
        assert_eq!(cf_headers(&seen), [""; 0]);
        assert_eq!(seen.header("authorization"), Some("Bearer sk-test-first"));
    }
}

#[tokio::test]
async fn without_a_token_any_other_base_gets_none_of_it() {
    let world = Setup::new().with("CACHE_TTL_SECONDS", "60").start().await;
    world.is_healthy().await;
    assert_eq!(cf_headers(&world.gateway.request(0).await), [""; 0]);
}
