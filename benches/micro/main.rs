//! What the parts of a request cost: `cargo bench --bench micro`, or one part with `-- decoder`.
#![allow(clippy::unwrap_used, reason = "a benchmark stops where it fails")]

mod classify;
mod decoder;
mod request;

fn main() {
    divan::main();
}
