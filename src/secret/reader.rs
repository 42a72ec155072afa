//! Reading one secret from Secrets Manager, once.

use super::sdk_http::SdkHttp;
use aws_config::{BehaviorVersion, Region, SdkConfig, environment::EnvironmentVariableCredentialsProvider};
use aws_sdk_secretsmanager::{
    Client,
    config::{SharedCredentialsProvider, retry::RetryConfig, timeout::TimeoutConfig},
    error::DisplayErrorContext,
};
use std::{fmt, time::Duration};
use tokio::sync::OnceCell;

/// One try may take this long; Secrets Manager answers in some 50 ms.
const TRY_TIMEOUT: Duration = Duration::from_secs(3);
/// Two tries fit into Lambda's ten seconds for the start.
const TRIES: u32 = 2;

/// Where AWS is and who we are there, as the environment says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsEnvironment {
    /// `AWS_REGION`.
    pub region: Option<String>,
    /// `AWS_ACCESS_KEY_ID` is set, as it always is inside Lambda.
    pub has_credentials: bool,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`, else `AWS_ENDPOINT_URL`.
    pub endpoint: Option<String>,
}

/// Reads secrets. Cheap to clone; it connects with the first read.
#[derive(Clone)]
pub struct SecretReader {
    http: crate::gateway::Client,
    environment: AwsEnvironment,
    client: std::sync::Arc<OnceCell<Client>>,
}

/// Why a read failed, for the log: the SDK's words, which name no value.
#[derive(Debug)]
pub struct ReadError(pub String);

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl SecretReader {
    /// A reader over the process's HTTP client.
    pub fn new(http: crate::gateway::Client, environment: AwsEnvironment) -> Self {
        Self { http, environment, client: Default::default() }
    }

    /// The secret's current string value. `id` is its ARN or its name.
    ///
    /// # Errors
    /// After 3 s, twice at most, or as soon as Secrets Manager refuses.
    pub async fn read(&self, id: &str) -> Result<String, ReadError> {
        let client = self.client.get_or_init(|| self.connect()).await;
        let answer = client.get_secret_value().secret_id(id).send().await;
        let answer = answer.map_err(|error| ReadError(DisplayErrorContext(error).to_string()))?;
        answer.secret_string.ok_or_else(|| ReadError("the secret holds bytes, not a string".to_owned()))
    }

    async fn connect(&self) -> Client {
        let config = self.sdk_config().await;
        let mut config = aws_sdk_secretsmanager::config::Builder::from(&config)
            .http_client(SdkHttp(self.http.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(TRY_TIMEOUT).build());
        if let Some(endpoint) = &self.environment.endpoint {
            config = config.endpoint_url(endpoint);
        }
        Client::from_conf(config.build())
    }

    /// Inside Lambda the environment says everything. The SDK's whole chain (profiles, SSO, instance metadata)
    /// costs files and milliseconds, so only laptops pay for it.
    async fn sdk_config(&self) -> SdkConfig {
        match &self.environment {
            AwsEnvironment { region: Some(region), has_credentials: true, .. } => SdkConfig::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new(region.clone()))
                .credentials_provider(SharedCredentialsProvider::new(
                    EnvironmentVariableCredentialsProvider::new(),
                ))
                .build(),
            _ => {
                let defaults = aws_config::defaults(BehaviorVersion::latest());
                defaults.http_client(SdkHttp(self.http.clone())).load().await
            }
        }
    }
}
