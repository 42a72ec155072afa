//! The same over HTTP: a JWKS server of the test's own that rotates, is slow, and fails.

use crate::support::{JWKS, ask, settings, text, token};
use bytes::Bytes;
use gptdock::{
    auth::{AuthError, Authenticator, BoxFuture, KeyHost, Sources, Unavailable, reason},
    gateway::{Client, Clients},
};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::net::TcpListener;

/// A JWKS server on a free port of this machine.
struct Server {
    url: String,
    answer: Mutex<(StatusCode, String)>,
    hits: AtomicUsize,
}

impl Server {
    async fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let answer = Mutex::new((StatusCode::OK, JWKS["document"].to_string()));
        let server = Arc::new(Self { url, answer, hits: AtomicUsize::new(0) });
        tokio::spawn(Arc::clone(&server).run(listener));
        server
    }

    async fn run(self: Arc<Self>, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let server = Arc::clone(&self);
            let service = service_fn(move |_: Request<Incoming>| {
                server.hits.fetch_add(1, SeqCst);
                let (status, body) = server.answer.lock().unwrap().clone();
                let response = Response::builder().status(status).body(Full::new(Bytes::from(body))).unwrap();
                async move { Ok::<_, Infallible>(response) }
            });
            tokio::spawn(
                http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service),
            );
        }
    }

    fn answer(&self, status: StatusCode, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    fn hits(&self) -> usize {
        self.hits.load(SeqCst)
    }
}

/// The smallest honest host: one GET, no redirects, nothing but 200 is a document.
struct HttpHost {
    url: String,
    client: Client,
}

impl KeyHost for HttpHost {
    fn fetch(&self) -> BoxFuture<'_, Result<Bytes, Unavailable>> {
        Box::pin(async {
            let request = Request::get(&self.url).body(Full::default()).unwrap();
            let response = self.client.send(request).await.map_err(|_| Unavailable)?;
            if response.status() != StatusCode::OK {
                return Err(Unavailable);
            }
            Ok(response.into_body().collect().await.map_err(|_| Unavailable)?.to_bytes())
        })
    }
}

async fn set_up() -> (Arc<Server>, Authenticator) {
    let server = Server::start().await;
    let client = Clients::new(Duration::from_secs(3)).unwrap().plain;
    let host = HttpHost { url: server.url.clone(), client };
    let sources = Sources { key_host: Some(Arc::new(host)), ..Sources::default() };
    (server, Authenticator::new(&settings("jwks"), sources))
}

async fn pass(seconds: u64) {
    // Paused only for the jump: sockets need a clock that stands still only while nothing waits for them.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn rotation_storm_and_outage_over_http() {
    let (server, door) = set_up().await;
    let good = format!("Bearer {}", token(&JWKS, "ES256"));
    let rotated = format!("Bearer {}", text(&JWKS["rotated"]["ec-2"]));

    assert!(ask(&door, &good).await.is_ok());
    assert_eq!(server.hits(), 1);

    server.answer(StatusCode::OK, &JWKS["rotated"]["document"].to_string());
    assert!(ask(&door, &rotated).await.is_ok());
    assert_eq!(server.hits(), 2, "an unknown key is looked for");
    for _ in 0..100 {
        assert_eq!(ask(&door, &good).await, Err(AuthError::Denied(reason::KEY_UNKNOWN)));
    }
    assert_eq!(server.hits(), 2, "but not for each who names one");

    for (status, body) in
        [(503, "down"), (200, "<html>a proxy's page</html>"), (404, "{\"keys\":[]}"), (302, "")]
    {
        server.answer(StatusCode::from_u16(status).unwrap(), body);
        pass(3600).await;
        assert!(ask(&door, &rotated).await.is_ok(), "old keys serve while the host says {status}");
    }
    assert_eq!(server.hits(), 6);
}

#[tokio::test]
async fn a_host_that_was_never_there_is_503_until_it_is() {
    let (server, door) = set_up().await;
    let good = format!("Bearer {}", token(&JWKS, "Forge, RS256"));
    server.answer(StatusCode::BAD_GATEWAY, "");
    assert_eq!(ask(&door, &good).await, Err(AuthError::KeysUnavailable));
    server.answer(StatusCode::OK, &JWKS["document"].to_string());
    assert_eq!(ask(&door, &good).await, Err(AuthError::KeysUnavailable), "not asked twice in a second");
    assert_eq!(server.hits(), 1);
    pass(1).await;
    assert!(ask(&door, &good).await.is_ok());
}
