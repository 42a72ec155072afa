//! Who we are at AWS.

use super::{SecretText, container::ContainerCredentials, sdk_http::SdkHttp};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};

/// Where the credentials for AWS come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwsCredentials {
    /// The environment has them, as Lambda sets them.
    Keys(AwsKeys),
    /// A host beside us hands them out, as in those of Lambda's environments that outlive any credentials.
    Container(ContainerCredentials),
}

/// Credentials that are good for as long as the process lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsKeys {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: SecretText,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: SecretText,
    /// `AWS_SESSION_TOKEN`; long-lived keys have none.
    pub session_token: Option<SecretText>,
}

impl AwsCredentials {
    /// What the SDK asks for credentials.
    pub(super) fn provider(&self, http: &SdkHttp) -> SharedCredentialsProvider {
        match self {
            Self::Keys(keys) => SharedCredentialsProvider::new(Credentials::new(
                keys.access_key_id.expose(),
                keys.secret_access_key.expose(),
                keys.session_token.as_ref().map(|token| token.expose().to_owned()),
                None,
                "Environment",
            )),
            Self::Container(container) => SharedCredentialsProvider::new(container.over(http.clone())),
        }
    }
}
