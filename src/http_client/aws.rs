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
use std::mem;

/// The largest body that is read. The largest secret has 64 KiB.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// A [`Client`] with the interface that the SDK asks for. The caller of the SDK limits the time of each attempt.
#[derive(Debug, Clone)]
pub struct AwsHttp(pub Client);

impl HttpClient for AwsHttp {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for AwsHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request =
                convert(request).ok_or_else(|| ConnectorError::user("not an HTTP request".into()))?;
            let mut response =
                client.execute(request).await.map_err(|error| connector_error(error.into()))?;
            let (status, headers) = (response.status(), mem::take(response.headers_mut()));
            let body = read_body(response, MAX_BODY_BYTES).await.map_err(connector_error)?;
            let mut converted = HttpResponse::new(status.into(), SdkBody::from(body));
            *converted.headers_mut() =
                headers.try_into().map_err(|_| ConnectorError::user("a header is not text".into()))?;
            Ok(converted)
        })
    }
}

fn convert(request: HttpRequest) -> Option<Request> {
    let (parts, body) = request.try_into_http1x().ok()?.into_parts();
    Request::try_from(http::Request::from_parts(parts, body.bytes()?.to_vec())).ok()
}

/// The SDK repeats a request after a time-out or a broken connection, and after nothing else.
fn connector_error(error: ReceiveError) -> ConnectorError {
    match error {
        ReceiveError::TimedOut => ConnectorError::timeout(error.into()),
        ReceiveError::Connect | ReceiveError::Broken => ConnectorError::io(error.into()),
        ReceiveError::TooLarge => ConnectorError::user(error.into()),
    }
}
