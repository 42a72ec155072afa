//! The HTTP server: the chat page, and the application for every other path.

use bytes::Bytes;
use gptdock::{
    App,
    app::RequestContext,
    error::{ApiError, ApiErrorKind},
    response::ResponseBody,
};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN},
    uri::Authority,
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::net::{TcpListener, TcpStream};

/// Lambda's limit.
const MAX_REQUEST_BYTES: usize = 6 << 20;

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const FILES: [(&str, &str, &str); 5] = [
    ("/", "text/html; charset=utf-8", include_str!("page.html")),
    ("/page.css", "text/css; charset=utf-8", include_str!("page.css")),
    ("/page.js", JAVASCRIPT, include_str!("page.js")),
    ("/answer.js", JAVASCRIPT, include_str!("answer.js")),
    ("/markdown.js", JAVASCRIPT, include_str!("markdown.js")),
];

/// The page shows what a model writes. Only the page's own scripts may run.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub struct Server {
    app: App,
    gateway: &'static str,
    is_open: bool,
    time_limit: Duration,
}

impl Server {
    pub fn new(app: App, is_demo: bool, is_open: bool, time_limit: Duration) -> Arc<Self> {
        let gateway = if is_demo { "Demonstration" } else { "Real" };
        Arc::new(Self { app, gateway, is_open, time_limit })
    }

    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(Arc::clone(&self).connection(stream))),
                // No file handle is free. Others close soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream) {
        // Otherwise Nagle's algorithm delays each event by up to 40 ms.
        let _ = stream.set_nodelay(true);
        let service = service_fn(async |request| Ok::<_, Infallible>(self.respond(request).await));
        // An error means that the browser left. The response body is dropped, which ends the gateway's request.
        let _ = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    async fn respond(&self, request: Request<Incoming>) -> Response<ResponseBody> {
        if self.is_open && !is_local(request.headers()) {
            let sentence = r#"{"error":"With AUTH_MODE none, only pages of this machine may call."}"#;
            let mut response = complete("application/json", sentence.into());
            *response.status_mut() = StatusCode::FORBIDDEN;
            return response;
        }
        let file = FILES.iter().find(|(path, ..)| *path == request.uri().path());
        if let (&Method::GET | &Method::HEAD, Some((_, content_type, text))) = (request.method(), file) {
            return complete(content_type, text.replace("{{gateway}}", self.gateway).into());
        }
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, MAX_REQUEST_BYTES).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(_) => Err(ApiError::from(ApiErrorKind::TooLarge)),
        };
        let context = RequestContext {
            request_id: format!("{:032x}", fastrand::u128(..)),
            trace_id: None,
            time_left: self.time_limit,
        };
        self.app.handle(Request::from_parts(parts, body), &context).await
    }
}

/// Any page on the web can make a browser send a request to this port, which would spend the user's money.
fn is_local(headers: &HeaderMap) -> bool {
    let host = |value: &HeaderValue| {
        let text = value.to_str().ok()?;
        let authority = text.split_once("://").map_or(text, |(_, authority)| authority);
        Some(authority.parse::<Authority>().ok()?.host().to_owned())
    };
    [HOST, ORIGIN].iter().filter_map(|name| headers.get(name)).all(|value| {
        host(value).is_some_and(|host| ["127.0.0.1", "localhost", "[::1]"].contains(&host.as_str()))
    })
}

fn complete(content_type: &'static str, body: Bytes) -> Response<ResponseBody> {
    let mut response = Response::new(Full::new(body).boxed_unsync());
    response.headers_mut().extend([
        (CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]);
    response
}
