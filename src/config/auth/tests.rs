use super::{AuthConfig, AuthMode, Env, JwksConfig};
use reqwest::Url;

const URL: &str = "https://keys.example.org/jwks.json";

fn read(variables: &[(&str, &str)]) -> (AuthConfig, Vec<String>) {
    let lookup =
        |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let mut env = Env { lookup: &lookup, problems: Vec::new() };
    let config = AuthConfig::read(&mut env);
    (config, env.problems)
}

fn jwks_with(url: &str) -> (AuthConfig, Vec<String>) {
    read(&[("AUTH_MODE", "jwks"), ("JWKS_URL", url), ("JWT_ISSUER", "i"), ("JWT_AUDIENCE", "a")])
}

#[test]
fn unset_means_connect() {
    for mode in [&[][..], &[("AUTH_MODE", "")], &[("AUTH_MODE", " ")], &[("AUTH_MODE", "connect")]] {
        let (config, problems) = read(&[mode, &[("CONNECT_TENANTS_SECRET_ARN", "tenants")]].concat());
        assert_eq!((config.modes, problems), (vec![AuthMode::Connect], vec![]));
        assert_eq!(config.tenants_secret.as_deref(), Some("tenants"));
    }
}

#[test]
fn is_never_open_by_default() {
    let (config, problems) = read(&[]);
    assert_eq!(config.modes, [AuthMode::Connect]);
    assert!(problems.len() == 1 && problems.iter().all(|text| text.contains("CONNECT_TENANTS_SECRET_ARN")));
}

#[test]
fn none_stands_alone() {
    assert_eq!(
        read(&[("AUTH_MODE", " none ,none")]),
        (AuthConfig { modes: vec![AuthMode::None], tenants_secret: None }, vec![])
    );
    for mode in ["none,connect", "bearer,none", "jwks, none"] {
        let (config, problems) = read(&[("AUTH_MODE", mode)]);
        assert!(!config.modes.contains(&AuthMode::None), "{mode}");
        assert!(problems.iter().any(|text| text.contains("none must stand alone")), "{mode}");
    }
}

#[test]
fn reads_all_modes_at_once() {
    let (config, problems) = read(&[
        ("AUTH_MODE", "jwks, connect,bearer,,connect"),
        ("CONNECT_TENANTS_SECRET_ARN", "tenants"),
        ("OPENAI_API_KEY_SECRET_ARN", "openai"),
        ("JWKS_URL", URL),
        ("JWT_ISSUER", "forge/invocation-token"),
        ("JWT_AUDIENCE", "app"),
    ]);
    let (issuer, audience) = ("forge/invocation-token".to_owned(), "app".to_owned());
    let jwks = JwksConfig { url: Url::parse(URL).unwrap_or_else(|_| unreachable!()), issuer, audience };
    assert_eq!(config.jwks(), Some(&jwks));
    assert_eq!(
        (config.modes, problems),
        (vec![AuthMode::Bearer, AuthMode::Connect, AuthMode::Jwks(jwks)], vec![])
    );
}

#[test]
fn names_each_bad_value() {
    for (variables, words) in [
        (vec![("AUTH_MODE", "Connect")], vec!["AUTH_MODE"]),
        (vec![("AUTH_MODE", ",")], vec!["AUTH_MODE"]),
        (vec![("AUTH_MODE", "oauth,basic")], vec!["AUTH_MODE"]),
        (vec![("AUTH_MODE", "bearer")], vec!["OPENAI_API_KEY_SECRET_ARN"]),
        (vec![("AUTH_MODE", "jwks")], vec!["JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE"]),
        (vec![("AUTH_MODE", "jwks"), ("JWKS_URL", URL), ("JWT_ISSUER", "i")], vec!["JWT_AUDIENCE"]),
        (
            vec![("AUTH_MODE", "jwks"), ("JWKS_URL", "ftp://x/"), ("JWT_AUDIENCE", "a")],
            vec!["JWT_ISSUER", "JWKS_URL"],
        ),
    ] {
        let (config, problems) = read(&variables);
        assert_eq!(problems.len(), words.len(), "{problems:?}");
        assert!(words.iter().zip(&problems).all(|(word, text)| text.contains(word)), "{problems:?}");
        assert!(config.jwks().is_none(), "an incomplete issuer");
    }
}

#[test]
fn takes_keys_over_https_or_from_this_machine() {
    for url in [
        URL,
        "HTTPS://keys.example.org",
        "https://[2001:db8::1]:8443/keys?x=1",
        "http://localhost:8080/",
        "http://LOCALHOST",
        "http://127.0.0.1:9/",
        "http://127.8.9.10/",
        "http://[::1]:80/keys",
    ] {
        let (config, problems) = jwks_with(url);
        assert!(
            config.jwks().is_some_and(|jwks| Ok(&jwks.url) == Url::parse(url).as_ref())
                && problems.is_empty(),
            "{url}: {problems:?}"
        );
    }
    for url in [
        "http://keys.example.org/",
        "http://localhost.example.org/",
        "http://127.0.0.1.example.org/",
        "http://127.0.0.1@example.org/",
        "https://user:secret-password@keys.example.org/",
        "http://[2001:db8::1]/",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "//keys.example.org/",
        "keys.example.org",
        "/keys.json",
        "file:///etc/keys",
        "https://",
        "https:///keys",
        "https://keys.example.org\\@localhost/",
        "not a url",
    ] {
        let (config, problems) = jwks_with(url);
        assert!(config.jwks().is_none(), "{url}");
        assert_eq!(problems.len(), 1, "{url}");
        assert!(problems.iter().all(|text| !text.contains("secret-password")), "{problems:?}");
    }
}
