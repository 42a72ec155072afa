use super::{AuthError, Credentials, MAX_TOKEN_BYTES, Presented, jwt_parameter, percent_decoded, reason};
use http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};

/// `J` or `B` for the form, then the token; or why there is none.
fn presented(query: &str, headers: &[&'static str], query_counts: bool) -> Result<String, AuthError> {
    let headers: HeaderMap = headers
        .iter()
        .map(|value| (AUTHORIZATION, HeaderValue::from_static(value)))
        .fold(HeaderMap::new(), append);
    let credentials = Credentials { query, headers: &headers };
    let presented = if query_counts { credentials.presented() } else { credentials.presented_in_header() };
    presented.map(|presented| match presented {
        Presented::Jwt(token) => format!("J{token}"),
        Presented::Bearer(token) => format!("B{token}"),
    })
}

fn append(mut headers: HeaderMap, (name, value): (HeaderName, HeaderValue)) -> HeaderMap {
    headers.append(name, value);
    headers
}

fn denied(why: &'static str) -> Result<String, AuthError> {
    Err(AuthError::Denied(why))
}

#[test]
fn the_form_decides() {
    for (query, headers, expected) in [
        ("jwt=a", &[][..], Ok("Ja")),
        ("", &["JWT a"], Ok("Ja")),
        ("", &["jWt   a "], Ok("Ja")),
        ("", &["Bearer a"], Ok("Ba")),
        ("x=1", &["BEARER a b"], Ok("Ba b")),
        ("jwt=a", &["Bearer b"], Ok("Ja")),
        ("jwt=", &["Bearer b"], Ok("J")),
        ("jwt=a", &["Bearer b", "Bearer c"], Ok("Ja")),
        ("", &["Bearer b", "Bearer b"], Err(reason::TWO_HEADERS)),
        ("", &["Digest a"], Err(reason::MODE_OFF)),
        ("", &["Bearer"], Err(reason::MALFORMED_HEADER)),
        ("", &["Bearer "], Err(reason::MALFORMED_HEADER)),
        ("", &[], Err(reason::NO_CREDENTIALS)),
    ] {
        let expected = expected.map(str::to_owned).map_err(AuthError::Denied);
        assert_eq!(presented(query, headers, true), expected, "{query:?} {headers:?}");
    }
}

#[test]
fn without_connect_the_query_is_no_credential() {
    assert_eq!(presented("jwt=a", &["Bearer b"], false), Ok("Bb".to_owned()));
    assert_eq!(presented("jwt=a&jwt=b", &[], false), denied(reason::NO_CREDENTIALS));
}

#[test]
fn a_header_that_is_not_text_is_malformed() {
    let mut headers = HeaderMap::new();
    headers.insert(
        AUTHORIZATION,
        HeaderValue::from_bytes(b"Bearer \xff").unwrap_or(HeaderValue::from_static("")),
    );
    let credentials = Credentials { query: "", headers: &headers };
    assert!(matches!(credentials.presented(), Err(AuthError::Denied(reason::MALFORMED_HEADER))));
}

#[test]
fn more_than_8_kib_is_not_read() {
    let (fits, over) = ("x".repeat(MAX_TOKEN_BYTES), "x".repeat(MAX_TOKEN_BYTES + 1));
    assert_eq!(presented(&format!("jwt={fits}"), &[], true), Ok(format!("J{fits}")));
    assert_eq!(presented(&format!("jwt={over}"), &[], true), denied(reason::TOO_LARGE));
    let invalid = format!("jwt=%ff{}", "x".repeat(MAX_TOKEN_BYTES));
    assert_eq!(presented(&invalid, &[], true), denied(reason::TOO_LARGE), "the length is looked at first");
}

#[test]
fn the_only_jwt_parameter_is_found_however_it_is_written() {
    for (query, expected) in [
        ("", Ok(None)),
        ("&&", Ok(None)),
        ("a=jwt", Ok(None)),
        ("JWT=a&jwtx=b&xjwt=c&jwt%00=d&jwt[]=e", Ok(None)),
        ("jwt", Ok(Some(""))),
        ("a&jwt=b=c&d", Ok(Some("b=c"))),
        ("%6A%57%74=a&%6awt=b", Ok(Some("b"))),
        ("jwt=a&jwt=a", Err(AuthError::Denied(reason::TWO_JWT_PARAMETERS))),
        ("jwt=a&x=1&%6a%77%74", Err(AuthError::Denied(reason::TWO_JWT_PARAMETERS))),
    ] {
        assert_eq!(jwt_parameter(query), expected, "{query}");
    }
}

#[test]
fn percent_encoding_is_undone() {
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
