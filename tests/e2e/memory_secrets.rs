//! No secret and no key set takes the process over 100 MB or one second of a processor.

use crate::auth::{Shown, connect};
use crate::memory_bounds::{Bounded, chain, tree};
use crate::support::event::Dialect;
use crate::support::key_host::KeyHost;
use crate::support::secrets::Answer;
use crate::support::tokens::{AUDIENCE, ISSUER, Issuer, forge_claims, good};
use crate::support::world::Setup;

/// The most that Secrets Manager keeps.
const SECRET: usize = 65_000;
/// Far more than that: another endpoint may answer in its place.
const HUGE: usize = 8_000_000;
/// Just under the most that is read of a key set.
const KEY_SET: usize = 1_000_000;

fn secrets() -> Vec<String> {
    let values = [tree(SECRET), chain(SECRET), "x y".repeat(SECRET / 3)];
    let members = values.iter().flat_map(|value| {
        [format!(r#"{{"OPENAI_API_KEY":{value}}}"#), format!(r#"{{"tenant-one":{value}}}"#)]
    });
    members.chain(values.clone()).chain([tree(HUGE), "x y".repeat(HUGE / 3)]).collect()
}

#[tokio::test]
async fn a_large_secret() {
    for secret in secrets() {
        let name = secret[..40].to_owned();
        let bounded = Bounded::start(Setup::new().secret(Answer::Value(secret))).await;
        let response = bounded.ask(&name, Dialect::V1.ask()).await;
        response.refused(Dialect::V1, 503, "secret_unavailable");
    }
}

#[tokio::test]
async fn a_large_tenants_secret() {
    for secret in secrets() {
        let name = secret[..40].to_owned();
        let bounded = Bounded::start(connect().tenants(Answer::Value(secret))).await;
        let response = bounded.ask(&name, Dialect::V1.ask().jwt(&good())).await;
        // One bad tenant may be no reason to refuse all of them.
        assert!([401, 503].contains(&response.status), "{name}: {}", response.text());
    }
}

#[tokio::test]
async fn a_large_answer_of_secrets_manager() {
    for value in [tree(HUGE), chain(HUGE)] {
        let body = format!(r#"{{"SecretString":{value}}}"#);
        let bounded = Bounded::start(Setup::new().secret(Answer::Raw(200, body))).await;
        let response = bounded.ask("SecretString", Dialect::V1.ask()).await;
        response.refused(Dialect::V1, 503, "secret_unavailable");
    }
}

#[tokio::test]
async fn a_large_key_set() {
    let issuer = Issuer::new("own");
    let key = issuer.jwk().to_string();
    for value in [tree(KEY_SET), chain(KEY_SET)] {
        for (set, whole) in [
            (format!(r#"{{"keys":[{key}],"x":{value}}}"#), true),
            (format!(r#"{{"keys":[{key},{{"kid":"x","kty":"EC","x5c":{value}}}]}}"#), false),
            (format!(r#"{{"keys":{value}}}"#), false),
            (value.clone(), false),
        ] {
            let host = KeyHost::of(&set).await;
            let setup = Setup::new().with("AUTH_MODE", "jwks").with("JWKS_URL", &host.url());
            let bounded =
                Bounded::start(setup.with("JWT_ISSUER", ISSUER).with("JWT_AUDIENCE", AUDIENCE)).await;
            let shown = Shown::bearer(&issuer.sign(&forge_claims()));
            let response = bounded.ask(&set[..40], shown.on(Dialect::V1.ask())).await;
            let statuses: &[u16] = if whole { &[200] } else { &[200, 401, 503] };
            assert!(statuses.contains(&response.status), "{}: {}", &set[..40], response.text());
        }
    }
}
