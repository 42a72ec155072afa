use super::{AuthSettings, JwksSettings, Mode};

const URL: &str = "https://keys.example.org/jwks.json";

fn read(variables: &[(&str, &str)]) -> (AuthSettings, Vec<String>) {
    let lookup =
        |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let mut problems = Vec::new();
    (AuthSettings::from_lookup(&lookup, &mut problems), problems)
}

fn jwks_with(url: &str) -> (AuthSettings, Vec<String>) {
    read(&[("AUTH_MODE", "jwks"), ("JWKS_URL", url), ("JWT_ISSUER", "i"), ("JWT_AUDIENCE", "a")])
}

#[test]
fn unset_means_connect() {
    for mode in [&[][..], &[("AUTH_MODE", "")], &[("AUTH_MODE", " ")], &[("AUTH_MODE", "connect")]] {
        let (settings, problems) = read(&[mode, &[("CONNECT_TENANTS_SECRET_ARN", "tenants")]].concat());
        assert_eq!((settings.modes, problems), (vec![Mode::Connect], vec![]));
        assert_eq!(settings.tenants_secret.as_deref(), Some("tenants"));
    }
}

#[test]
fn nothing_set_at_all_is_a_problem_and_never_open() {
    let (settings, problems) = read(&[]);
    assert_eq!(settings.modes, [Mode::Connect]);
    assert!(problems.len() == 1 && problems.iter().all(|text| text.contains("CONNECT_TENANTS_SECRET_ARN")));
}

#[test]
fn none_stands_alone() {
    assert_eq!(
        read(&[("AUTH_MODE", " none ,none")]),
        (AuthSettings { modes: vec![Mode::None], tenants_secret: None }, vec![])
    );
    for mode in ["none,connect", "bearer,none", "jwks, none"] {
        let (settings, problems) = read(&[("AUTH_MODE", mode)]);
        assert!(!settings.modes.contains(&Mode::None), "{mode}");
        assert!(problems.iter().any(|text| text.contains("none stands alone")), "{mode}");
    }
}

#[test]
fn all_three_at_once() {
    let (settings, problems) = read(&[
        ("AUTH_MODE", "jwks, connect,bearer,,connect"),
        ("CONNECT_TENANTS_SECRET_ARN", "tenants"),
        ("OPENAI_API_KEY_SECRET_ARN", "openai"),
        ("JWKS_URL", URL),
        ("JWT_ISSUER", "forge/invocation-token"),
        ("JWT_AUDIENCE", "app"),
    ]);
    let (issuer, audience) = ("forge/invocation-token".to_owned(), "app".to_owned());
    let jwks = JwksSettings { url: http::Uri::from_static(URL), issuer, audience };
    assert_eq!(settings.jwks(), Some(&jwks));
    assert_eq!((settings.modes, problems), (vec![Mode::Bearer, Mode::Connect, Mode::Jwks(jwks)], vec![]));
}

#[test]
fn each_bad_value_is_one_sentence() {
    for (variables, words) in [
        (vec![("AUTH_MODE", "Connect")], vec!["Connect"]),
        (vec![("AUTH_MODE", ",")], vec!["no mode"]),
        (vec![("AUTH_MODE", "oauth,basic")], vec!["basic", "oauth"]),
        (vec![("AUTH_MODE", "bearer")], vec!["OPENAI_API_KEY_SECRET_ARN"]),
        (vec![("AUTH_MODE", "jwks")], vec!["JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE"]),
        (vec![("AUTH_MODE", "jwks"), ("JWKS_URL", URL), ("JWT_ISSUER", "i")], vec!["JWT_AUDIENCE"]),
        (
            vec![("AUTH_MODE", "jwks"), ("JWKS_URL", "ftp://x/"), ("JWT_AUDIENCE", "a")],
            vec!["JWT_ISSUER", "JWKS_URL"],
        ),
    ] {
        let (settings, problems) = read(&variables);
        assert_eq!(problems.len(), words.len(), "{problems:?}");
        assert!(words.iter().zip(&problems).all(|(word, text)| text.contains(word)), "{problems:?}");
        assert!(settings.jwks().is_none(), "half an issuer is none");
    }
}

#[test]
fn keys_come_over_https_or_from_this_machine() {
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
        let (settings, problems) = jwks_with(url);
        assert!(
            settings.jwks().is_some_and(|jwks| jwks.url == url) && problems.is_empty(),
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
        "http://127.1/",
        "//keys.example.org/",
        "keys.example.org",
        "/keys.json",
        "file:///etc/keys",
        "https://",
        "https:///keys",
        "https://keys.example.org\\@localhost/",
        "not a url",
    ] {
        let (settings, problems) = jwks_with(url);
        assert!(settings.jwks().is_none(), "{url}");
        assert_eq!(problems.len(), 1, "{url}");
        assert!(problems.iter().all(|text| !text.contains("secret-password")), "{problems:?}");
    }
}
