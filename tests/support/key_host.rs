//! The host of an issuer's keys.

use super::wire::{Head, Wire};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};

/// How fetches are answered.
#[derive(Clone)]
pub enum Answer {
    /// A status and a body.
    Plain(u16, String),
    Redirect(String),
    Hang,
}

struct State {
    answer: Mutex<Answer>,
    seen: Mutex<Vec<Head>>,
}

pub struct KeyHost {
    pub address: SocketAddr,
    state: Arc<State>,
}

impl KeyHost {
    pub async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State { answer: Mutex::new(answer), seen: Mutex::default() });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state }
    }

    /// A host that publishes this set.
    pub async fn of(set: &str) -> Self {
        Self::start(Answer::Plain(200, set.to_owned())).await
    }

    pub fn url(&self) -> String {
        format!("http://{}/.well-known/jwks.json", self.address)
    }

    pub fn set(&self, answer: Answer) {
        *self.state.answer.lock().unwrap() = answer;
    }

    pub fn publish(&self, set: &str) {
        self.set(Answer::Plain(200, set.to_owned()));
    }

    /// Every request that came, whatever was asked for.
    pub fn seen(&self) -> Vec<Head> {
        self.state.seen.lock().unwrap().clone()
    }

    pub fn fetches(&self) -> usize {
        self.state.seen.lock().unwrap().len()
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let mut wire = Wire::new(stream);
    while let Some(head) = wire.head().await {
        state.seen.lock().unwrap().push(head);
        let answer = state.answer.lock().unwrap().clone();
        let kept = match answer {
            Answer::Plain(status, body) => {
                wire.reply(&format!("{status} Whatever"), "content-type: application/json\r\n", &body).await
            }
            Answer::Redirect(to) => wire.reply("302 Found", &format!("location: {to}\r\n"), "").await,
            Answer::Hang => return wire.gone().await,
        };
        if kept.is_err() {
            return;
        }
    }
}
