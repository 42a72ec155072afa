//! Every refusal has the same response, comes before the body is read, and asks no gateway.

use crate::auth::{Shown, all_denied, connect, faceless, let_in};
use crate::support::event::{BOTH, Event};
use crate::support::tokens::{CONNECT, JWKS, always_denied, connect_claims, good, hs256, vector};
use serde_json::json;

#[tokio::test]
async fn every_vector_that_is_refused_gets_the_same_bytes() {
    let world = connect().start().await;
    let vectors: Vec<Shown> = always_denied(&CONNECT).map(Shown::of).collect();
    assert!(vectors.len() > 80, "{} vectors", vectors.len());
    all_denied(&world, &vectors).await;
    let_in(&world, &Shown::jwt(&good())).await;
    assert!(world.secrets.tenants_reads() <= 2, "{} reads", world.secrets.tenants_reads());
}

#[tokio::test]
async fn junk_of_every_length_gets_the_same_bytes() {
    let world = connect().start().await;
    let token = good();
    let lengths = (0..64).chain((64..2_000).step_by(97)).chain([8_191, 8_192, 8_193, 100_000]);
    let mut junk = Vec::new();
    for length in lengths {
        for filler in ["x", ".", "%", "eyJ", "é"] {
            let text: String = filler.chars().cycle().take(length).collect();
            junk.push(Shown::jwt(&text));
            junk.push(Shown::authorization(&format!("JWT {text}")));
            junk.push(Shown::bearer(&text));
        }
    }
    // Whole but for its signature, a token is no junk.
    let whole = token.rfind('.').unwrap();
    junk.extend((0..whole).step_by(7).map(|end| Shown::jwt(&token[..end])));
    all_denied(&world, &junk).await;
    assert_eq!(world.secrets.tenants_reads(), 1, "junk is refused without a look at any secret");
    let_in(&world, &Shown::jwt(&token)).await;
}

#[tokio::test]
async fn credentials_are_checked_before_the_body() {
    let world = connect().with("MAX_BODY_BYTES", "2000").start().await;
    for dialect in BOTH {
        let nobody = faceless(&world.ask(dialect.ask()).await);
        let event = || Event::new("POST", dialect.path());
        let mut broken = event().body("{not base64}");
        broken.json["isBase64Encoded"] = json!(true);
        let bodies = [
            event(),
            event().body(""),
            event().body("{\"messages\": [PRIVATE"),
            event().body("{\"messages\": []}"),
            event().body("{\"messages\": [{\"role\": \"wizard\"}], \"model\": \"no-such-model\"}"),
            event().body(&"[".repeat(4_000)),
            event().base64(&[0xff; 4_000]),
            broken,
        ];
        let wrong = hs256(&connect_claims(), "another-secret");
        for body in bodies {
            for shown in [Shown::default(), Shown::jwt("x"), Shown::jwt(&wrong), Shown::bearer("x")] {
                let response = world.ask(shown.on(body.clone())).await;
                assert_eq!(faceless(&response), nobody, "{shown:?}");
            }
            let response = world.ask(body.jwt(&good())).await;
            assert!([400, 413, 422].contains(&response.status), "{}", response.text());
        }
    }
    assert_eq!(world.gateway.count(), 0);
}

/// The methods and the paths are no secret; what lies behind them is.
#[tokio::test]
async fn an_unknown_path_is_404_without_credentials() {
    let world = connect().start().await;
    assert_eq!(world.ask(Event::new("GET", "/nope")).await.status, 404);
    assert_eq!(world.ask(Event::new("GET", "/conversations")).await.status, 405);
    assert_eq!(world.secrets.tenants_reads(), 1);
}

#[tokio::test]
async fn an_issuers_token_is_none_of_connects() {
    let world = connect().start().await;
    let token = vector(&JWKS, "lasts until 2100");
    all_denied(
        &world,
        &[Shown::jwt(token), Shown::bearer(token), Shown::authorization(&format!("JWT {token}"))],
    )
    .await;
}
