//! Reads a secret from AWS Secrets Manager.

use super::{Cached, SecretError, trim};
use crate::http_client::{ReadError, aws};
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_secretsmanager::{
    Client,
    config::{self, retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    operation::get_secret_value::GetSecretValueError,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::{error::Error, fmt::Display, iter::successors, sync::Arc, time::Duration};
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

/// Reads secrets. Clones share the connection settings, which the first read loads.
#[derive(Clone)]
pub struct SecretsManager {
    http: reqwest::Client,
    /// How long a secret is fresh.
    ttl: Duration,
    client: Arc<OnceCell<Client>>,
}

impl SecretsManager {
    /// A reader over the process's HTTP client. A secret is fresh for `ttl`.
    pub fn new(http: reqwest::Client, ttl: Duration) -> Self {
        Self { http, ttl, client: Arc::default() }
    }

    /// A secret that is parsed once for each read. `id` is its ARN or its name; `name` stands in the log.
    pub fn cached<T: Send + Sync + 'static>(
        &self,
        name: &'static str,
        id: &str,
        parse: fn(&str) -> Result<T, SecretError>,
    ) -> Cached<T> {
        let (manager, id) = (self.clone(), Arc::<str>::from(id));
        Cached::new(self.ttl, move || {
            let (manager, id) = (manager.clone(), Arc::clone(&id));
            async move {
                let warn = |reason: &dyn Display| tracing::warn!(event = "secret_unreadable", secret = name, %reason);
                let text = manager.read(&id).await.inspect_err(|error| warn(error)).ok()?;
                parse(trim(&text)).inspect_err(|error| warn(error)).ok()
            }
        })
    }

    /// Returns the current text of a secret, after two attempts of 3 s at most.
    async fn read(&self, id: &str) -> Result<String, ReadError> {
        let client = self.client.get_or_try_init(|| load(self.http.clone())).await?;
        let answer =
            client.get_secret_value().secret_id(id).send().await.map_err(|error| classify(&error))?;
        answer.secret_string.ok_or(ReadError::Failed("the secret holds bytes, not text"))
    }
}

/// Loads region, credentials and endpoint as all AWS tools do: environment, profile, web identity, container.
async fn load(http: reqwest::Client) -> Result<Client, ReadError> {
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(aws::client(http)).load();
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
        (SdkError::TimeoutError(_), _) => ReadError::TimedOut,
        (SdkError::ServiceError(service), Some(status)) if !status.is_success() => {
            let known = KNOWN_ERRORS.split(' ').find(|name| service.err().code() == Some(name));
            ReadError::Answered(known.unwrap_or("service error"), status.as_u16())
        }
        (_, Some(status)) => ReadError::Answered("malformed answer", status.as_u16()),
        (_, None) => {
            let mut causes = successors(error.source(), |cause| (*cause).source());
            causes.find_map(|cause| cause.downcast_ref().copied()).unwrap_or(ReadError::Unusable)
        }
    }
}

#[cfg(test)]
#[path = "secrets_manager_tests.rs"]
pub(super) mod tests;
