//! Tokens that Atlassian's own library and `node:crypto` made, with the outcome of each.

use super::*;
use aws_lc_rs::digest::{SHA256, digest};

/// The outcome that a vector states.
fn expected(vector: &Value) -> Result<Caller, AuthError> {
    if vector["expect"] == "accept" {
        let hash = digest(&SHA256, text(&vector["user"]).as_bytes());
        let user_hash = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        return Ok(Caller { tenant: Some(text(&vector["tenant"]).to_owned()), user_hash: Some(user_hash) });
    }
    Err(AuthError::Denied(text(&vector["reason"]).to_owned().leak()))
}

#[tokio::test(start_paused = true)]
async fn every_vector_of_connect() {
    for vector in CONNECT["vectors"].as_array().unwrap() {
        let pairs: Vec<(&str, &str)> = vector["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| (text(&pair[0]), text(&pair[1])))
            .collect();
        let headers = headers(&pairs);
        let credentials = Credentials { query: text(&vector["query"]), headers: &headers };
        // One authenticator for each: no vector may profit from what another one caused.
        let now = at(vector["now"].as_u64().unwrap());
        let outcome = authenticator("connect").authenticate(&credentials, now).await;
        assert_eq!(outcome, expected(vector), "{}", vector["name"]);
    }
}

#[tokio::test(start_paused = true)]
async fn other_modes_change_no_outcome_of_a_token_in_the_query() {
    for vector in CONNECT["vectors"].as_array().unwrap() {
        if !text(&vector["query"]).starts_with("jwt=") {
            continue;
        }
        let headers = headers(&[("authorization", "Bearer a-bearer-token-of-the-tests")]);
        let credentials = Credentials { query: text(&vector["query"]), headers: &headers };
        let now = at(vector["now"].as_u64().unwrap());
        let outcome = authenticator("connect,bearer,jwks").authenticate(&credentials, now).await;
        assert_eq!(outcome, expected(vector), "{}", vector["name"]);
    }
}

#[tokio::test(start_paused = true)]
async fn every_vector_of_jwks() {
    for modes in ["jwks", "connect,bearer,jwks"] {
        for vector in JWKS["vectors"].as_array().unwrap() {
            let headers = headers(&[("authorization", &format!("Bearer {}", text(&vector["token"])))]);
            let credentials = Credentials { query: "", headers: &headers };
            let now = at(vector["now"].as_u64().unwrap());
            let outcome = authenticator(modes).authenticate(&credentials, now).await;
            assert_eq!(outcome, expected(vector), "{modes}: {}", vector["name"]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_of_one_mode_are_rejected_by_the_other() {
    let tenant_token = token(&CONNECT, "valid in the query");
    let issuer_token = token(&JWKS, "Forge, RS256");
    for (query, authorization) in [
        (String::new(), format!("Bearer {tenant_token}")),
        (String::new(), format!("JWT {issuer_token}")),
        (format!("jwt={issuer_token}"), "Bearer x".to_owned()),
    ] {
        let headers = headers(&[("authorization", &authorization)]);
        let credentials = Credentials { query: &query, headers: &headers };
        let outcome = authenticator("connect,bearer,jwks").authenticate(&credentials, at(NOW)).await;
        assert_eq!(outcome, denied("algorithm"), "{authorization}");
    }
}
