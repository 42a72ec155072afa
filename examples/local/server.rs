//! The HTTP server: what the Function URL is on AWS, on a port of this machine.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use gptdock::{App, Invocation};
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::event::{self, Circumstances};
use crate::page::Page;
use crate::settings::Settings;

/// The largest request that Lambda takes.
const REQUEST_LIMIT: usize = 6 << 20;

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// The function behind a port.
pub struct Server {
    app: App,
    page: Page,
    time_limit: Duration,
    is_open: bool,
}

impl Server {
    /// A server of the function and of the page.
    pub fn new(app: App, page: Page, settings: &Settings) -> Self {
        Self { app, page, time_limit: settings.time_limit(), is_open: settings.is_open() }
    }

    /// Serves until the process ends.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, caller)) => {
                    tokio::spawn(Arc::clone(&self).connection(stream, caller));
                }
                // Out of file handles, most likely: some will be free again in a moment.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, caller: SocketAddr) {
        let _ = stream.set_nodelay(true);
        let service = service_fn(|request| async { Ok::<_, Infallible>(self.answer(request, caller).await) });
        // A browser that leaves ends the connection with an error, and the reply's body is dropped with it.
        let _ = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    async fn answer(&self, request: Request<Incoming>, caller: SocketAddr) -> Answer {
        if self.is_open && !is_of_this_machine(request.headers()) {
            return refuse(
                StatusCode::FORBIDDEN,
                "Only pages of this machine may call while AUTH_MODE is none.",
            );
        }
        if matches!(*request.method(), Method::GET | Method::HEAD)
            && let Some(page) = self.page.get(request.uri().path())
        {
            return page.map(|bytes| Full::new(bytes).boxed_unsync());
        }
        let (parts, body) = request.into_parts();
        match Limited::new(body, REQUEST_LIMIT).collect().await {
            Ok(body) => self.invoke(&parts, &body.to_bytes(), caller).await,
            Err(_) => refuse(StatusCode::PAYLOAD_TOO_LARGE, "Lambda takes requests of 6 MiB at most."),
        }
    }

    async fn invoke(&self, request: &http::request::Parts, body: &Bytes, caller: SocketAddr) -> Answer {
        let request_id = uuid();
        let trace_id = trace_id();
        let circumstances = Circumstances { request_id: &request_id, trace_id: &trace_id, caller };
        let event = event::payload(request, body, &circumstances);
        let reply = self
            .app
            .handle(Invocation {
                request_id,
                deadline: SystemTime::now() + self.time_limit,
                trace_id: Some(trace_id),
                event,
            })
            .await;
        let mut response = Response::new(reply.body.boxed_unsync());
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        response
    }
}

/// Any page on the web can make a browser post to this port, and the key behind it would pay.
fn is_of_this_machine(headers: &HeaderMap) -> bool {
    let name = |value: &http::HeaderValue| -> Option<String> {
        let text = value.to_str().ok()?;
        let authority = text.split_once("://").map_or(text, |(_, rest)| rest);
        Some(authority.parse::<http::uri::Authority>().ok()?.host().to_owned())
    };
    [HOST, ORIGIN].iter().filter_map(|header| headers.get(header)).all(|value| {
        name(value).is_some_and(|name| ["127.0.0.1", "localhost", "[::1]"].contains(&name.as_str()))
    })
}

fn refuse(status: StatusCode, sentence: &str) -> Answer {
    let body = serde_json::json!({ "error": sentence }).to_string();
    let mut response = Response::new(Full::from(body).boxed_unsync());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}

fn uuid() -> String {
    let (high, low) = (fastrand::u64(..), fastrand::u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

fn trace_id() -> String {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    format!("Root=1-{seconds:08x}-{:024x};Sampled=0", fastrand::u128(..) >> 32)
}
