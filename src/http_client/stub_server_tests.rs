//! An HTTP/1.1 server of the tests. It sends the same bytes to every request and closes.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

pub struct StubServer {
    pub url: String,
    /// `None` never answers.
    response: Mutex<Option<String>>,
    requests: Mutex<Vec<String>>,
}

/// A response that may announce more bytes than it has.
pub fn response(status: u16, body: &str, announced: usize) -> Option<String> {
    Some(format!(
        "HTTP/1.1 {status} Status\r\ncontent-length: {announced}\r\nconnection: close\r\n\r\n{body}"
    ))
}

impl StubServer {
    pub async fn start(status: u16, body: &str) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let response = Mutex::new(response(status, body, body.len()));
        let server = Arc::new(Self { url, response, requests: Mutex::default() });
        let shared = Arc::clone(&server);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = Arc::clone(&shared);
                tokio::spawn(async move { server.serve(stream).await });
            }
        });
        server
    }

    pub fn answer(&self, status: u16, body: &str) {
        self.send(response(status, body, body.len()));
    }

    pub fn send(&self, response: Option<String>) {
        *self.response.lock().unwrap() = response;
    }

    /// The heads of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    async fn serve(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await.unwrap_or_default() == 0 {
                return;
            }
        }
        let length = |line: &str| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok();
        let mut body = vec![0; head.lines().find_map(length).unwrap_or(0)];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        self.requests.lock().unwrap().push(head);
        let response = self.response.lock().unwrap().clone();
        let Some(response) = response else { return std::future::pending().await };
        // A client that gives up early is no failure of the test.
        let _ = stream.get_mut().write_all(response.as_bytes()).await;
    }
}
