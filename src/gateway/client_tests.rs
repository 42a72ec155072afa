#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use std::{
    convert::Infallible,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const PATIENCE: Duration = Duration::from_secs(5);

/// A gateway that speaks TLS on loopback, under a certificate of its own.
struct TlsGateway {
    url: String,
    root: TrustAnchor<'static>,
    handshakes: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

async fn gateway(protocols: &[&[u8]]) -> TlsGateway {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let root = webpki_anchor(certified.cert.der());
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
                    async { Ok::<_, Infallible>(Response::new(Full::new(bytes::Bytes::from_static(b"ok")))) }
                });
                let _ = auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    TlsGateway { url, root, handshakes, requests }
}

fn webpki_anchor(certificate: &rustls::pki_types::CertificateDer<'_>) -> TrustAnchor<'static> {
    let mut store = RootCertStore::empty();
    store.add(certificate.clone().into_owned()).unwrap();
    store.roots.remove(0)
}

impl TlsGateway {
    fn client(&self) -> Client {
        Client::new(tls(vec![self.root.clone()]).unwrap(), PATIENCE)
    }

    fn request(&self) -> Request<Full<Bytes>> {
        Request::post(&self.url).body("{}".into()).unwrap()
    }
}

#[tokio::test]
async fn http_2_where_the_gateway_speaks_it() {
    for (protocols, version) in [
        (vec![&b"h2"[..], b"http/1.1"], http::Version::HTTP_2),
        (vec![&b"http/1.1"[..]], http::Version::HTTP_11),
        (vec![], http::Version::HTTP_11),
    ] {
        let gateway = gateway(&protocols).await;
        let response = gateway.client().send(gateway.request()).await.unwrap();
        assert_eq!((response.version(), response.status().as_u16()), (version, 200));
    }
}

#[tokio::test]
async fn a_connection_made_ahead_sends_nothing_and_serves_the_first_request() {
    for protocol in [&b"h2"[..], b"http/1.1"] {
        let gateway = gateway(&[protocol]).await;
        let client = gateway.client();
        client.connector().warm(gateway.url.parse().unwrap()).await;
        assert_eq!(gateway.requests.load(SeqCst), 0);
        for request in 1..=3 {
            let response = client.send(gateway.request()).await.unwrap();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!((&body[..], gateway.requests.load(SeqCst)), (&b"ok"[..], request));
        }
        assert_eq!(gateway.handshakes.load(SeqCst), 1, "one connection serves all");
    }
}

#[tokio::test]
async fn a_certificate_that_no_built_in_root_vouches_for_is_refused() {
    let gateway = gateway(&[b"h2"]).await;
    let error = Clients::new(PATIENCE).unwrap().gateway.send(gateway.request()).await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert_eq!(gateway.requests.load(SeqCst), 0);
}

#[tokio::test]
async fn a_host_that_can_not_be_warmed_harms_nothing() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let gateway = gateway(&[b"h2"]).await;
    let client = gateway.client();
    client.connector().warm(format!("http://{nobody}/").parse().unwrap()).await;
    assert!(client.send(gateway.request()).await.is_ok());
}

/// A connect time-out is for all of it: a host that accepts and then says nothing is no connection.
#[tokio::test]
async fn a_handshake_that_hangs_is_no_connection() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", silent.local_addr().unwrap().port());
    let client = Client::new(tls(Vec::new()).unwrap(), Duration::from_millis(100));
    let request = Request::post(url).body(Full::default()).unwrap();
    let error = tokio::time::timeout(PATIENCE, client.send(request)).await.unwrap().unwrap_err();
    assert!(error.is_connect(), "{error:?}");
}
