//! `jwks` over HTTP: a key host that rotates and fails.

use super::*;
use crate::http_client::{
    self,
    stub_server::{StubServer, response},
};
use std::time::Instant;

async fn set_up() -> (Arc<StubServer>, Authenticator) {
    let host = StubServer::start(200, &JWKS["document"].to_string()).await;
    let http = http_client::build(Duration::from_secs(3)).unwrap();
    let jwks = Jwks::new(jwks_config(&format!("{}/jwks.json", host.url)), http);
    (host, Authenticator { is_open: false, connect: None, bearer: None, jwks: Some(jwks) })
}

async fn pass(seconds: u64) {
    // Paused only for the jump: sockets need a clock that runs.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn survives_rotation_unknown_keys_and_outage() {
    let (host, authenticator) = set_up().await;
    let good = format!("Bearer {}", token(&JWKS, "ES256"));
    let rotated = format!("Bearer {}", text(&JWKS["rotated"]["ec-2"]));

    assert!(ask(&authenticator, &good).await.is_ok());
    assert_eq!(host.requests().len(), 1);

    host.answer(200, &JWKS["rotated"]["document"].to_string());
    assert!(ask(&authenticator, &rotated).await.is_ok());
    assert_eq!(host.requests().len(), 2, "an unknown key is fetched");
    for _ in 0..100 {
        assert_eq!(ask(&authenticator, &good).await, denied("key_unknown"));
    }
    assert_eq!(host.requests().len(), 2, "but not for each token that names one");

    let failures = [(503, "down"), (200, "<html>a proxy's page</html>"), (404, "{\"keys\":[]}"), (302, "")];
    for (fetches, (status, body)) in (3..).zip(failures) {
        host.answer(status, body);
        pass(60).await;
        assert_eq!(ask(&authenticator, &good).await, denied("key_unknown"));
        assert_eq!(host.requests().len(), fetches);
        assert!(
            ask(&authenticator, &rotated).await.is_ok(),
            "old keys serve while the host answers {status}"
        );
    }
}

#[tokio::test]
async fn is_unavailable_until_the_first_key_set() {
    let (host, authenticator) = set_up().await;
    let good = format!("Bearer {}", token(&JWKS, "Forge, RS256"));
    let large = format!("{{\"keys\":[]{}}}", " ".repeat(1 << 20));
    let mut fetches = 0;
    for answer in [response(502, "", 0), response(200, "{\"keys\":", 100), response(200, &large, large.len())]
    {
        host.send(answer);
        assert_eq!(ask(&authenticator, &good).await, Err(AuthError::Unavailable));
        assert_eq!(
            ask(&authenticator, &good).await,
            Err(AuthError::Unavailable),
            "not fetched twice a second"
        );
        fetches += 1;
        assert_eq!(host.requests().len(), fetches);
        pass(1).await;
    }
    host.answer(200, &JWKS["document"].to_string());
    assert!(ask(&authenticator, &good).await.is_ok());
}

#[tokio::test]
async fn gives_a_silent_host_up() {
    let (host, authenticator) = set_up().await;
    host.send(None);
    let started = Instant::now();
    let outcome = ask(&authenticator, &format!("Bearer {}", token(&JWKS, "ES256"))).await;
    assert_eq!(outcome, Err(AuthError::Unavailable));
    assert!((3..8).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
}
