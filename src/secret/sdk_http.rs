//! The AWS SDK's HTTP over the process's own client: one TLS configuration, one set of roots, no second stack.

use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::{HttpError, StatusCode},
};
use aws_smithy_types::body::SdkBody;

/// A [`reqwest::Client`] as the SDK wants one. Time-outs are the SDK's own, around each call.
#[derive(Debug, Clone)]
pub struct SdkHttp(pub reqwest::Client);

impl HttpClient for SdkHttp {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for SdkHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = into_reqwest(request)?;
            let response = client.execute(request).await.map_err(dispatch_error)?;
            let status = StatusCode::from(response.status());
            let headers = response.headers().clone();
            let body = response.bytes().await.map_err(dispatch_error)?;
            let mut answer = HttpResponse::new(status, SdkBody::from(body));
            *answer.headers_mut() =
                headers.try_into().map_err(|error: HttpError| ConnectorError::other(error.into(), None))?;
            Ok(answer)
        })
    }
}

fn into_reqwest(request: HttpRequest) -> Result<reqwest::Request, ConnectorError> {
    let (parts, body) =
        request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?.into_parts();
    let Some(bytes) = body.bytes() else {
        return Err(ConnectorError::user("Secrets Manager's requests have their bodies in memory".into()));
    };
    http::Request::from_parts(parts, bytes.to_vec())
        .try_into()
        .map_err(|error: reqwest::Error| ConnectorError::user(error.into()))
}

fn dispatch_error(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() { ConnectorError::timeout(error.into()) } else { ConnectorError::io(error.into()) }
}
