#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::http_client::{
    self,
    stub_server::{StubServer, response},
};
use aws_sdk_secretsmanager::config::{Credentials, Region, SharedCredentialsProvider};
use std::time::Instant;

/// A reader of the secrets of `server`.
pub(in crate::secrets) fn reader(server: &StubServer) -> SecretsManager {
    at(&server.url, true)
}

fn at(url: &str, has_credentials: bool) -> SecretsManager {
    let http = http_client::build(Duration::from_secs(2)).unwrap();
    let manager = SecretsManager::new(http.clone(), Duration::from_secs(300));
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    let credentials = has_credentials.then(|| SharedCredentialsProvider::new(credentials));
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .http_client(aws::client(http));
    config.set_credentials_provider(credentials);
    let client = Arc::new(OnceCell::new_with(Some(connect(&config.build()))));
    SecretsManager { client, ..manager }
}

async fn read(server: &StubServer) -> Result<String, String> {
    reader(server).read("the-secret").await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn reads_the_text_of_a_secret() {
    let server = StubServer::start(200, r#"{"SecretString":"sk-1","CreatedDate":1.5,"Name":"x"}"#).await;
    assert_eq!(read(&server).await, Ok("sk-1".to_owned()));
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    for part in
        ["POST / ", "x-amz-target: secretsmanager.GetSecretValue", "/us-east-1/secretsmanager/aws4_request"]
    {
        assert!(requests[0].contains(part), "{requests:?}");
    }
}

#[tokio::test]
async fn a_malformed_answer_is_not_quoted() {
    let server = StubServer::start(200, "").await;
    for (status, body, expected) in [
        (200, r#"{"SecretString":"sk-LEAKED","CreatedDate":"yesterday"}"#, "malformed answer (200)"),
        (200, r#"{"SecretString":["sk-LEAKED"]}"#, "malformed answer (200)"),
        (200, r#"{"SecretString":"sk-LEAKED""#, "malformed answer (200)"),
        (200, "sk-LEAKED", "malformed answer (200)"),
        (200, r#"{"SecretBinary":"sk-LEAKED!"}"#, "malformed answer (200)"),
        (200, r#"{"SecretBinary":"TEFLRUQ="}"#, "the secret holds bytes, not text"),
        (200, "{}", "the secret holds bytes, not text"),
        (
            400,
            r#"{"__type":"InvalidRequestException","message":"sk-LEAKED"}"#,
            "InvalidRequestException (400)",
        ),
        (400, r#"{"__type":"AccessDeniedException","Message":"sk-LEAKED"}"#, "AccessDeniedException (400)"),
        (400, r#"{"__type":"sk-LEAKED"}"#, "service error (400)"),
        (400, "sk-LEAKED", "service error (400)"),
        (403, "<html>sk-LEAKED</html>", "service error (403)"),
        (301, "sk-LEAKED", "service error (301)"),
    ] {
        server.answer(status, body);
        assert_eq!(read(&server).await, Err(expected.to_owned()), "{status} {body}");
    }
    server.send(response(200, r#"{"SecretString":"sk-LEAKED"#, 100));
    assert_eq!(read(&server).await, Err("the connection broke".to_owned()));
}

#[tokio::test]
async fn reads_at_most_one_mebibyte() {
    let body = format!(r#"{{"SecretString":[{}0]}}"#, "[],".repeat(400_000));
    let server = StubServer::start(200, &body).await;
    assert_eq!(read(&server).await, Err("the answer is too large".to_owned()));
    assert_eq!(server.requests().len(), 1, "it is not read twice");
}

#[tokio::test]
async fn tries_a_failing_service_twice() {
    let server = StubServer::start(500, "sk-LEAKED").await;
    assert_eq!(read(&server).await, Err("service error (500)".to_owned()));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn gives_a_silent_service_up_after_two_attempts() {
    let server = StubServer::start(200, "").await;
    server.send(None);
    let started = Instant::now();
    assert_eq!(read(&server).await, Err("timed out".to_owned()));
    assert_eq!(server.requests().len(), 2);
    assert!(started.elapsed() >= ATTEMPT_TIMEOUT * ATTEMPTS, "{:?}", started.elapsed());
}

#[tokio::test]
async fn names_the_kind_of_a_failure_before_the_answer() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nobody = format!("http://{nobody}");
    let unusable = "no credentials, or an unusable endpoint";
    for (url, has_credentials, expected) in [
        (&*nobody, true, "could not connect"),
        ("LEAKED", true, unusable),
        ("http://LEAKED LEAKED/", true, unusable),
        (&*nobody, false, unusable),
    ] {
        let error = at(url, has_credentials).read("the-secret").await.unwrap_err();
        assert_eq!(error.to_string(), expected, "{url}");
    }
}
