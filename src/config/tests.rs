#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;

fn read(set: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let minimum = [("AUTH_MODE", "none"), ("OPENAI_API_KEY", "sk-x")];
    Config::from_lookup(|name| {
        let found = set.iter().chain(&minimum).find(|(key, _)| *key == name)?;
        Some(found.1.to_owned())
    })
}

fn bases(set: &[(&str, &str)]) -> (String, Option<String>) {
    let gateway = read(set).unwrap().gateway;
    (
        gateway.base.chat_completions.to_string(),
        gateway.fallback_base.map(|base| base.chat_completions.to_string()),
    )
}

#[test]
fn has_defaults() {
    let config = read(&[]).unwrap();
    assert_eq!(config.chat.model, "gpt-3.5-turbo");
    assert_eq!(config.gateway.fallback_models, ["gpt-6-luna"]);
    assert!(config.chat.allowed_models.is_empty() && !config.chat.any_model);
    assert_eq!(config.chat.max_tokens, 4096);
    assert_eq!(
        config.chat.system_prompt,
        "You are an AI assistant called 'GPTDock'. Answer in well-formatted markdown. Use headings, lists, code blocks, and formatting to make responses readable."
    );
    let gateway = &config.gateway;
    let times = [
        gateway.connect_timeout,
        gateway.response_timeout,
        gateway.first_event_timeout,
        gateway.first_thought_timeout,
        gateway.idle_timeout,
    ];
    assert_eq!(times.map(|time| time.as_millis()), [3000, 30_000, 10_000, 60_000, 60_000]);
    assert_eq!(config.chat.reasoning_effort.as_deref(), Some("none"));
    assert_eq!((gateway.log_payloads, gateway.gateway_id.as_deref()), (None, None));
    let times = [config.keep_alive, config.deadline_margin];
    assert_eq!(times.map(|time| time.as_millis()), [15_000, 1000]);
    assert_eq!((gateway.max_retries, gateway.cache_ttl), (2, None));
    assert_eq!((config.secret_ttl.as_secs(), config.max_body_bytes), (300, 5_242_880));
}

#[test]
fn reads_base_urls() {
    let openai = "https://api.openai.com/v1/chat/completions";
    let cloudflare = "https://gateway.ai.cloudflare.com/v1/acc/gw/openai";
    let ids = [("CF_ACCOUNT_ID", "acc"), ("CF_GATEWAY_ID", "gw")];
    let asked = format!("{cloudflare}/chat/completions");
    assert_eq!(bases(&[]), (openai.to_owned(), None));
    assert_eq!(bases(&ids), (asked.clone(), Some(openai.to_owned())));
    assert_eq!(bases(&[("OPENAI_BASEURL", cloudflare)]), (asked.clone(), Some(openai.to_owned())));
    assert_eq!(
        bases(&[("OPENAI_BASEURL", &format!("{cloudflare}/")), ("OPENAI_FALLBACK_BASEURL", "")]),
        (asked.clone(), None)
    );
    assert_eq!(
        bases(&[("OPENAI_BASEURL", cloudflare), ("OPENAI_FALLBACK_BASEURL", cloudflare)]),
        (asked, None)
    );
    assert_eq!(
        bases(&[
            ids[0],
            ids[1],
            ("OPENAI_BASEURL", "http://127.0.0.1:9"),
            ("OPENAI_FALLBACK_BASEURL", "http://[::1]:8/x")
        ]),
        (
            "http://127.0.0.1:9/chat/completions".to_owned(),
            Some("http://[::1]:8/x/chat/completions".to_owned())
        )
    );
    assert_eq!(
        bases(&[("OPENAI_BASEURL", "https://xn--bcher-kva.example")]).0,
        "https://xn--bcher-kva.example/chat/completions"
    );
    let loud = [("OPENAI_BASEURL", "HTTPS://Gateway.AI.Cloudflare.com:443/v1/acc/gw/openai")];
    assert!(read(&loud).unwrap().gateway.base.is_cloudflare_gateway());
    assert!(read(&ids).unwrap().gateway.base.is_cloudflare_gateway());
    assert!(!read(&[]).unwrap().gateway.base.is_cloudflare_gateway());
}

#[test]
fn names_every_bad_value_in_one_error() {
    let names = [
        "OPENAI_BASEURL",
        "OPENAI_FALLBACK_BASEURL",
        "MAX_TOKENS",
        "CONNECT_TIMEOUT_MS",
        "RESPONSE_TIMEOUT_MS",
        "FIRST_EVENT_TIMEOUT_MS",
        "IDLE_TIMEOUT_MS",
        "KEEPALIVE_MS",
        "DEADLINE_MARGIN_MS",
        "MAX_RETRIES",
        "SECRET_TTL_SECONDS",
        "MAX_BODY_BYTES",
        "CACHE_TTL_SECONDS",
        "CF_LOG_PAYLOADS",
        "REASONING_EFFORT",
    ];
    let bad: Vec<(&str, &str)> = names.iter().map(|name| (*name, "-1")).collect();
    let error = read(&bad).unwrap_err();
    assert_eq!(error.0.len(), names.len());
    for name in names {
        assert!(error.to_string().contains(name), "{name}: {error}");
    }
}

#[test]
fn rejects_values_out_of_range() {
    for (name, value) in [
        ("MAX_RETRIES", "6"),
        ("IDLE_TIMEOUT_MS", "0"),
        ("IDLE_TIMEOUT_MS", "900001"),
        ("KEEPALIVE_MS", "1.5"),
        ("MAX_TOKENS", "0"),
        ("OPENAI_API_KEY", " "),
        ("OPENAI_API_KEY", "a b"),
        ("CF_ACCOUNT_ID", "acc"),
        ("CF_GATEWAY_ID", "gw"),
        ("OPENAI_BASEURL", "ftp://host/v1"),
        ("OPENAI_BASEURL", "https://user:pass@host/v1"),
        ("OPENAI_BASEURL", "https://host/v1?key=1"),
        ("OPENAI_BASEURL", "host/v1"),
        ("OPENAI_BASEURL", "https://host/v1#part"),
        ("OPENAI_BASEURL", "https://host:99999/v1"),
        ("OPENAI_BASEURL", "https://host:port/v1"),
        ("OPENAI_BASEURL", "https://ho st/v1"),
        ("OPENAI_BASEURL", "https:///v1"),
        ("OPENAI_BASEURL", "https://:443/v1"),
        ("CACHE_TTL_SECONDS", "59"),
        ("CF_LOG_PAYLOADS", "no"),
        ("REASONING_EFFORT", "Very high"),
    ] {
        let error = read(&[(name, value)]).unwrap_err();
        assert!(error.0.len() == 1 && error.0[0].contains(name), "{name}={value}: {error}");
        assert!(!error.to_string().contains("pass@"), "{error}");
    }
    assert!(read(&[("MAX_RETRIES", "5"), ("IDLE_TIMEOUT_MS", "900000"), ("KEEPALIVE_MS", "1")]).is_ok());
}

#[test]
fn empty_means_unset_but_for_three_settings() {
    let config = read(&[
        ("MAX_TOKENS", ""),
        ("OPENAI_MODEL", ""),
        ("OPENAI_FALLBACK_MODELS", ""),
        ("CACHE_TTL_SECONDS", ""),
        ("REASONING_EFFORT", ""),
    ])
    .unwrap();
    assert_eq!((config.chat.max_tokens, config.chat.model.as_str()), (4096, "gpt-3.5-turbo"));
    assert!(config.gateway.fallback_models.is_empty() && config.gateway.cache_ttl.is_none());
    assert_eq!(config.chat.reasoning_effort, None);
    let config = read(&[
        ("OPENAI_FALLBACK_MODELS", " a, ,b"),
        ("ALLOWED_MODELS", "*,m,gpt-3.5-turbo"),
        ("IDLE_TIMEOUT_MS", "5"),
    ])
    .unwrap();
    assert_eq!(config.gateway.fallback_models, ["a", "b"]);
    assert!(config.chat.any_model);
    assert_eq!(config.chat.allowed_models, ["m"]);
    assert_eq!(config.gateway.first_thought_timeout.as_millis(), 5);
}

#[test]
fn debug_prints_no_key() {
    let config = read(&[]).unwrap();
    assert!(!format!("{config:?}").contains("sk-x"));
}

#[test]
fn quotes_no_value_in_an_error() {
    let all = |name: &str| {
        let is_key = matches!(name, "OPENAI_API_KEY_SECRET_ARN" | "OPENAI_API_KEY");
        (!is_key).then(|| format!("sk-LEAKED {name}"))
    };
    let error = Config::from_lookup(all).unwrap_err();
    assert!(error.0.len() > 15 && !error.to_string().contains("LEAKED"), "{error}");
}

#[test]
fn sends_the_gateway_id_to_cloudflares_api_only() {
    let api = "https://api.cloudflare.com/client/v4/accounts/acc/ai/v1";
    let id = |base| read(&[("CF_GATEWAY_ID", "gw"), ("OPENAI_BASEURL", base)]).unwrap().gateway.gateway_id;
    assert_eq!(id(api).as_deref(), Some("gw"));
    assert_eq!(id("https://gateway.ai.cloudflare.com/v1/acc/gw/openai"), None);
    assert_eq!(bases(&[("OPENAI_BASEURL", api)]).1, None);
}

#[test]
fn an_explicit_first_event_timeout_applies_to_every_request() {
    let gateway = read(&[("FIRST_EVENT_TIMEOUT_MS", "7")]).unwrap().gateway;
    assert_eq!((gateway.first_event_timeout.as_millis(), gateway.first_thought_timeout.as_millis()), (7, 7));
}
