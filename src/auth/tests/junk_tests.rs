//! Malformed credentials of every kind are rejected, and nothing panics.

use super::*;
use http::header::AUTHORIZATION;
use proptest::prelude::*;
use serde_json::Map;
use tokio::runtime::Builder;

const MODES: &str = "connect,bearer,jwks";

/// The error, on a clock that stands still.
fn outcome(authenticator: &Authenticator, query: &str, authorization: &[u8]) -> Option<AuthError> {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(authorization) {
        headers.insert(AUTHORIZATION, value);
    }
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(authenticator.authenticate(&Credentials { query, headers: &headers }, at(NOW))).err()
}

fn is_denied(outcome: Option<AuthError>) -> bool {
    matches!(outcome, Some(AuthError::Denied(_)))
}

#[test]
fn rejects_junk_of_every_length() {
    let authenticator = authenticator(MODES);
    let good = token(&CONNECT, "valid in the query");
    let lengths = (0..600).chain((600..9000).step_by(97)).chain([8191, 8192, 8193, 1 << 20]);
    for length in lengths {
        for filler in ["x", ".", "%", "=", "&jwt", "eyJ", "\u{fc}", " "] {
            let junk: String = filler.chars().cycle().take(length).collect();
            for query in [junk.clone(), format!("jwt={junk}"), format!("jwt=.{junk}{good}")] {
                assert!(is_denied(outcome(&authenticator, &query, b"")), "{length} of {filler:?}");
            }
            for scheme in ["", "JWT ", "Bearer ", "Basic "] {
                let value = format!("{scheme}{junk}");
                assert!(
                    is_denied(outcome(&authenticator, "", value.as_bytes())),
                    "{length} of {filler:?} after {scheme:?}"
                );
            }
        }
    }
}

#[test]
fn rejects_every_beginning_of_a_good_token() {
    let authenticator = authenticator(MODES);
    for (scheme, good) in
        [("JWT", token(&CONNECT, "valid in the query")), ("Bearer", token(&JWKS, "Forge, RS256"))]
    {
        for end in 0..good.len() {
            let value = format!("{scheme} {}", good.get(..end).unwrap());
            assert!(is_denied(outcome(&authenticator, "", value.as_bytes())), "{end} of {scheme}");
        }
        assert_eq!(outcome(&authenticator, "", format!("{scheme} {good}").as_bytes()), None);
    }
}

/// A JSON value of any shape, not too deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        ".{0,20}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map("[a-z]{1,8}", inner, 0..4)
                .prop_map(|map| map.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

fn encoded(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(bytes)
}

fn is_rejected_everywhere(token: &str) -> bool {
    let authenticator = authenticator(MODES);
    let mut outcomes = vec![outcome(&authenticator, &format!("jwt={token}"), b"")];
    for scheme in ["JWT", "jwt", "Bearer", "bearer"] {
        outcomes.push(outcome(&authenticator, "", format!("{scheme} {token}").as_bytes()));
    }
    outcomes.into_iter().all(is_denied)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn rejects_any_query_and_any_header(query in ".*", header in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(is_denied(outcome(&authenticator(MODES), &query, &header)));
    }

    #[test]
    fn rejects_any_text_as_a_token(token in "[ -~]{0,200}") {
        prop_assert!(is_rejected_everywhere(&token));
    }

    #[test]
    fn rejects_any_json_in_three_parts(
        header in any_json(),
        claims in any_json(),
        signature in prop::collection::vec(any::<u8>(), 0..80),
        algorithm in prop::sample::select(vec!["HS256", "RS256", "ES256"]),
        name in prop::sample::select(vec!["kid", "crit", "iss", "exp", "nbf", "aud", "sub", "qsh", "context", "principal"]),
        value in any_json(),
    ) {
        // The shape of a good token with one member made anything: the code behind each check is reached.
        let is_connect = algorithm == "HS256";
        let mut head = json!({ "alg": algorithm, "kid": "rsa-1" });
        let mut body = json!({ "iss": "tenant-one", "sub": "user", "exp": NOW + 60 });
        if !is_connect {
            body["iss"] = JWKS["issuer"].clone();
            body["aud"] = JWKS["audience"].clone();
        }
        let part = if matches!(name, "kid" | "crit") { &mut head } else { &mut body };
        part[name] = value;
        let [header, claims, head, body] = [header, claims, head, body].map(|value| encoded(value.to_string().as_bytes()));
        let signature = encoded(&signature);
        for (first, second) in [(&header, &claims), (&head, &claims), (&header, &body), (&head, &body)] {
            let token = format!("{first}.{second}.{signature}");
            prop_assert!(is_rejected_everywhere(&token));
        }
    }

    #[test]
    fn rejects_a_good_token_with_one_changed_character(
        place in any::<prop::sample::Index>(),
        other in "[A-Za-z0-9_.-]",
        file in prop::sample::select(vec![(&*CONNECT, "valid in the query"), (&*JWKS, "ES256")]),
    ) {
        let good = token(file.0, file.1);
        let place = place.index(good.len());
        let changed = format!("{}{other}{}", good.get(..place).unwrap(), good.get(place + 1..).unwrap());
        prop_assume!(changed != good);
        prop_assert!(is_rejected_everywhere(&changed));
    }
}
