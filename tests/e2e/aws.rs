//! AWS credentials: where they come from, and what the function logs without them.

use crate::support::key_host::{Answer, KeyHost as CredentialHost};
use crate::support::world::{Setup, World};
use serde_json::json;
use std::time::Instant;

const TOKEN: &str = "Basic container-token";

fn handed_out(id: &str, expiration: &str) -> Answer {
    let body = json!({
        "AccessKeyId": id,
        "SecretAccessKey": "container-secret",
        "Token": format!("session of {id}"),
        "Expiration": expiration,
        "AccountId": "123456789012",
    });
    Answer::Plain(200, body.to_string())
}

fn without_keys() -> Setup {
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
        .into_iter()
        .fold(Setup::new(), |setup, name| setup.without(name))
}

fn beside(host: &CredentialHost) -> Setup {
    let url = format!("http://{}/credentials?of=function", host.address);
    without_keys()
        .with("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url)
        .with("AWS_CONTAINER_AUTHORIZATION_TOKEN", TOKEN)
}

/// The access key id and the session token of each read of a secret.
fn signers(world: &World) -> Vec<(String, String)> {
    let heads = world.secrets.seen();
    let signer = |head: &crate::support::wire::Head| {
        let scope = head.get("authorization")?.split_once("Credential=")?.1;
        let token = head.get("x-amz-security-token")?;
        Some((scope.split_once('/')?.0.to_owned(), token.to_owned()))
    };
    heads.iter().map(|head| signer(head).unwrap()).collect()
}

fn signer(id: &str) -> (String, String) {
    (id.to_owned(), format!("session of {id}"))
}

#[tokio::test]
async fn the_keys_of_the_environment_sign() {
    let world = Setup::new().start().await;
    world.is_healthy().await;
    assert_eq!(signers(&world), [("AKIDEXAMPLE".to_owned(), "token".to_owned())]);
    let head = world.secrets.seen().remove(0);
    assert!(head.get("authorization").unwrap().contains("/us-east-1/secretsmanager/aws4_request"));
}

#[tokio::test]
async fn the_default_region_serves_as_well() {
    let setup = Setup::new().without("AWS_REGION").with("AWS_DEFAULT_REGION", "eu-west-3");
    let world = setup.start().await;
    world.is_healthy().await;
    let head = world.secrets.seen().remove(0);
    assert!(head.get("authorization").unwrap().contains("/eu-west-3/secretsmanager/aws4_request"));
}

#[tokio::test]
async fn a_container_hands_them_out_where_the_environment_has_none() {
    let host = CredentialHost::start(handed_out("AKIDONE", "2099-01-01T00:00:00Z")).await;
    let world = beside(&host).with("SECRET_TTL_SECONDS", "0").start().await;
    world.is_healthy().await;
    world.is_healthy().await;
    world.secrets.read(2).await;
    let heads = host.seen();
    assert_eq!(heads.len(), 1, "they are kept until they expire");
    let asked = (heads[0].method.as_str(), heads[0].target.as_str(), heads[0].get("authorization"));
    assert_eq!(asked, ("GET", "/credentials?of=function", Some(TOKEN)));
    assert!(signers(&world).iter().all(|seen| *seen == signer("AKIDONE")));
}

#[tokio::test]
async fn what_has_expired_is_fetched_again() {
    let host = CredentialHost::start(handed_out("AKIDONE", "2020-01-01T00:00:00Z")).await;
    let world = beside(&host).with("SECRET_TTL_SECONDS", "0").start().await;
    world.secrets.read(1).await;
    host.set(handed_out("AKIDTWO", "2099-01-01T00:00:00Z"));
    world.is_healthy().await;
    world.secrets.read(2).await;
    let signers = signers(&world);
    assert_eq!((&signers[0], signers.last()), (&signer("AKIDONE"), Some(&signer("AKIDTWO"))));
}

#[tokio::test]
async fn the_keys_of_the_environment_come_first() {
    let host = CredentialHost::start(handed_out("AKIDONE", "2099-01-01T00:00:00Z")).await;
    let world = beside(&host)
        .with("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .with("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        .with("AWS_SESSION_TOKEN", "token")
        .start()
        .await;
    world.is_healthy().await;
    assert_eq!(host.fetches(), 0);
}

#[tokio::test]
async fn a_host_that_hands_out_nothing_is_503_and_tried_again() {
    use crate::support::event::Dialect;
    let wrong = r#"{"code":"Denied","message":"hidden-word"}"#.to_owned();
    for answer in [Answer::Plain(403, wrong.clone()), Answer::Plain(200, wrong), Answer::Hang] {
        let host = CredentialHost::start(answer).await;
        let world = beside(&host).launch().await;
        let started = Instant::now();
        let response = world.ask(Dialect::Conversations.ask()).await;
        response.refused(Dialect::Conversations, 503, "secret_unavailable");
        assert!(started.elapsed().as_secs() < 10);
        let said = world.function.lines().join("\n");
        assert!(!said.contains("hidden-word") && !said.contains("container-token"), "{said}");
        assert_eq!(world.secrets.seen().len(), 0);
        host.set(handed_out("AKIDONE", "2099-01-01T00:00:00Z"));
        while world.ask(Dialect::Conversations.ask()).await.status != 200 {
            assert!(started.elapsed().as_secs() < 20, "no recovery");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

/// The SDK's chain of credentials ends nowhere: the log names the kind of the error.
#[tokio::test]
async fn without_credentials_it_is_503_and_the_log_says_why() {
    use crate::support::event::Dialect;
    let world = without_keys().launch().await;
    let response = world.ask(Dialect::Conversations.ask()).await;
    response.refused(Dialect::Conversations, 503, "secret_unavailable");
    let unreadable = |line: &serde_json::Value| line["event"] == "secret_unreadable";
    let line = world.function.line("why the secret cannot be read", unreadable).await;
    assert!(line["reason"].as_str().unwrap().contains("no credentials"), "{line}");
    assert_eq!(world.secrets.reads(), 0);
}

#[tokio::test]
async fn with_the_key_itself_a_laptop_needs_neither() {
    let setup = without_keys().without("AWS_REGION").without("OPENAI_API_KEY_SECRET_ARN");
    let world = setup.with("OPENAI_API_KEY", "sk-test-env").start().await;
    world.is_healthy().await;
}
