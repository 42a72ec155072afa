//! The AWS SDK's HTTP over the process's own client.

use super::{ReceiveError, read_body};
use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use reqwest::{Client, Request};
use std::{mem, time::Duration};

/// The largest body that is read. The largest secret has 64 KiB.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// A [`Client`] with the interface that the SDK asks for.
#[derive(Debug, Clone)]
pub struct AwsHttp {
    client: Client,
    timeout: Option<Duration>,
}

impl AwsHttp {
    /// Wraps the client.
    pub fn new(client: Client) -> Self {
        Self { client, timeout: None }
    }

    async fn send(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let mut request = convert(request)?;
        *request.timeout_mut() = self.timeout;
        let mut response = self.client.execute(request).await.map_err(|error| connector_error(error.into()))?;
        let (status, headers) = (response.status(), mem::take(response.headers_mut()));
        let body = read_body(response, MAX_BODY_BYTES).await.map_err(connector_error)?;
        let mut converted = HttpResponse::new(status.into(), SdkBody::from(body));
        *converted.headers_mut() =
            headers.try_into().map_err(|_| ConnectorError::user("a header is not text".into()))?;
        Ok(converted)
    }
}

impl HttpClient for AwsHttp {
    /// The SDK limits the attempts of a read itself. The hosts of credentials come with time-outs of their own here.
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let connect = settings.connect_timeout().unwrap_or_default();
        let timeout = settings.read_timeout().map(|read| connect + read);
        SharedHttpConnector::new(Self { client: self.client.clone(), timeout })
    }
}

impl HttpConnector for AwsHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().send(request))
    }
}

fn convert(request: HttpRequest) -> Result<Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let bytes = body.bytes().ok_or_else(|| ConnectorError::user("the request's body is a stream".into()))?.to_vec();
    Request::try_from(http::Request::from_parts(parts, bytes)).map_err(|error| ConnectorError::user(error.into()))
}

/// The SDK repeats a request after a time-out or a broken connection, and after nothing else.
fn connector_error(error: ReceiveError) -> ConnectorError {
    match &error {
        ReceiveError::TooLarge => ConnectorError::user(error.into()),
        ReceiveError::Http(cause) if cause.is_timeout() => ConnectorError::timeout(error.into()),
        ReceiveError::Http(_) => ConnectorError::io(error.into()),
    }
}
