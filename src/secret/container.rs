//! Credentials that a host beside the process hands out, after the [container credential provider][guide] of AWS's SDKs.
//! The SDK keeps what this brings until shortly before it expires.
//!
//! [guide]: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html

use super::{SecretText, sdk_http::SdkHttp};
use crate::auth::is_trustworthy;
use aws_credential_types::{
    Credentials,
    provider::{self, ProvideCredentials, error::CredentialsError, future},
};
use aws_smithy_runtime_api::client::{http::HttpConnector, orchestrator::HttpRequest};
use aws_smithy_types::{DateTime, body::SdkBody, date_time::Format, error::display::DisplayErrorContext};
use http::{Request, Uri, header::AUTHORIZATION};
use serde::Deserialize;
use std::time::{Duration, SystemTime};

/// The host is on this machine or next to it; this is for one that hangs.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The agents of ECS and EKS, which answer plain HTTP on link-local addresses.
const AGENTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];

/// Where the credentials are handed out, and with which token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerCredentials {
    url: Uri,
    token: Option<ContainerToken>,
}

/// What the host wants to see in `Authorization`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerToken {
    /// `AWS_CONTAINER_AUTHORIZATION_TOKEN`.
    Text(SecretText),
    /// `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`: a path. The file changes, so it is read each time.
    File(String),
}

impl ContainerCredentials {
    /// Credentials from `url`: `https`, or `http` to this machine or to an agent of ECS or EKS. `None` for any
    /// other, which could be anybody's.
    pub fn new(url: &str, token: Option<ContainerToken>) -> Option<Self> {
        let url = url.parse().ok().filter(|url| is_trustworthy(url) || is_agent(url))?;
        Some(Self { url, token })
    }

    pub(super) fn over(&self, http: SdkHttp) -> ContainerProvider {
        ContainerProvider { place: self.clone(), http }
    }

    fn request(&self) -> Result<HttpRequest, String> {
        let mut request = Request::get(&self.url);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token.read()?);
        }
        let request = request.body(SdkBody::empty()).map_err(|error| error.to_string())?;
        request.try_into().map_err(|_| "no request can be made of it".to_owned())
    }
}

fn is_agent(url: &Uri) -> bool {
    url.scheme_str() == Some("http") && url.host().is_some_and(|host| AGENTS.contains(&host))
}

impl ContainerToken {
    /// The header's value; no sentence of an error tells it.
    fn read(&self) -> Result<String, String> {
        let token = match self {
            Self::Text(token) => token.expose().to_owned(),
            Self::File(path) => std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?,
        };
        Ok(token.trim().to_owned())
    }
}

/// [`ContainerCredentials`] as the SDK asks for them.
#[derive(Debug)]
pub(super) struct ContainerProvider {
    place: ContainerCredentials,
    http: SdkHttp,
}

impl ContainerProvider {
    async fn read(&self) -> Result<Credentials, String> {
        let answer = self.http.call(self.place.request()?).await;
        let answer = answer.map_err(|error| DisplayErrorContext(error).to_string())?;
        if answer.status().as_u16() != 200 {
            return Err(format!("the host of the credentials answered {}", answer.status()));
        }
        parse(answer.body().bytes().unwrap_or_default())
            .ok_or_else(|| "the host of the credentials answered something else".to_owned())
    }
}

impl ProvideCredentials for ContainerProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let read = tokio::time::timeout(TIMEOUT, self.read()).await;
            let read = read.map_err(|_| CredentialsError::provider_timed_out(TIMEOUT))?;
            read.map_err(CredentialsError::provider_error) as provider::Result
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
    expiration: Option<String>,
}

/// Reads an answer. An expiry that can't be read spoils it: without one, the SDK would guess.
fn parse(body: &[u8]) -> Option<Credentials> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    let expiry = match answer.expiration {
        Some(text) => Some(SystemTime::try_from(DateTime::from_str(&text, Format::DateTime).ok()?).ok()?),
        None => None,
    };
    Some(Credentials::new(answer.access_key_id, answer.secret_access_key, answer.token, expiry, "Container"))
}

#[cfg(test)]
#[path = "container_tests.rs"]
mod tests;
