//! A Lambda Runtime API of the test's own.

use super::call::Call;
use super::event::Event;
use super::invocation::{Invocation, Piece, Treatment};
use super::patience::Changes;
use super::wire::Wire;
use serde_json::Value;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex as AsyncMutex, mpsc};

type Queue = mpsc::UnboundedReceiver<Invocation>;

struct State {
    queue: AsyncMutex<Queue>,
    running: Mutex<HashMap<String, Invocation>>,
    polls: Mutex<usize>,
    init_errors: Mutex<Vec<Value>>,
    changes: Changes,
}

impl State {
    fn running(&self, id: &str) -> Option<Invocation> {
        self.running.lock().unwrap().get(id).cloned()
    }
}

pub struct RuntimeApi {
    pub address: SocketAddr,
    state: Arc<State>,
    events: mpsc::UnboundedSender<Invocation>,
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
        Self { address, state, events, count: Mutex::default() }
    }

    pub fn invoke(&self, event: Event, treatment: Treatment) -> Call {
        let mut count = self.count.lock().unwrap();
        *count += 1;
        let id = format!("8476a536-e9f4-11e8-9739-{:012}", *count);
        let (pieces, receiver) = mpsc::unbounded_channel();
        let call = Call::new(id.clone(), receiver);
        let (peeks, release) = (Arc::clone(&call.peeks), Arc::clone(&call.release));
        let invocation = Invocation { id, event, treatment, pieces, peeks, release };
        self.events.send(invocation).unwrap();
        call
    }

    /// Waits until the function has asked for work this many times.
    pub async fn polled(&self, times: usize) {
        let asked = || (*self.state.polls.lock().unwrap() >= times).then_some(());
        self.state.changes.until("the function to ask for work", asked).await;
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
        let path = head.target.strip_prefix("/2018-06-01/runtime/").unwrap_or_default().to_owned();
        let parts: Vec<&str> = path.split('/').collect();
        let kept = match parts.as_slice() {
            ["invocation", "next"] => next(&mut wire, &state).await,
            ["invocation", id, "response"] => match state.running(id) {
                Some(invocation) => invocation.take_in(&mut wire, &head).await,
                None => wire.reply("400 Bad Request", "", "").await.is_ok(),
            },
            ["invocation", id, "error"] => {
                let body = wire.body(&head).await.unwrap_or_default();
                if let Some(invocation) = state.running(id) {
                    invocation.tell(Piece::Error(String::from_utf8_lossy(&body).into_owned()));
                }
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

/// Holds a poll until there is an event. False when the connection is of no more use.
async fn next(wire: &mut Wire, state: &State) -> bool {
    *state.polls.lock().unwrap() += 1;
    state.changes.tell();
    let mut queue = state.queue.lock().await;
    let invocation = tokio::select! {
        biased;
        () = wire.gone() => return false,
        next = queue.recv() => match next {
            Some(next) => next,
            None => return false,
        },
    };
    drop(queue);
    let running = invocation.clone();
    state.running.lock().unwrap().insert(running.id.clone(), running);
    invocation.hand_out(wire).await
}
