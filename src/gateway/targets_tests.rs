#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use crate::Config;

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

fn names(targets: &[Target<'_>]) -> Vec<String> {
    let name =
        |target: &Target<'_>| format!("{}{}", target.base.chat_completions.host_str().unwrap(), target.model);
    targets.iter().rev().map(name).collect()
}

#[test]
fn alternates_bases_model_by_model() {
    let of = |config: &GatewayConfig, model| names(&list(config, true, model, &ModelMemory::new(vec![])));
    assert_eq!(of(&config(&[]), "m1"), ["am1", "bm1", "am2", "bm2", "am3", "bm3"]);
    assert_eq!(of(&config(&[("OPENAI_FALLBACK_BASEURL", "")]), "x"), ["ax", "am2", "am1", "am3"]);
    let alone = config(&[("OPENAI_FALLBACK_BASEURL", ""), ("OPENAI_FALLBACK_MODELS", "")]);
    assert_eq!(of(&alone, "x"), ["ax"]);
}

#[test]
fn advances() {
    let config = config(&[]);
    let memory = ModelMemory::new(vec![]);
    for (steps, left) in [
        (vec![Decision::NextTarget], vec!["bm1", "am2", "bm2", "am3", "bm3"]),
        (vec![Decision::NextModel], vec!["am2", "bm2", "am3", "bm3"]),
        (vec![Decision::FallbackBase], vec!["bm1"]),
        (vec![Decision::NextTarget, Decision::NextModel], vec!["am2", "bm2", "am3", "bm3"]),
        (vec![Decision::NextTarget, Decision::FallbackBase], vec![]),
        (vec![Decision::NextModel, Decision::FallbackBase], vec!["bm2"]),
        (vec![Decision::NextModel, Decision::NextModel, Decision::NextModel], vec![]),
    ] {
        let mut targets = list(&config, true, "m1", &memory);
        steps.iter().for_each(|step| advance(&mut targets, *step));
        assert_eq!(names(&targets), left, "{steps:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn skips_retired_models_for_ten_minutes() {
    let (config, memory) = (config(&[]), ModelMemory::new(vec![]));
    let plan = |model: &str| names(&list(&config, true, model, &memory));
    memory.remember("m2", Fact::Retired { is_primary_base: false });
    assert_eq!(plan("m1"), ["am1", "bm1", "am2", "am3", "bm3"]);
    memory.remember("m1", Fact::Retired { is_primary_base: true });
    assert_eq!(plan("m1"), ["am2", "am3", "bm3"]);
    for model in ["m2", "m3"] {
        memory.remember(model, Fact::Retired { is_primary_base: true });
    }
    assert_eq!(plan("m1").len(), 6, "with nothing left, all are asked");
    tokio::time::advance(std::time::Duration::from_secs(600)).await;
    assert_eq!(plan("m1").len(), 6);
    memory.remember("m1", Fact::Retired { is_primary_base: true });
    assert_eq!(plan("m1"), ["am2", "bm2", "am3", "bm3"]);
}

#[test]
fn has_no_fallback_base_without_a_key() {
    let (config, memory) = (config(&[]), ModelMemory::new(vec![]));
    assert_eq!(names(&list(&config, false, "m1", &memory)), ["am1", "am2", "am3"]);
}
