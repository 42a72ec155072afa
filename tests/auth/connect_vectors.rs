use crate::support::{CONNECT, at, door, headers, text};
use aws_lc_rs::digest::{SHA256, digest};
use gptdock::auth::{AuthError, Caller, Credentials};
use serde_json::Value;

/// What a vector says must come of it.
pub fn expected(vector: &Value) -> Result<Caller, AuthError> {
    if vector["expect"] == "accept" {
        let hash = digest(&SHA256, text(&vector["user"]).as_bytes());
        let user_hash = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        return Ok(Caller { tenant: Some(text(&vector["tenant"]).to_owned()), user_hash: Some(user_hash) });
    }
    Err(AuthError::Denied(text(&vector["reason"]).to_owned().leak()))
}

#[tokio::test]
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
        // A door for each: no vector may profit from what another one caused.
        let outcome = door("connect").identify(&credentials, at(vector["now"].as_u64().unwrap())).await;
        assert_eq!(outcome, expected(vector), "{}", vector["name"]);
    }
}

#[tokio::test]
async fn other_modes_beside_it_change_no_verdict_on_a_token_in_the_query() {
    for vector in CONNECT["vectors"].as_array().unwrap() {
        if !text(&vector["query"]).starts_with("jwt=") {
            continue;
        }
        let headers = headers(&[("authorization", "Bearer a-bearer-token-of-the-tests")]);
        let credentials = Credentials { query: text(&vector["query"]), headers: &headers };
        let outcome =
            door("connect,bearer,jwks").identify(&credentials, at(vector["now"].as_u64().unwrap())).await;
        assert_eq!(outcome, expected(vector), "{}", vector["name"]);
    }
}
