use crate::{
    connect_vectors::expected,
    support::{CONNECT, JWKS, NOW, at, door, headers, text, token},
};
use gptdock::auth::{AuthError, Credentials, reason};

#[tokio::test(start_paused = true)]
async fn every_vector_of_jwks() {
    for mode in ["jwks", "connect,bearer,jwks"] {
        for vector in JWKS["vectors"].as_array().unwrap() {
            let headers = headers(&[("authorization", &format!("Bearer {}", text(&vector["token"])))]);
            let credentials = Credentials { query: "", headers: &headers };
            let outcome = door(mode).identify(&credentials, at(vector["now"].as_u64().unwrap())).await;
            assert_eq!(outcome, expected(vector), "{mode}: {}", vector["name"]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_shared_secret_is_no_key_and_a_key_no_shared_secret() {
    let tenant_token = token(&CONNECT, "valid in the query");
    let issuer_token = token(&JWKS, "Forge, RS256");
    for (query, authorization) in [
        (String::new(), format!("Bearer {tenant_token}")),
        (String::new(), format!("JWT {issuer_token}")),
        (format!("jwt={issuer_token}"), "Bearer x".to_owned()),
    ] {
        let headers = headers(&[("authorization", &authorization)]);
        let credentials = Credentials { query: &query, headers: &headers };
        let outcome = door("connect,bearer,jwks").identify(&credentials, at(NOW)).await;
        assert_eq!(outcome, Err(AuthError::Denied(reason::ALGORITHM)), "{authorization}");
    }
}
