#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use crate::Config;
use http::Uri;

fn config(set: &[(&str, &str)]) -> GatewayConfig {
    let basic = [
        ("AUTH_MODE", "none"),
        ("OPENAI_API_KEY", "k"),
        ("OPENAI_BASEURL", "http://a"),
        ("OPENAI_FALLBACK_BASEURL", "http://b"),
        ("OPENAI_FALLBACK_MODELS", "m2,m1,m3"),
    ];
    let config = Config::from_lookup(|name| {
        set.iter().chain(&basic).find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    });
    config.unwrap().gateway
}

fn names(plan: &Plan<'_>) -> Vec<String> {
    let name =
        |target: &Target<'_>| format!("{}{}", target.base.chat_completions.host().unwrap(), target.model);
    plan.left.iter().rev().map(name).collect()
}

#[test]
fn the_order_of_the_contract() {
    let of = |config: &GatewayConfig, model| names(&Plan::new(config, model, &Retired::default()));
    assert_eq!(of(&config(&[]), "m1"), ["am1", "bm1", "am2", "bm2", "am3", "bm3"]);
    assert_eq!(of(&config(&[("OPENAI_FALLBACK_BASEURL", "")]), "x"), ["ax", "am2", "am1", "am3"]);
    let alone = config(&[("OPENAI_FALLBACK_BASEURL", ""), ("OPENAI_FALLBACK_MODELS", "")]);
    assert_eq!(of(&alone, "x"), ["ax"]);
}

#[test]
fn ways_on() {
    let config = config(&[]);
    let start = || Plan::new(&config, "m1", &Retired::default());
    for (steps, left) in [
        (vec![Next::Target], vec!["bm1", "am2", "bm2", "am3", "bm3"]),
        (vec![Next::Model], vec!["am2", "bm2", "am3", "bm3"]),
        (vec![Next::FallbackBase], vec!["bm1"]),
        (vec![Next::Target, Next::Model], vec!["am2", "bm2", "am3", "bm3"]),
        (vec![Next::Target, Next::FallbackBase], vec![]),
        (vec![Next::Model, Next::FallbackBase], vec!["bm2"]),
        (vec![Next::Model, Next::Model, Next::Model], vec![]),
    ] {
        let mut plan = start();
        let went = steps.iter().map(|step| plan.go(*step)).last().unwrap();
        assert_eq!(
            (names(&plan), went),
            (left.iter().map(ToString::to_string).collect(), !left.is_empty()),
            "{steps:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn retired_models_are_passed_over_for_ten_minutes() {
    let (config, retired) = (config(&[]), Retired::default());
    let plan = |model: &str| names(&Plan::new(&config, model, &retired));
    retired.remember(&Uri::from_static("http://b/chat/completions"), "m2");
    assert_eq!(plan("m1"), ["am1", "bm1", "am2", "am3", "bm3"]);
    retired.remember(&Uri::from_static("http://a/chat/completions"), "m1");
    assert_eq!(plan("m1"), ["am2", "am3", "bm3"]);
    for model in ["m2", "m3"] {
        retired.remember(&Uri::from_static("http://a/chat/completions"), model);
    }
    assert_eq!(plan("m1").len(), 6, "with nothing left, all are asked");
    tokio::time::advance(std::time::Duration::from_secs(600)).await;
    assert_eq!(plan("m1").len(), 6);
    retired.remember(&Uri::from_static("http://a/chat/completions"), "m1");
    assert_eq!(plan("m1"), ["am2", "bm2", "am3", "bm3"]);
}
