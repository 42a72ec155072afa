//! The AWS SDK's HTTP over the process's own client.

use super::{ReadError, read_body};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use reqwest::Client;
use std::mem;

/// The largest body that is read. The largest secret has 64 KiB.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The interface that the SDK asks for. The caller of the SDK limits the time of each attempt.
pub fn client(http: Client) -> SharedHttpClient {
    http_client_fn(move |_, _| SharedHttpConnector::new(Connector(http.clone())))
}

#[derive(Debug)]
struct Connector(Client);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        // The SDK repeats a request after a time-out or a broken connection, and after nothing else.
        HttpConnectorFuture::new(async move {
            send(client, request).await.map_err(|error| match error {
                ReadError::Connect | ReadError::Broken => ConnectorError::io(error.into()),
                ReadError::TimedOut => ConnectorError::timeout(error.into()),
                _ => ConnectorError::user(error.into()),
            })
        })
    }
}

async fn send(client: Client, request: HttpRequest) -> Result<HttpResponse, ReadError> {
    let request = request.try_into_http1x().map_err(|_| ReadError::Unusable)?;
    let request = request.map(|body| body.bytes().unwrap_or_default().to_vec());
    let request = request.try_into().map_err(|_| ReadError::Unusable)?;
    let mut response = client.execute(request).await?;
    let (status, headers) = (response.status(), mem::take(response.headers_mut()));
    let body = read_body(response, MAX_BODY_BYTES).await?;
    let mut converted = HttpResponse::new(status.into(), SdkBody::from(body));
    *converted.headers_mut() = headers.try_into().map_err(|_| ReadError::Unusable)?;
    Ok(converted)
}
