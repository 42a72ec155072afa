//! A gateway that does exactly what the test's script says, byte by byte.

use super::answer::{Script, Step, usual};
use super::patience::Changes;
use super::wire::{Head, Wire};
use serde::de::IgnoredAny;
use serde_json::Value;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::net::{TcpListener, TcpStream};

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Seen {
    pub at: Instant,
    pub head: Head,
    pub body: Value,
    /// The how manyeth request on its connection, from 0.
    pub turn: usize,
    /// When the function hung up before the script was at its end.
    pub gone: Option<Instant>,
    /// When the last byte of the script was written.
    pub answered: Option<Instant>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.get(name)
    }

    pub fn model(&self) -> &str {
        self.body["model"].as_str().unwrap()
    }
}

type Usual = Box<dyn Fn(&Seen) -> Script + Send + Sync>;

struct State {
    queue: Mutex<VecDeque<Script>>,
    usual: Mutex<Usual>,
    seen: Mutex<Vec<Seen>>,
    connections: Mutex<usize>,
    warming: Mutex<Vec<Head>>,
    changes: Changes,
}

impl State {
    fn note(&self, index: usize, note: impl FnOnce(&mut Seen)) {
        note(&mut self.seen.lock().unwrap()[index]);
        self.changes.tell();
    }
}

pub struct Gateway {
    pub address: SocketAddr,
    state: Arc<State>,
}

impl Gateway {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            queue: Mutex::default(),
            usual: Mutex::new(Box::new(|seen| usual(&seen.body))),
            seen: Mutex::default(),
            connections: Mutex::default(),
            warming: Mutex::default(),
            changes: Changes::new(),
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *shared.connections.lock().unwrap() += 1;
                shared.changes.tell();
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state }
    }

    pub fn base(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Answers the next request that no other script waits for.
    pub fn next(&self, script: Script) {
        self.state.queue.lock().unwrap().push_back(script);
    }

    /// Answers every request for which no script waits.
    pub fn always(&self, usual: impl Fn(&Seen) -> Script + Send + Sync + 'static) {
        *self.state.usual.lock().unwrap() = Box::new(usual);
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.state.seen.lock().unwrap().len()
    }

    /// How many connections were ever made.
    pub fn connections(&self) -> usize {
        *self.state.connections.lock().unwrap()
    }

    /// The requests that opened a connection and asked for nothing.
    pub fn warming(&self) -> Vec<Head> {
        self.state.warming.lock().unwrap().clone()
    }

    /// Waits for the first connection.
    pub async fn connected(&self) {
        let connected = || (self.connections() > 0).then_some(());
        self.state.changes.until("a connection to the gateway", connected).await;
    }

    /// The models asked for, in order.
    pub fn models(&self) -> Vec<String> {
        self.seen().iter().map(|seen| seen.model().to_owned()).collect()
    }

    /// Waits for a request by its index.
    pub async fn request(&self, index: usize) -> Seen {
        let seen = || self.state.seen.lock().unwrap().get(index).cloned();
        self.state.changes.until("a request at the gateway", seen).await
    }

    /// Waits until the function has hung up on a request.
    pub async fn gone(&self, index: usize) -> Instant {
        let gone = || self.state.seen.lock().unwrap().get(index)?.gone;
        self.state.changes.until("the gateway's connection to be let go", gone).await
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let mut wire = Wire::new(stream);
    let mut turn = 0;
    while let Some(head) = wire.head().await {
        // The function opens its connection with a `HEAD`. That is no caller's request.
        if head.method == "HEAD" {
            state.warming.lock().unwrap().push(head);
            match wire.reply("404 Not Found", "", "").await {
                Ok(()) => continue,
                Err(_) => return,
            }
        }
        let Ok(body) = wire.body(&head).await else {
            return;
        };
        // What is nested too deeply for a tree, or holds half a surrogate pair, is still JSON.
        let body = serde_json::from_slice(&body).unwrap_or_else(|_| {
            let _: IgnoredAny = serde_json::from_slice(&body).expect("the gateway is asked in JSON");
            Value::Null
        });
        let seen = Seen { at: Instant::now(), head, body, turn, gone: None, answered: None };
        turn += 1;
        let queued = state.queue.lock().unwrap().pop_front();
        let script = queued.unwrap_or_else(|| (state.usual.lock().unwrap())(&seen));
        let index = {
            let mut all = state.seen.lock().unwrap();
            all.push(seen);
            all.len() - 1
        };
        state.changes.tell();
        let end = play(&mut wire, script).await;
        let now = Some(Instant::now());
        match end {
            End::Kept => state.note(index, |seen| seen.answered = now),
            End::Closed => return state.note(index, |seen| seen.answered = now),
            End::Gone => return state.note(index, |seen| seen.gone = now),
        }
    }
}

enum End {
    /// The connection takes another request.
    Kept,
    /// The script closed it.
    Closed,
    /// The function closed it.
    Gone,
}

async fn play(wire: &mut Wire, script: Script) -> End {
    let mut steps = VecDeque::from(script.0);
    while let Some(step) = steps.pop_front() {
        match step {
            Step::Write(bytes) => {
                if wire.send(&bytes).await.is_err() {
                    return End::Gone;
                }
            }
            Step::Wait(time) => {
                tokio::select! {
                    () = tokio::time::sleep(time) => {}
                    () = wire.gone() => return End::Gone,
                }
            }
            Step::Hang => {
                wire.gone().await;
                return End::Gone;
            }
            Step::Cut => return End::Closed,
            Step::Reset => {
                wire.stream.set_zero_linger().unwrap();
                return End::Closed;
            }
            Step::Live(told) => {
                let mut told_steps = told.lock().await;
                let next = tokio::select! {
                    next = told_steps.recv() => next,
                    () = wire.gone() => return End::Gone,
                };
                drop(told_steps);
                if let Some(next) = next {
                    steps.push_front(Step::Live(told));
                    steps.push_front(next);
                }
            }
        }
    }
    End::Kept
}
