//! A make-believe gateway that speaks OpenAI's protocol on a loopback port; nothing leaves the machine.
//!
//! It answers about the prompt, token by token, and breaks in whatever way the last user message asks for.
//! A `prompt` holds a `command`. A `refusal` meets it at once, or a `script` spoils the `completion` of the `answer`,
//! and `playback` sends it.

mod answer;
mod command;
mod completion;
mod playback;
mod prompt;
mod refusal;
mod script;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use command::Command;
use playback::{Playback, Step};
use prompt::Prompt;
use refusal::Refusal;
use script::Script;

/// The gateway while it runs.
pub struct DemoGateway {
    failed_once: AtomicBool,
}

impl DemoGateway {
    /// Starts the gateway on a free port of this machine, and tells its address.
    pub async fn start() -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let gateway = Arc::new(Self { failed_once: AtomicBool::new(false) });
        tokio::spawn(async move {
            loop {
                if let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(Arc::clone(&gateway).serve(stream));
                }
            }
        });
        Ok(address)
    }

    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let service = service_fn(|request| self.answer(request));
        let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        if (&mut connection).await.is_err() {
            // A broken answer has to look like a broken network, not like an orderly close.
            let _ = connection.into_parts().io.into_inner().set_zero_linger();
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Playback>> {
        let is_chat = request.method() == Method::POST && request.uri().path() == "/chat/completions";
        let body = request.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
        if !is_chat {
            return Ok(refuse(Refusal::openai(
                404,
                "invalid_request_error",
                "unknown_url",
                "Unknown request URL.",
            )));
        }
        let Some(prompt) = Prompt::read(&body) else {
            return Ok(refuse(Refusal::openai(
                400,
                "invalid_request_error",
                (),
                "The body holds no messages.",
            )));
        };
        let command = match Command::of(prompt.question()) {
            Command::Once if !self.failed_once.fetch_xor(true, Ordering::Relaxed) => Command::Status(503),
            command => command,
        };
        match command {
            Command::Reset => return Err(io::ErrorKind::ConnectionReset.into()),
            Command::Silent => std::future::pending().await,
            _ => {}
        }
        Ok(match Refusal::of(command, &prompt) {
            Some(refusal) => refuse(refusal),
            None => play(Script::write(&prompt, command)),
        })
    }
}

fn refuse(refusal: Refusal) -> Response<Playback> {
    let steps = vec![Step::Send(Bytes::from(refusal.body))];
    let mut response = respond(refusal.status, refusal.content_type, steps);
    if let Some((name, value)) = refusal.header {
        response.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    response
}

fn play(script: Script) -> Response<Playback> {
    respond(StatusCode::OK, script.content_type, script.steps)
}

fn respond(status: StatusCode, content_type: &'static str, steps: Vec<Step>) -> Response<Playback> {
    let mut response = Response::new(Playback::new(steps));
    *response.status_mut() = status;
    for (name, value) in [
        ("content-type", content_type),
        ("cf-aig-cache-status", "MISS"),
        ("cf-aig-log-id", "demonstration"),
        ("x-ratelimit-limit-requests", "10000"),
        ("x-ratelimit-remaining-requests", "9999"),
    ] {
        response.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    response
}
