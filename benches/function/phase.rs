//! The phases of one round. Each starts its subject anew, measures, and ends it.

use crate::figures::{Figures, quantile};
use crate::run::{Plan, Run};
use crate::session::Session;
use crate::subject::{Kind, Subject};
use std::sync::Arc;
use std::time::Duration;

/// How much is done in one round.
pub struct Effort {
    pub starts: usize,
    pub conversations: usize,
    pub paced: usize,
    pub floods: usize,
    pub streams: usize,
}

pub struct Phase {
    pub name: &'static str,
    /// Of whom the figures say something.
    pub measures: fn(&Kind) -> bool,
    pub measure: fn(&Subject, &Effort, &mut Figures) -> Result<(), String>,
}

/// All phases. Each is done for every subject before the next one begins, so that what is compared was measured
/// within seconds.
pub const PHASES: [Phase; 5] = [
    Phase { name: "cold starts", measures: |kind| matches!(kind, Kind::Function(_)), measure: cold },
    Phase { name: "first token", measures: |_| true, measure: warm },
    Phase { name: "per chunk", measures: is_whole, measure: paced },
    Phase { name: "flat out", measures: is_whole, measure: flood },
    Phase { name: "many streams", measures: takes_many, measure: many },
];

fn is_whole(kind: &Kind) -> bool {
    !matches!(kind, Kind::Least(_))
}

fn takes_many(kind: &Kind) -> bool {
    match kind {
        Kind::Function(program) | Kind::Least(program) => program.concurrent,
        Kind::NoFunction | Kind::Limit => true,
    }
}

const SHORT: Plan = Plan { chunks: 3, gap: Duration::ZERO };
/// An answer that is read along.
const PACED: Plan = Plan { chunks: 400, gap: Duration::from_millis(3) };
const FLOOD: Plan = Plan { chunks: 20_000, gap: Duration::ZERO };
/// One of many answers.
const ONE_OF_MANY: Plan = Plan { chunks: 100, gap: Duration::from_millis(20) };
/// Until connections are open and code is in the caches.
const WARM_UP: usize = 20;

fn cold(subject: &Subject, effort: &Effort, figures: &mut Figures) -> Result<(), String> {
    let (mut starts, mut tokens) = (Vec::new(), Vec::new());
    for _ in 0..effort.starts {
        let session = Session::open(subject, 1)?;
        starts.push(session.cold_start_ms()?);
        tokens.extend(session.converse(SHORT)?.first_token_ms());
    }
    note(figures, subject, "cold_ms", quantile(&starts, 0.5));
    note(figures, subject, "cold_token_ms", quantile(&tokens, 0.5));
    Ok(())
}

fn warm(subject: &Subject, effort: &Effort, figures: &mut Figures) -> Result<(), String> {
    let session = warmed_up(subject)?;
    let mut added = Vec::new();
    for _ in 0..effort.conversations {
        added.extend(session.converse(SHORT)?.added_ms());
    }
    note(figures, subject, "added_p50_ms", quantile(&added, 0.5));
    note(figures, subject, "added_p99_ms", quantile(&added, 0.99));
    Ok(())
}

fn paced(subject: &Subject, effort: &Effort, figures: &mut Figures) -> Result<(), String> {
    let session = warmed_up(subject)?;
    let before = session.usage();
    let runs: Vec<_> = (0..effort.paced).map(|_| session.converse(PACED)).collect::<Result<_, _>>()?;
    let chunks = (effort.paced * PACED.chunks) as f64;
    let latencies = latencies(&runs);
    note(figures, subject, "chunk_p50_us", quantile(&latencies, 0.5));
    note(figures, subject, "chunk_p99_us", quantile(&latencies, 0.99));
    let taken = before.zip(session.usage()).map(|(before, after)| (after.cpu_us - before.cpu_us) / chunks);
    note(figures, subject, "cpu_us", taken);
    Ok(())
}

fn flood(subject: &Subject, effort: &Effort, figures: &mut Figures) -> Result<(), String> {
    let session = warmed_up(subject)?;
    let before = session.usage();
    let mut rates = Vec::new();
    for _ in 0..effort.floods {
        rates.extend(session.converse(FLOOD)?.chunks_per_second());
    }
    let chunks = (effort.floods * FLOOD.chunks) as f64;
    let after = session.usage();
    note(figures, subject, "chunks_per_s", quantile(&rates, 0.5));
    let taken = before.zip(after).map(|(before, after)| (after.cpu_us - before.cpu_us) / chunks);
    note(figures, subject, "flat_cpu_us", taken);
    note(figures, subject, "memory_mb", after.map(|usage| usage.peak_mb));
    Ok(())
}

fn many(subject: &Subject, effort: &Effort, figures: &mut Figures) -> Result<(), String> {
    let session = Session::open(subject, effort.streams)?;
    session.converse_at_once(SHORT, effort.streams)?;
    let latencies = latencies(&session.converse_at_once(ONE_OF_MANY, effort.streams)?);
    note(figures, subject, "many_p50_us", quantile(&latencies, 0.5));
    note(figures, subject, "many_p99_us", quantile(&latencies, 0.99));
    note(figures, subject, "many_memory_mb", session.usage().map(|usage| usage.peak_mb));
    Ok(())
}

fn warmed_up(subject: &Subject) -> Result<Session, String> {
    let session = Session::open(subject, 1)?;
    for _ in 0..WARM_UP {
        session.converse(SHORT)?;
    }
    Ok(session)
}

fn latencies(runs: &[Arc<Run>]) -> Vec<f64> {
    runs.iter().flat_map(|run| run.latencies_us()).collect()
}

fn note(figures: &mut Figures, subject: &Subject, key: &'static str, value: Option<f64>) {
    if let Some(value) = value {
        figures.add(&subject.name, key, value);
    }
}
