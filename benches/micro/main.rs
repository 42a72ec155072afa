//! What the parts of a request cost on their own: `cargo bench --bench micro`, or one part with
//! `cargo bench --bench micro -- decoder`.
#![allow(clippy::unwrap_used, reason = "a benchmark stops where it fails")]

mod authentication;
mod decoder;
mod question;
mod verdict;

/// The vectors of the tests, and doors that let them in.
#[allow(dead_code, unreachable_pub, reason = "the tests need more of it")]
#[path = "../../tests/auth/support.rs"]
mod support;

fn main() {
    divan::main();
}
