//! What GPTDock is to reach, beside what it reached.

use crate::figures::Figures;
use crate::names::{GPTDOCK, LIMIT, NO_FUNCTION, NODE, STOCK_RUST};
use std::path::Path;

const MEGABYTE: f64 = 1e6;

struct Goal {
    what: &'static str,
    measured: Option<f64>,
    bound: Bound,
}

enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Bound {
    fn holds(&self, measured: f64) -> bool {
        match self {
            Self::AtMost(bound) => measured <= *bound,
            Self::AtLeast(bound) => measured >= *bound,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::AtMost(bound) => format!("at most {bound}"),
            Self::AtLeast(bound) => format!("at least {bound}"),
        }
    }
}

/// Prints each goal whose figures there are.
pub fn print(figures: &Figures, binary: &Path) {
    println!("\n| goal | bound | measured | reached |");
    println!("|---|---|---:|---|");
    for Goal { what, measured, bound } in goals(figures, binary) {
        if let Some(measured) = measured {
            let reached = if bound.holds(measured) { "yes" } else { "no" };
            println!("| {what} | {} | {measured:.2} | {reached} |", bound.text());
        }
    }
}

fn goals(figures: &Figures, binary: &Path) -> Vec<Goal> {
    let own = |key| figures.median(GPTDOCK, key);
    let against = |base, key| figures.ratio(GPTDOCK, base, key);
    let at_most = |what, measured, bound| Goal { what, measured, bound: Bound::AtMost(bound) };
    let at_least = |what, measured, bound| Goal { what, measured, bound: Bound::AtLeast(bound) };
    let size = std::fs::metadata(binary).ok().map(|file| file.len() as f64 / MEGABYTE);
    vec![
        at_most("cold start, ms", own("cold_ms"), 5.0),
        at_most("cold start, times stock crates'", against(STOCK_RUST, "cold_ms"), 0.25),
        at_most("first token after a cold event, ms", own("cold_token_ms"), 1.2),
        at_most("added to first token p50, times no function's", against(NO_FUNCTION, "added_p50_ms"), 3.0),
        at_most("added to first token p99, ms", own("added_p99_ms"), 1.0),
        at_most("per chunk p50, times the limit's", against(LIMIT, "chunk_p50_us"), 1.2),
        at_most("per chunk p99, times the limit's", against(LIMIT, "chunk_p99_us"), 1.5),
        at_least("chunks/s flat out", own("chunks_per_s"), 200_000.0),
        at_least("chunks/s flat out, times Node's", against(NODE, "chunks_per_s"), 1.0),
        at_most("memory of one stream, MB", own("memory_mb"), 11.0),
        at_most("memory of 64 streams, MB", own("many_memory_mb"), 14.0),
        at_most("64 streams, per chunk p99, times the limit's", against(LIMIT, "many_p99_us"), 1.5),
        at_most("processor time per chunk, times stock crates'", against(STOCK_RUST, "cpu_us"), 1.0),
        at_most("binary, MB", size, 7.0),
    ]
}
