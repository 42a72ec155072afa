#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

/// Key, Cloudflare token, and whether `t1` is a bearer token.
fn parse(text: &str) -> Result<(Option<String>, Option<String>, bool), SecretError> {
    let secret = OpenAiSecret::parse(text)?;
    let exposed = |value: Option<SecretString>| value.map(|value| value.expose().to_owned());
    let has_token = secret.bearer_tokens.name("t1") == Some("ci");
    Ok((exposed(secret.api_key), exposed(secret.cloudflare_token), has_token))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn reads_plain_text_and_json() {
    assert_eq!(parse("sk-plain"), Ok((some("sk-plain"), None, false)));
    let whole =
        r#"{"OPENAI_API_KEY":"sk-1","CF_AIG_TOKEN":"cf","BEARER_TOKENS":{"ci":"t1","empty":""},"other":[1]}"#;
    assert_eq!(parse(whole), Ok((some("sk-1"), some("cf"), true)));
    assert_eq!(parse(r#"{"OPENAI_API_KEY":"sk-1"}"#), Ok((some("sk-1"), None, false)));
    assert_eq!(parse(r#"{"OPENAI_API_KEY":"sk-1","CF_AIG_TOKEN":"","BEARER_TOKENS":null}"#), parse("sk-1"));
}

#[test]
fn the_cloudflare_token_alone_is_enough() {
    for text in [
        r#"{"CF_AIG_TOKEN":"cf"}"#,
        r#"{"CF_AIG_TOKEN":"cf","OPENAI_API_KEY":""}"#,
        r#"{"CF_AIG_TOKEN":"cf","OPENAI_API_KEY":null}"#,
    ] {
        assert_eq!(parse(text), Ok((None, some("cf"), false)), "{text}");
    }
}

#[test]
fn drops_white_space_and_byte_order_marks_around_values() {
    for text in
        ["\u{feff}sk-1\r\n", "\r\n sk-1 \u{feff}", "\u{feff} {\"OPENAI_API_KEY\":\"\u{feff}sk-1\\r\\n\"}\r\n"]
    {
        assert_eq!(parse(text), Ok((some("sk-1"), None, false)), "{text:?}");
    }
    let token = r#"{"CF_AIG_TOKEN":" cf\n","BEARER_TOKENS":{"ci":"t1\n"}}"#;
    assert_eq!(parse(token), Ok((None, some("cf"), true)));
}

#[test]
fn rejects_text_that_starts_like_json_but_is_not_an_object() {
    for text in [
        r#"{"OPENAI_API_KEY":"sk-1","CF_AIG_TOKEN":"cf-2","BEARER_TOKENS":{"ci":"tok-3"},}"#,
        "{OPENAI_API_KEY:sk-1}",
        "{sk-1}",
        r#"{"OPENAI_API_KEY":"sk-1""#,
        "{'OPENAI_API_KEY':'sk-1'}",
        r#"{"OPENAI_API_KEY":"sk-1"} x"#,
        " \n\u{feff}{OPENAI_API_KEY:sk-1}",
        "[sk-1]",
        r#"["sk-1"]"#,
        r#""sk-1""#,
        r#""sk-1"#,
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error, SecretError::NotAnObject, "{text}");
        assert_eq!(error.to_string(), "is not a valid JSON object");
    }
}

#[test]
fn rejects_a_secret_without_a_key() {
    let tokens_alone = r#"{"OPENAI_API_KEY":null,"BEARER_TOKENS":{"ci":"t1"}}"#;
    for text in ["", " \n", "{}", r#"{"OPENAI_API_KEY":""}"#, r#"{"openai_api_key":"sk-1"}"#, tokens_alone] {
        assert_eq!(parse(text), Err(SecretError::NoKey), "{text}");
    }
    assert_eq!(SecretError::NoKey.to_string(), "has no OPENAI_API_KEY and no CF_AIG_TOKEN");
}

#[test]
fn rejects_values_that_no_header_can_hold() {
    for value in ["sk 1", "sk\\n1", "sk-é", "sk\\u007f", "\\ud800"] {
        let key = format!(r#"{{"OPENAI_API_KEY":"{value}"}}"#);
        assert_eq!(parse(&key), Err(SecretError::NotAHeaderValue("OPENAI_API_KEY")), "{value}");
        let token = format!(r#"{{"OPENAI_API_KEY":"sk-1","CF_AIG_TOKEN":"{value}"}}"#);
        assert_eq!(parse(&token), Err(SecretError::NotAHeaderValue("CF_AIG_TOKEN")), "{value}");
    }
    for value in ["7", "true", "[\"sk-1\"]", "{\"value\":\"sk-1\"}"] {
        let key = format!(r#"{{"OPENAI_API_KEY":{value}}}"#);
        assert_eq!(parse(&key), Err(SecretError::NotAHeaderValue("OPENAI_API_KEY")), "{value}");
    }
    for text in ["a b", "é", "sk-1\nsk-2"] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.to_string(), "OPENAI_API_KEY cannot stand in an HTTP header");
    }
}

#[test]
fn rejects_bearer_tokens_that_are_not_text() {
    for value in ["[]", "\"t1\"", "7", r#"{"ci":7}"#, r#"{"ci":["t1"]}"#] {
        let text = format!(r#"{{"OPENAI_API_KEY":"sk-1","BEARER_TOKENS":{value}}}"#);
        assert_eq!(parse(&text), Ok((some("sk-1"), None, false)), "{value}");
    }
}

#[test]
fn the_last_member_of_a_name_counts() {
    let text = r#"{"OPENAI_API_KEY":"sk-0","OPENAI_API_KEY":"sk-1","BEARER_TOKENS":{"ci":"t1","ci":"t2"}}"#;
    assert_eq!(parse(text), Ok((some("sk-1"), None, false)));
}

#[test]
fn knows_what_a_gateway_sees_of_a_change() {
    let parse = |text: &str| OpenAiSecret::parse(text).unwrap();
    let old = parse(r#"{"OPENAI_API_KEY":"sk-1","CF_AIG_TOKEN":"cf"}"#);
    for same in [
        r#"{"CF_AIG_TOKEN":"cf","OPENAI_API_KEY":"sk-1"}"#,
        r#"{"OPENAI_API_KEY":"sk-1","CF_AIG_TOKEN":"cf","BEARER_TOKENS":{"ci":"t1"}}"#,
    ] {
        assert!(!parse(same).differs_for_gateway(&old), "{same}");
    }
    for other in ["sk-1", r#"{"OPENAI_API_KEY":"sk-2","CF_AIG_TOKEN":"cf"}"#, r#"{"CF_AIG_TOKEN":"cf"}"#] {
        assert!(parse(other).differs_for_gateway(&old), "{other}");
    }
}

#[test]
fn prints_nothing_of_the_values() {
    let text = r#"{"OPENAI_API_KEY":"sk-json","CF_AIG_TOKEN":"cf-t","BEARER_TOKENS":{"ci":"t1"}}"#;
    let printed = format!("{:?}", OpenAiSecret::parse(text).unwrap());
    assert!(!["sk-json", "cf-t", "ci", "t1"].iter().any(|value| printed.contains(value)), "{printed}");
}

/// The bearer tokens of a secret that holds this object of them.
fn tokens(object: &str) -> BearerTokens {
    OpenAiSecret::parse(&format!(r#"{{"OPENAI_API_KEY":"sk-1","BEARER_TOKENS":{object}}}"#))
        .unwrap()
        .bearer_tokens
}

#[test]
fn each_bearer_token_has_its_name() {
    let tokens = tokens(r#"{"ci":"alpha-token","ops":"beta-token","nobody":""}"#);
    assert_eq!(tokens.name("alpha-token"), Some("ci"));
    assert_eq!(tokens.name("beta-token"), Some("ops"));
    for wrong in ["", "alpha", "alpha-token ", "ALPHA-TOKEN", "alpha-tokenbeta-token", "ci"] {
        assert_eq!(tokens.name(wrong), None, "{wrong}");
    }
}

#[test]
fn without_bearer_tokens_nothing_has_a_name() {
    assert_eq!(BearerTokens::default().name(""), None);
    assert_eq!(tokens(r#"{"nobody":""}"#).name(""), None);
}

#[test]
fn prints_no_bearer_token_and_no_name() {
    assert_eq!(format!("{:?}", tokens(r#"{"the-name":"the-token"}"#)), "BearerTokens(1)");
    assert_eq!(format!("{:?}", tokens(r#"{"ci":"a-long-random-token","nobody":""}"#)), "BearerTokens(1)");
}
