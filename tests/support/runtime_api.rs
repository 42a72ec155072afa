//! A Lambda Runtime API of the test's own.

use super::call::{Call, Peeks};
use super::event::Event;
use super::patience::Changes;
use super::response::Write;
use super::wire::{self, Head, Wire};
use serde_json::Value;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc};

/// What is done with the response to an invocation.
#[derive(Clone, Copy, PartialEq)]
pub enum Treatment {
    Read,
    /// Looked at in the receive buffer, but not read before the call's `release`.
    Peek,
    /// Read up to this many bytes, then hung up on.
    DropAfter(usize),
    /// Answered with this status, unread.
    Refuse(u16),
}

/// What became of a response.
pub enum Piece {
    HandedOut(Instant),
    Data(Write),
    End(Instant),
    Dropped(Instant),
    Broken(String),
    Error(String),
}

struct Invocation {
    event: Event,
    treatment: Treatment,
    pieces: mpsc::UnboundedSender<Piece>,
    peeks: Peeks,
    release: Arc<Notify>,
}

type Queue = mpsc::UnboundedReceiver<(String, Invocation)>;

struct State {
    queue: AsyncMutex<Queue>,
    running: Mutex<HashMap<String, Invocation>>,
    polls: Mutex<usize>,
    init_errors: Mutex<Vec<Value>>,
    changes: Changes,
}

pub struct RuntimeApi {
    pub address: SocketAddr,
    state: Arc<State>,
    events: mpsc::UnboundedSender<(String, Invocation)>,
    count: Mutex<u64>,
}

impl RuntimeApi {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (events, queue) = mpsc::unbounded_channel();
        let state = Arc::new(State {
            queue: AsyncMutex::new(queue),
            running: Mutex::default(),
            polls: Mutex::default(),
            init_errors: Mutex::default(),
            changes: Changes::new(),
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self {
            address,
            state,
            events,
            count: Mutex::default(),
        }
    }

    pub fn invoke(&self, event: Event, treatment: Treatment) -> Call {
        let mut count = self.count.lock().unwrap();
        *count += 1;
        let id = format!("8476a536-e9f4-11e8-9739-{:012}", *count);
        let (pieces, receiver) = mpsc::unbounded_channel();
        let call = Call::new(id.clone(), receiver);
        let (peeks, release) = (Arc::clone(&call.peeks), Arc::clone(&call.release));
        let invocation = Invocation {
            event,
            treatment,
            pieces,
            peeks,
            release,
        };
        self.events.send((id, invocation)).unwrap();
        call
    }

    /// Waits until the function has asked for work this many times.
    pub async fn polled(&self, times: usize) {
        let asked = || (*self.state.polls.lock().unwrap() >= times).then_some(());
        self.state
            .changes
            .until("the function to ask for work", asked)
            .await;
    }

    pub fn polls(&self) -> usize {
        *self.state.polls.lock().unwrap()
    }

    pub async fn init_error(&self) -> Value {
        let first = || self.state.init_errors.lock().unwrap().first().cloned();
        self.state.changes.until("an init error", first).await
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let mut wire = Wire::new(stream);
    while let Some(head) = wire.head().await {
        let path = head
            .target
            .strip_prefix("/2018-06-01/runtime/")
            .unwrap_or_default()
            .to_owned();
        let parts: Vec<&str> = path.split('/').collect();
        let kept = match parts.as_slice() {
            ["invocation", "next"] => hand_out(&mut wire, &state).await,
            ["invocation", id, "response"] => response(&mut wire, &head, &state, id).await,
            ["invocation", id, "error"] => {
                let body = wire.body(&head).await.unwrap_or_default();
                let error = Piece::Error(String::from_utf8_lossy(&body).into_owned());
                tell(&state, id, error);
                wire.reply("202 Accepted", "", "").await.is_ok()
            }
            ["init", "error"] => {
                let body = wire.body(&head).await.unwrap_or_default();
                let error = serde_json::from_slice(&body).expect("the init error is JSON");
                state.init_errors.lock().unwrap().push(error);
                state.changes.tell();
                wire.reply("202 Accepted", "", "").await.is_ok()
            }
            _ => wire.reply("404 Not Found", "", "").await.is_ok(),
        };
        if !kept {
            return;
        }
    }
}

fn tell(state: &State, id: &str, piece: Piece) {
    if let Some(invocation) = state.running.lock().unwrap().get(id) {
        // A test that has dropped its call no longer cares.
        let _ = invocation.pieces.send(piece);
    }
}

async fn hand_out(wire: &mut Wire, state: &State) -> bool {
    *state.polls.lock().unwrap() += 1;
    state.changes.tell();
    let mut queue = state.queue.lock().await;
    let (id, invocation) = tokio::select! {
        biased;
        () = wire.gone() => return false,
        next = queue.recv() => match next {
            Some(next) => next,
            None => return false,
        },
    };
    drop(queue);
    let deadline =
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + invocation.event.time_left;
    let headers = format!(
        "content-type: application/json\r\n\
         lambda-runtime-aws-request-id: {id}\r\n\
         lambda-runtime-deadline-ms: {}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:f\r\n\
         lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0\r\n",
        deadline.as_millis(),
    );
    let body = invocation.event.json.to_string();
    let _ = invocation.pieces.send(Piece::HandedOut(Instant::now()));
    state.running.lock().unwrap().insert(id, invocation);
    wire.reply("200 OK", &headers, &body).await.is_ok()
}

/// Takes a response in. False when the connection is to be closed.
async fn response(wire: &mut Wire, head: &Head, state: &State, id: &str) -> bool {
    let (treatment, peeks, release) = {
        let running = state.running.lock().unwrap();
        let Some(invocation) = running.get(id) else {
            panic!("no such invocation: {id}")
        };
        let (peeks, release) = (
            Arc::clone(&invocation.peeks),
            Arc::clone(&invocation.release),
        );
        (invocation.treatment, peeks, release)
    };
    if head.get("lambda-runtime-function-response-mode") != Some("streaming") || !head.chunked() {
        tell(
            state,
            id,
            Piece::Broken(format!("not a streamed response: {head:?}")),
        );
        return false;
    }
    if let Treatment::Refuse(status) = treatment {
        let body = r#"{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}"#;
        let _ = wire
            .reply(&format!("{status} Refused"), "connection: close\r\n", body)
            .await;
        tell(state, id, Piece::Dropped(Instant::now()));
        return false;
    }
    if treatment == Treatment::Peek {
        tokio::select! {
            () = watch(wire, &peeks) => {}
            () = release.notified() => {}
        }
    }
    let mut bytes = 0;
    loop {
        match wire.piece().await {
            Ok(wire::Piece::Data(data)) => {
                bytes += data.len();
                tell(
                    state,
                    id,
                    Piece::Data(Write {
                        at: Instant::now(),
                        bytes: data,
                    }),
                );
                if matches!(treatment, Treatment::DropAfter(limit) if bytes >= limit) {
                    tell(state, id, Piece::Dropped(Instant::now()));
                    return false;
                }
            }
            Ok(wire::Piece::End(trailers)) => {
                let piece = match trailers.is_empty() {
                    true => Piece::End(Instant::now()),
                    false => Piece::Broken(format!("trailers: {trailers:?}")),
                };
                tell(state, id, piece);
                return wire.reply("202 Accepted", "", "").await.is_ok();
            }
            Err(error) => {
                tell(state, id, Piece::Broken(error.to_string()));
                return false;
            }
        }
    }
}

/// Notes what the receive buffer holds each time it has grown.
/// Data that is only looked at is not acknowledged at once: the kernel waits about 40 ms,
/// as it does for a reader that never writes back. `nodelay.rs` rests on this.
async fn watch(wire: &mut Wire, peeks: &Peeks) {
    let mut buffer = vec![0; 1 << 20];
    let mut seen = 0;
    while let Ok(length @ 1..) = wire.stream.peek(&mut buffer).await {
        if length > seen {
            seen = length;
            peeks
                .lock()
                .unwrap()
                .push((Instant::now(), buffer[..length].to_vec()));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
