#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;

const URL: &str = "http://127.0.0.1:9001/credentials";

fn at(token: Option<ContainerToken>) -> ContainerCredentials {
    ContainerCredentials::new(URL, token).unwrap()
}

fn authorization(token: Option<ContainerToken>) -> Result<Option<String>, String> {
    let request = at(token).request()?;
    Ok(request.headers().get("authorization").map(str::to_owned))
}

#[test]
fn an_answer() {
    let credentials = parse(
        br#"{"AccessKeyId":"AKID","SecretAccessKey":"s","Token":"t","Expiration":"2016-02-25T06:03:31Z","AccountId":"1"}"#,
    )
    .unwrap();
    assert_eq!((credentials.access_key_id(), credentials.secret_access_key()), ("AKID", "s"));
    assert_eq!(credentials.session_token(), Some("t"));
    assert_eq!(credentials.expiry(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_456_380_211)));
}

#[test]
fn long_lived_keys_have_no_token_and_no_end() {
    let credentials = parse(br#"{"AccessKeyId":"AKID","SecretAccessKey":"s"}"#).unwrap();
    assert_eq!((credentials.session_token(), credentials.expiry()), (None, None));
}

#[test]
fn what_is_no_answer() {
    for body in [
        "",
        "[]",
        "{}",
        r#"{"code":"AccessDenied","message":"no"}"#,
        r#"{"AccessKeyId":"AKID"}"#,
        r#"{"SecretAccessKey":"s"}"#,
        r#"{"AccessKeyId":7,"SecretAccessKey":"s"}"#,
        r#"{"AccessKeyId":"AKID","SecretAccessKey":"s","Expiration":"tomorrow"}"#,
        r#"{"AccessKeyId":"AKID","SecretAccessKey":"s","Expiration":1456380211}"#,
    ] {
        assert!(parse(body.as_bytes()).is_none(), "{body}");
    }
}

#[test]
fn plain_http_only_to_neighbours() {
    let is_taken = |url: &str| ContainerCredentials::new(url, None).is_some();
    for url in [
        URL,
        "http://localhost:9001/x",
        "http://[::1]/x?y=z",
        "http://169.254.170.2/v2/credentials",
        "http://169.254.170.23/v1/credentials",
        "http://[fd00:ec2::23]/v1/credentials",
        "https://credentials.example.com/x",
    ] {
        assert!(is_taken(url), "{url}");
    }
    for url in [
        "http://credentials.example.com/x",
        "http://127.0.0.1.example.com/x",
        "http://169.254.169.254/latest",
        "http://169.254.170.2.example.com/x",
        "http://169.254.170.2@example.com/x",
        "ftp://127.0.0.1/x",
        "/v2/credentials",
        "127.0.0.1",
    ] {
        assert!(!is_taken(url), "{url}");
    }
}

#[test]
fn the_token() {
    assert_eq!(authorization(None), Ok(None));
    let text = |text: &str| Some(ContainerToken::Text(SecretText::new(text)));
    assert_eq!(authorization(text("Basic abcd")), Ok(Some("Basic abcd".to_owned())));
    let error = authorization(text("two\r\nlines")).unwrap_err();
    assert!(!error.contains("two"), "{error}");
}

#[test]
fn the_token_of_a_file_is_read_each_time() {
    let path = std::env::temp_dir().join(format!("gptdock-container-token-{}", std::process::id()));
    let place = at(Some(ContainerToken::File(path.to_string_lossy().into_owned())));
    let sent = || place.request().map(|request| request.headers().get("authorization").map(str::to_owned));
    for token in ["first", "second"] {
        std::fs::write(&path, format!("{token}\n")).unwrap();
        assert_eq!(sent(), Ok(Some(token.to_owned())));
    }
    std::fs::remove_file(&path).unwrap();
    assert!(sent().is_err_and(|error| error.contains("gptdock-container-token")));
}

#[test]
fn nothing_is_printed() {
    let printed = format!("{:?}", at(Some(ContainerToken::Text(SecretText::new("Basic abcd")))));
    assert!(!printed.contains("abcd"), "{printed}");
}
