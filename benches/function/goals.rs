//! What GPTDock is to reach, beside what it reached.

use crate::figures::{Figures, markdown};
use crate::subject::{GPTDOCK, NO_FUNCTION, NODE, PEERS, RELAY, STOCK_RUST};

/// A function that adds more to each first token has Nagle's algorithm on: Linux delays an acknowledgement 40 ms.
const NAGLE_MS: f64 = 35.0;

/// Each goal whose figures there are.
pub fn list(machine: &Figures, first_word: &Figures) -> String {
    let times = |base: &str, key| machine.ratio(GPTDOCK, base, key);
    let has_nagle = |peer: &&&str| machine.median(peer, "added_p50_ms").is_some_and(|ms| ms > NAGLE_MS);
    let added = |peer: &&str| times(peer, "added_p50_ms");
    let nagle = PEERS.iter().filter(has_nagle).filter_map(added).reduce(f64::max);
    let own = first_word.rows.iter().filter(|row| row.starts_with(GPTDOCK));
    let word = own.filter_map(|row| first_word.median(row, "word_ratio")).reduce(f64::max);
    let goals = [
        ("added to first token p50, times no function's", 6.0, times(NO_FUNCTION, "added_p50_ms")),
        ("chunk p50, times the byte relay's", 1.5, times(RELAY, "chunk_p50_us")),
        ("chunk p99, times the byte relay's", 2.0, times(RELAY, "chunk_p99_us")),
        ("cold start, times stock Rust's", 0.25, times(STOCK_RUST, "cold_ms")),
        ("cold start, times Node's", 0.05, times(NODE, "cold_ms")),
        ("added to first token p50, times that of any peer with Nagle's algorithm", 0.01, nagle),
        ("added to first token p50, times Node's", 0.5, times(NODE, "added_p50_ms")),
        ("64 streams: chunk p99 µs", 8000.0, machine.median(GPTDOCK, "many_p99_us")),
        ("memory, times Node's", 0.125, times(NODE, "memory_mb")),
        ("first word of a cold start, times the longest path", 1.15, word),
    ];
    let row = |(goal, bound, measured): (&str, f64, Option<f64>)| {
        let reached = if measured? <= bound { "yes" } else { "no" };
        Some((goal.to_owned(), vec![bound.to_string(), format!("{:.3}", measured?), reached.to_owned()]))
    };
    markdown(&["at most", "measured", "reached"], goals.into_iter().filter_map(row))
}
