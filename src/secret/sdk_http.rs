//! The AWS SDK's HTTP over the process's own client: one TLS configuration, one set of roots, no second stack.

use crate::gateway::Client;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::{HttpError, StatusCode},
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};

/// A [`Client`] as the SDK wants one. Time-outs are the SDK's own, around each call.
#[derive(Debug, Clone)]
pub struct SdkHttp(pub Client);

impl HttpClient for SdkHttp {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for SdkHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let response = client.send(into_http(request)?).await.map_err(dispatch_error)?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.map_err(dispatch_error)?.to_bytes();
            let mut answer = HttpResponse::new(StatusCode::from(parts.status), SdkBody::from(body));
            *answer.headers_mut() = parts
                .headers
                .try_into()
                .map_err(|error: HttpError| ConnectorError::other(error.into(), None))?;
            Ok(answer)
        })
    }
}

fn into_http(request: HttpRequest) -> Result<Request<Full<Bytes>>, ConnectorError> {
    let (parts, body) =
        request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?.into_parts();
    let Some(bytes) = body.bytes() else {
        return Err(ConnectorError::user("Secrets Manager's requests have their bodies in memory".into()));
    };
    Ok(Request::from_parts(parts, Bytes::copy_from_slice(bytes).into()))
}

fn dispatch_error(error: impl Into<BoxError>) -> ConnectorError {
    ConnectorError::io(error.into())
}
