//! Letting a caller in, by each kind of credential; keys and tenants are known already.

use crate::support::{BEARER_TOKEN, CONNECT, JWKS, NOW, at, door, headers, token};
use divan::{Bencher, black_box};
use futures_util::FutureExt;
use gptdock::auth::Credentials;

fn bench(bencher: Bencher<'_, '_>, mode: &str, query: &str, authorization: &str) {
    let (door, headers) = (door(mode), headers(&[("authorization", authorization)]));
    let credentials = Credentials { query, headers: &headers };
    // The first caller waits until the keys are fetched; all others find them.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(door.identify(&credentials, at(NOW))).unwrap();
    bencher.bench_local(|| door.identify(black_box(&credentials), at(NOW)).now_or_never().unwrap().unwrap());
}

#[divan::bench]
fn connect(bencher: Bencher<'_, '_>) {
    bench(bencher, "connect", &format!("jwt={}", token(&CONNECT, "valid in the query")), "");
}

#[divan::bench]
fn jwks_rs256(bencher: Bencher<'_, '_>) {
    bench(bencher, "jwks", "", &format!("Bearer {}", token(&JWKS, "Forge, RS256")));
}

#[divan::bench]
fn jwks_es256(bencher: Bencher<'_, '_>) {
    bench(bencher, "jwks", "", &format!("Bearer {}", token(&JWKS, "ES256")));
}

#[divan::bench]
fn bearer(bencher: Bencher<'_, '_>) {
    bench(bencher, "bearer", "", &format!("Bearer {BEARER_TOKEN}"));
}
