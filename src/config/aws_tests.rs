#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use crate::{
    Config, ConfigError,
    secret::{AwsCredentials, AwsKeys, ContainerCredentials, ContainerToken, SecretText},
};

const LAMBDA: [(&str, &str); 4] = [
    ("AWS_REGION", "eu-west-1"),
    ("AWS_ACCESS_KEY_ID", "AKID"),
    ("AWS_SECRET_ACCESS_KEY", "secret-key"),
    ("AWS_SESSION_TOKEN", "session-token"),
];
const URL: (&str, &str) = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9001/x");
const SECRET: (&str, &str) = ("OPENAI_API_KEY_SECRET_ARN", "gptdock/openai");

fn read(set: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_lookup(|name| {
        let found = set.iter().chain(&[("AUTH_MODE", "none")]).find(|(key, _)| *key == name)?;
        Some(found.1.to_owned())
    })
}

fn credentials(set: &[(&str, &str)]) -> Option<AwsCredentials> {
    let always = [SECRET, LAMBDA[0]];
    read(&[&always[..], set].concat()).unwrap().aws.credentials
}

fn container(token: Option<ContainerToken>) -> Option<AwsCredentials> {
    ContainerCredentials::new(URL.1, token).map(AwsCredentials::Container)
}

#[test]
fn what_lambda_sets() {
    let config = read(&[&LAMBDA[..], &[SECRET]].concat()).unwrap();
    let keys = AwsKeys {
        access_key_id: SecretText::new("AKID"),
        secret_access_key: SecretText::new("secret-key"),
        session_token: Some(SecretText::new("session-token")),
    };
    assert_eq!(config.aws.credentials, Some(AwsCredentials::Keys(keys)));
    assert_eq!((config.aws.region.as_deref(), &config.aws.endpoint), (Some("eu-west-1"), &None));
    let printed = format!("{config:?}");
    assert!(
        !["AKID", "secret-key", "session-token"].iter().any(|value| printed.contains(value)),
        "{printed}"
    );
}

#[test]
fn the_other_region_and_the_endpoints() {
    let mut set = LAMBDA.to_vec();
    set.extend([SECRET, ("AWS_DEFAULT_REGION", "us-west-2"), ("AWS_ENDPOINT_URL", "http://all")]);
    set[0].1 = "";
    let aws = read(&set).unwrap().aws;
    assert_eq!((aws.region.as_deref(), aws.endpoint.as_deref()), (Some("us-west-2"), Some("http://all")));
    set.extend([("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://one")]);
    assert_eq!(read(&set).unwrap().aws.endpoint.as_deref(), Some("http://one"));
}

#[test]
fn a_container_serves_where_keys_are_missing() {
    let text = ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abcd");
    let file = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token");
    let by_text = || Some(ContainerToken::Text(SecretText::new("Basic abcd")));
    let by_file = || Some(ContainerToken::File("/token".to_owned()));
    assert_eq!(credentials(&[URL]), container(None));
    assert_eq!(credentials(&[URL, text]), container(by_text()));
    assert_eq!(credentials(&[URL, text, file]), container(by_file()));
    // One half of a pair is no key.
    assert_eq!(credentials(&[URL, LAMBDA[1]]), container(None));
    assert_eq!(credentials(&[URL, LAMBDA[2], ("AWS_ACCESS_KEY_ID", "")]), container(None));
    assert!(matches!(credentials(&[URL, text, LAMBDA[1], LAMBDA[2]]), Some(AwsCredentials::Keys(_))));
}

#[test]
fn what_a_secret_needs_is_told_at_once() {
    let problems = read(&[SECRET, ("MAX_RETRIES", "many")]).unwrap_err().0;
    assert_eq!(problems.len(), 3, "{problems:?}");
    let starts =
        ["MAX_RETRIES must", "AWS_REGION is not set", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not"];
    for start in starts {
        assert!(problems.iter().any(|problem| problem.starts_with(start)), "{start}: {problems:?}");
    }
    let advice = "set OPENAI_API_KEY instead, or export the AWS CLI's credentials: \
        eval \"$(aws configure export-credentials --format env)\"";
    assert!(problems.iter().any(|problem| problem.ends_with(advice)), "{problems:?}");
}

#[test]
fn the_tenants_secret_needs_the_same() {
    let tenants =
        [("AUTH_MODE", "connect"), ("CONNECT_TENANTS_SECRET_ARN", "tenants"), ("OPENAI_API_KEY", "sk-x")];
    let error = read(&tenants).unwrap_err();
    assert_eq!(error.0.len(), 2, "{error}");
    assert!(
        error.0.iter().all(|problem| problem.contains("but CONNECT_TENANTS_SECRET_ARN names")),
        "{error}"
    );
    assert!(!error.to_string().contains("OPENAI_API_KEY"), "{error}");
}

#[test]
fn without_a_secret_nothing_is_needed() {
    let aws = read(&[("OPENAI_API_KEY", "sk-x"), (URL.0, "nonsense")]).unwrap().aws;
    assert_eq!(aws, Default::default());
}

#[test]
fn a_container_that_could_be_anybody_is_refused() {
    let error =
        read(&[SECRET, LAMBDA[0], (URL.0, "http://credentials.example.com/hidden-word")]).unwrap_err();
    assert!(error.0.len() == 1 && error.0[0].starts_with(URL.0), "{error}");
    assert!(!error.to_string().contains("hidden-word"), "{error}");
}
