//! Reading one secret from Secrets Manager, once.

use super::{AwsCredentials, sdk_http::SdkHttp};
use aws_sdk_secretsmanager::{
    Client, Config,
    config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig},
    error::DisplayErrorContext,
};
use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

/// One try may take this long; Secrets Manager answers in some 50 ms.
const TRY_TIMEOUT: Duration = Duration::from_secs(3);
/// Two tries fit into Lambda's ten seconds for the start.
const TRIES: u32 = 2;

/// Where AWS is and who we are there, as the environment says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsEnvironment {
    /// `AWS_REGION`, else `AWS_DEFAULT_REGION`; always there when a secret is to be read.
    pub region: Option<String>,
    /// Who we are; always there when a secret is to be read.
    pub credentials: Option<AwsCredentials>,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`, else `AWS_ENDPOINT_URL`.
    pub endpoint: Option<String>,
}

/// Reads secrets. Cheap to clone; it connects with the first read.
#[derive(Clone)]
pub struct SecretReader {
    http: crate::gateway::Client,
    environment: AwsEnvironment,
    client: Arc<OnceLock<Client>>,
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
        let client = self.client.get_or_init(|| self.connect());
        let answer = client.get_secret_value().secret_id(id).send().await;
        let answer = answer.map_err(|error| ReadError(DisplayErrorContext(error).to_string()))?;
        answer.secret_string.ok_or_else(|| ReadError("the secret holds bytes, not a string".to_owned()))
    }

    /// Without the SDK's default chain (profiles, SSO, instance metadata): it costs megabytes to build, files and
    /// milliseconds to ask, and inside Lambda the environment says everything.
    fn connect(&self) -> Client {
        let AwsEnvironment { region, credentials, endpoint } = &self.environment;
        let http = SdkHttp(self.http.clone());
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(region.clone().map(Region::new))
            .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(TRY_TIMEOUT).build());
        config.set_credentials_provider(credentials.as_ref().map(|credentials| credentials.provider(&http)));
        config.set_endpoint_url(endpoint.clone());
        Client::from_conf(config.http_client(http).build())
    }
}
