#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{stub_server::StubServer, *};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use std::{
    convert::Infallible,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const PATIENCE: Duration = Duration::from_secs(5);

/// A TLS server on loopback with a certificate of its own.
struct TlsServer {
    url: String,
    root: TrustAnchor<'static>,
    handshakes: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

async fn server(protocols: &[&[u8]]) -> TlsServer {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let root = trust_anchor(certified.cert.der());
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/chat/completions", listener.local_addr().unwrap().port());
    let (handshakes, requests) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let counts = (Arc::clone(&handshakes), Arc::clone(&requests));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, (handshakes, requests)) = (acceptor.clone(), counts.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                handshakes.fetch_add(1, SeqCst);
                let service = service_fn(move |_: Request<Incoming>| {
                    requests.fetch_add(1, SeqCst);
                    async { Ok::<_, Infallible>(hyper::Response::new(Full::new(Bytes::from_static(b"ok")))) }
                });
                let _ = auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    TlsServer { url, root, handshakes, requests }
}

fn trust_anchor(certificate: &CertificateDer<'_>) -> TrustAnchor<'static> {
    let mut store = RootCertStore::empty();
    store.add(certificate.clone().into_owned()).unwrap();
    store.roots.remove(0)
}

impl TlsServer {
    fn client(&self) -> Client {
        with_roots(vec![self.root.clone()], PATIENCE).unwrap()
    }
}

#[tokio::test]
async fn speaks_http_2_when_the_server_does() {
    for (protocols, version) in [
        (vec![&b"h2"[..], b"http/1.1"], http::Version::HTTP_2),
        (vec![&b"http/1.1"[..]], http::Version::HTTP_11),
        (vec![], http::Version::HTTP_11),
    ] {
        let server = server(&protocols).await;
        let response = server.client().post(&server.url).body("{}").send().await.unwrap();
        assert_eq!((response.version(), response.status().as_u16()), (version, 200));
    }
}

#[tokio::test]
async fn a_warming_request_and_all_later_ones_share_a_connection() {
    for protocol in [&b"h2"[..], b"http/1.1"] {
        let server = server(&[protocol]).await;
        let client = server.client();
        client.head(&server.url).send().await.unwrap();
        for request in 2..=4 {
            let response = client.post(&server.url).body("{}").send().await.unwrap();
            let body = read_body(response, 2).await.unwrap();
            assert_eq!((&body[..], server.requests.load(SeqCst)), (&b"ok"[..], request));
        }
        assert_eq!(server.handshakes.load(SeqCst), 1);
    }
}

#[tokio::test]
async fn rejects_a_certificate_without_a_built_in_root() {
    let server = server(&[b"h2"]).await;
    let error = build(PATIENCE).unwrap().post(&server.url).send().await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert_eq!((server.requests.load(SeqCst), ReadError::from(error)), (0, ReadError::Connect));
}

#[tokio::test]
async fn a_failed_connect_affects_no_other_host() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let server = server(&[b"h2"]).await;
    let client = server.client();
    let error = client.head(format!("http://{nobody}/")).send().await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert!(client.post(&server.url).send().await.is_ok());
}

#[tokio::test]
async fn the_connect_timeout_covers_the_tls_handshake() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", silent.local_addr().unwrap().port());
    let client = with_roots(Vec::new(), Duration::from_millis(100)).unwrap();
    let error = tokio::time::timeout(PATIENCE, client.post(url).send()).await.unwrap().unwrap_err();
    assert!(error.is_connect(), "{error:?}");
}

#[tokio::test]
async fn names_itself_and_follows_no_redirect() {
    let server = StubServer::start(302, "").await;
    server.send(Some("HTTP/1.1 302 Found\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n".to_owned()));
    let response = build(PATIENCE).unwrap().get(&server.url).send().await.unwrap();
    assert_eq!(response.status(), 302);
    let requests = server.requests();
    let agent = format!("user-agent: gptdock/{}\r\n", env!("CARGO_PKG_VERSION"));
    assert!(requests.len() == 1 && requests[0].contains(&agent), "{requests:?}");
}

#[tokio::test]
async fn reads_no_more_than_the_limit() {
    let server = StubServer::start(200, "12345").await;
    let client = build(PATIENCE).unwrap();
    let get = || async { client.get(&server.url).send().await.unwrap() };
    assert_eq!(read_body(get().await, 5).await.unwrap(), b"12345");
    assert_eq!(read_body(get().await, 4).await, Err(ReadError::TooLarge));
    server.send(stub_server::response(200, "12345", 6));
    assert_eq!(read_body(get().await, 9).await, Err(ReadError::Broken));
}
