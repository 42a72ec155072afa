use super::{Credentials, MAX_TOKEN_BYTES, Presented, jwt_parameter, percent_decoded};
use http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};

/// `J` or `B` for the form, then the token; or the reason why there is none.
fn presented(query: &str, headers: &[&'static str], query_counts: bool) -> Result<String, &'static str> {
    let headers: HeaderMap = headers
        .iter()
        .map(|value| (AUTHORIZATION, HeaderValue::from_static(value)))
        .fold(HeaderMap::new(), append);
    let credentials = Credentials { query, headers: &headers };
    credentials.presented(query_counts).map(|presented| match presented {
        Presented::Jwt(token) => format!("J{token}"),
        Presented::Bearer(token) => format!("B{token}"),
    })
}

fn append(mut headers: HeaderMap, (name, value): (HeaderName, HeaderValue)) -> HeaderMap {
    headers.append(name, value);
    headers
}

fn denied(why: &'static str) -> Result<String, &'static str> {
    Err(why)
}

#[test]
fn the_form_selects_the_credential() {
    for (query, headers, expected) in [
        ("jwt=a", &[][..], Ok("Ja")),
        ("", &["JWT a"], Ok("Ja")),
        ("", &["jWt   a "], Ok("Ja")),
        ("", &["Bearer a"], Ok("Ba")),
        ("x=1", &["BEARER a b"], Ok("Ba b")),
        ("jwt=a", &["Bearer b"], Ok("Ja")),
        ("jwt=", &["Bearer b"], Ok("J")),
        ("jwt=a", &["Bearer b", "Bearer c"], Ok("Ja")),
        ("", &["Bearer b", "Bearer b"], Err("two_authorization_headers")),
        ("", &["Digest a"], Err("mode_off")),
        ("", &["Bearer"], Err("malformed_authorization_header")),
        ("", &["Bearer "], Err("malformed_authorization_header")),
        ("", &[], Err("no_credentials")),
    ] {
        let expected = expected.map(str::to_owned);
        assert_eq!(presented(query, headers, true), expected, "{query:?} {headers:?}");
    }
}

#[test]
fn without_connect_the_query_does_not_count() {
    assert_eq!(presented("jwt=a", &["Bearer b"], false), Ok("Bb".to_owned()));
    assert_eq!(presented("jwt=a&jwt=b", &[], false), denied("no_credentials"));
}

#[test]
fn rejects_a_header_that_is_not_text() {
    let mut headers = HeaderMap::new();
    headers.insert(
        AUTHORIZATION,
        HeaderValue::from_bytes(b"Bearer \xff").unwrap_or(HeaderValue::from_static("")),
    );
    let credentials = Credentials { query: "", headers: &headers };
    assert!(matches!(credentials.presented(true), Err("malformed_authorization_header")));
}

#[test]
fn reads_at_most_8_kib() {
    let (fits, over) = ("x".repeat(MAX_TOKEN_BYTES), "x".repeat(MAX_TOKEN_BYTES + 1));
    assert_eq!(presented(&format!("jwt={fits}"), &[], true), Ok(format!("J{fits}")));
    assert_eq!(presented(&format!("jwt={over}"), &[], true), denied("token_too_large"));
    let invalid = format!("jwt=%ff{}", "x".repeat(MAX_TOKEN_BYTES));
    assert_eq!(presented(&invalid, &[], true), denied("token_too_large"), "the length is looked at first");
}

#[test]
fn finds_the_only_jwt_parameter_in_every_spelling() {
    for (query, expected) in [
        ("", Ok(None)),
        ("&&", Ok(None)),
        ("a=jwt", Ok(None)),
        ("JWT=a&jwtx=b&xjwt=c&jwt%00=d&jwt[]=e", Ok(None)),
        ("jwt", Ok(Some(""))),
        ("a&jwt=b=c&d", Ok(Some("b=c"))),
        ("%6A%57%74=a&%6awt=b", Ok(Some("b"))),
        ("jwt=a&jwt=a", Err("two_jwt_parameters")),
        ("jwt=a&x=1&%6a%77%74", Err("two_jwt_parameters")),
    ] {
        assert_eq!(jwt_parameter(query), expected, "{query}");
    }
}

#[test]
fn decodes_percent_encoding() {
    for (text, expected) in [
        ("", Some("")),
        ("a.b+c", Some("a.b+c")),
        ("%2E%2e", Some("..")),
        ("%C3%BC", Some("ü")),
        ("100%", Some("100%")),
        ("%4", Some("%4")),
        ("%zz%+1%-1", Some("%zz%+1%-1")),
        ("%%41", Some("%A")),
        ("%ff", None),
    ] {
        assert_eq!(percent_decoded(text).as_deref(), expected, "{text}");
    }
}
