//! Reads a secret from AWS Secrets Manager.

use crate::http_client::{ReceiveError, aws::AwsHttp};
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_secretsmanager::{
    Client,
    config::{self, retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    operation::get_secret_value::GetSecretValueError,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::{error::Error, iter::successors, sync::Arc, time::Duration};
use tokio::{sync::OnceCell, time::timeout};

/// The limit of one attempt. Secrets Manager answers in about 50 ms.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// Two attempts fit into the ten seconds that Lambda gives the start.
const ATTEMPTS: u32 = 2;

/// The error names that may be logged. An answer can put anything in the place of the name.
/// Sources: the errors of `GetSecretValue`, and the common errors of the Secrets Manager API reference.
const KNOWN_ERRORS: &str = "AccessDeniedException DecryptionFailure ExpiredTokenException IncompleteSignature \
    IncompleteSignatureException InternalFailure InternalServiceError InvalidParameterException \
    InvalidRequestException InvalidSignatureException MissingAuthenticationTokenException NotAuthorized OptInRequired \
    RequestExpired ResourceNotFoundException ServiceUnavailable ThrottlingException UnrecognizedClientException \
    ValidationException";

/// A read failed. It holds fixed words and a status only, so it quotes neither an answer nor a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// There was no answer.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    /// Nothing was asked, or the answer has no text.
    #[error("{0}")]
    Failed(&'static str),
    /// The answer is an error, or something else than what was asked for.
    #[error("{0} ({1})")]
    Answered(&'static str, u16),
}

/// Reads secrets. Clones share the connection settings, which the first read loads.
#[derive(Clone)]
pub struct SecretsManager {
    http: AwsHttp,
    client: Arc<OnceCell<Client>>,
}

impl SecretsManager {
    /// A reader over the process's HTTP client.
    pub fn new(http: reqwest::Client) -> Self {
        Self { http: AwsHttp(http), client: Arc::default() }
    }

    /// Returns the current text of a secret. `id` is its ARN or its name.
    ///
    /// # Errors
    /// [`ReadError`] after two attempts of 3 s, or as soon as Secrets Manager refuses.
    pub async fn read(&self, id: &str) -> Result<String, ReadError> {
        let client = self.client.get_or_try_init(|| load(self.http.clone())).await?;
        let answer =
            client.get_secret_value().secret_id(id).send().await.map_err(|error| classify(&error))?;
        answer.secret_string.ok_or(ReadError::Failed("the secret holds bytes, not text"))
    }
}

/// Loads region, credentials and endpoint as all AWS tools do: environment, profile, web identity, container.
async fn load(http: AwsHttp) -> Result<Client, ReadError> {
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load();
    // Without a region anywhere else, the SDK asks for one at an address that leads nowhere outside of EC2.
    let config = timeout(ATTEMPT_TIMEOUT, config).await.ok().filter(|config| config.region().is_some());
    Ok(connect(&config.ok_or(ReadError::Failed("no region"))?))
}

fn connect(config: &SdkConfig) -> Client {
    let config = config::Builder::from(config)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build());
    Client::from_conf(config.build())
}

fn classify(error: &SdkError<GetSecretValueError, HttpResponse>) -> ReadError {
    let status = error.raw_response().map(|response| response.status());
    match (error, status) {
        (SdkError::TimeoutError(_), _) => ReceiveError::TimedOut.into(),
        (SdkError::ServiceError(service), Some(status)) if !status.is_success() => {
            let known = KNOWN_ERRORS.split(' ').find(|name| service.err().code() == Some(name));
            ReadError::Answered(known.unwrap_or("service error"), status.as_u16())
        }
        (_, Some(status)) => ReadError::Answered("malformed answer", status.as_u16()),
        (_, None) => {
            let causes = successors(error.source(), |cause| (*cause).source());
            let ours = causes.filter_map(|cause| cause.downcast_ref::<ReceiveError>().copied()).next();
            ours.map_or(ReadError::Failed("no credentials, or an unusable endpoint"), ReadError::Receive)
        }
    }
}

#[cfg(test)]
#[path = "secrets_manager_tests.rs"]
pub(super) mod tests;
