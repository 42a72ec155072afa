//! The Runtime API, and the stand-ins for gateway, Secrets Manager and key host. They share a port: no client uses a
//! connection for two of them.

use crate::access::{KEY, KEY_SET, TENANTS};
use crate::{Result, run::Run, session::World};
use bytes::Bytes;
use http_body_util::{BodyExt, Channel, Full, combinators::UnsyncBoxBody};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::{Arc, atomic::AtomicBool, atomic::Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::{net::TcpListener, task::JoinSet, time::sleep, time::sleep_until};

type Reply = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// Of a host 20 ms away: what TCP and TLS add before the first answer of a new connection, and what each answer takes.
pub const CONNECT: Duration = Duration::from_millis(60);
pub const ANSWER: Duration = Duration::from_millis(20);

const EVENT: &str = include_str!("../../events/conversations.json");
/// What a busy gateway's socket holds when it sends as fast as it can.
const EVENTS_IN_A_WRITE: usize = 16;

/// Starts the server among `tasks`, whose drop ends it. Returns its port.
pub async fn start(world: Arc<World>, tasks: &mut JoinSet<()>) -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    tasks.spawn(async move {
        // A broken connection loses chunks, which the conversation reports.
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let (world, is_new) = (Arc::clone(&world), AtomicBool::new(true));
            let service = service_fn(move |request| {
                let (world, is_new) = (Arc::clone(&world), is_new.swap(false, Relaxed));
                async move { Ok::<_, Infallible>(answer(&world, is_new, request).await) }
            });
            connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    Ok(port)
}

async fn answer(world: &World, is_new: bool, request: Request<Incoming>) -> Reply {
    let asked = Instant::now();
    let path = request.uri().path().to_owned();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    if world.is_far && !matches!(parts.get(1), Some(&"runtime" | &"extension")) {
        sleep(if is_new { CONNECT + ANSWER } else { ANSWER }).await;
    }
    match parts.as_slice() {
        [_, "runtime", "invocation", "next"] => deliver(world, &*world.next().await),
        [_, "runtime", "invocation", id, "response"] => {
            world.find(id).unwrap().read(request.into_body()).await;
            reply(202, "")
        }
        [_, "runtime", ..] => {
            eprintln!("{path}: {}", text(request).await);
            parts.get(3).and_then(|id| world.find(id)).inspect(|run| run.end());
            reply(202, "")
        }
        // Lambda Web Adapter is an extension.
        [_, "extension", "register"] => {
            let registered = Response::builder().header("lambda-extension-identifier", "1");
            registered
                .body(Full::from(r#"{"functionName":"f","functionVersion":"1"}"#).boxed_unsync())
                .unwrap()
        }
        [_, "extension", ..] => std::future::pending().await,
        ["chat", "completions"] => converse(world, asked, &text(request).await),
        ["keys"] => reply(200, KEY_SET),
        _ => match text(request).await {
            secret if secret.contains("\"tenants\"") => reply(200, TENANTS),
            secret if secret.contains("\"openai\"") => {
                let _ = world.secret_read.set(Instant::now());
                reply(200, KEY)
            }
            // Such as the `HEAD` that warms the connection to the gateway.
            _ => reply(404, ""),
        },
    }
}

fn reply(status: u16, body: impl Into<Bytes>) -> Reply {
    Response::builder().status(status).body(Full::new(body.into()).boxed_unsync()).unwrap()
}

async fn text(request: Request<Incoming>) -> String {
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    String::from_utf8_lossy(&body).into_owned()
}

fn deliver(world: &World, run: &Run) -> Reply {
    let event = EVENT.replace("What does a dockworker do?", &run.question());
    let event = event.replace("header.claims.signature", world.access.token);
    let mut event: serde_json::Value = serde_json::from_str(&event).unwrap();
    event["headers"]["authorization"] = format!("Bearer {}", world.access.token).into();
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(300);
    let reply = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", run.number)
        .header("lambda-runtime-deadline-ms", deadline.as_millis().to_string())
        .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:f")
        .body(Full::from(event.to_string()).boxed_unsync());
    let _ = run.delivered.set(Instant::now());
    reply.unwrap()
}

/// Answers a conversation with numbered events, as its plan says.
fn converse(world: &World, asked: Instant, body: &str) -> Reply {
    let number = body.split_once("conversation-").and_then(|(_, rest)| rest.get(..7));
    let run = number.and_then(|number| world.find(number)).unwrap();
    let _ = run.asked.set(asked);
    let (mut sender, body) = Channel::new(64);
    let start = tokio::time::Instant::now();
    tokio::spawn(async move {
        let per_write = if run.plan.gap.is_zero() { EVENTS_IN_A_WRITE } else { 1 };
        let mut events: Vec<String> = (0..run.plan.chunks).map(|number| event(number, "null")).collect();
        events.push(event(run.plan.chunks, "\"stop\"") + "data: [DONE]\n\n");
        for (number, events) in events.chunks(per_write).enumerate() {
            let write = Bytes::from(events.concat());
            sleep_until(start + run.plan.gap * number as u32).await;
            run.sent.get(number * per_write).map(|sent| sent.set(Instant::now()));
            // Fails when the function went away, which the conversation reports.
            let _ = sender.send_data(write).await;
        }
    });
    Response::builder().header("content-type", "text/event-stream").body(body.boxed_unsync()).unwrap()
}

fn event(number: usize, finish_reason: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-9XyZabcdEFGH\",\"object\":\"chat.completion.chunk\",\"created\":1795305600,\
        \"model\":\"gpt-3.5-turbo-0125\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" token-{number:07}\"}},\
        \"logprobs\":null,\"finish_reason\":{finish_reason}}}]}}\n\n"
    )
}
