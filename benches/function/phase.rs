//! The phases of one round. Each starts its subject anew, measures and ends it.

use crate::run::{Plan, ms_between};
use crate::server::{ANSWER, CONNECT};
use crate::session::{Session, World};
use crate::subject::{GPTDOCK, Subject};
use crate::{Result, figures::quantile, process::Process};
use std::time::Duration;
use tokio::time::sleep;

#[derive(Clone, Copy, Debug)]
pub enum Phase {
    ColdStart,
    OneStream,
    ManyStreams,
    /// A cold start, with everything 20 ms away.
    FirstWord,
}

const SHORT: Plan = Plan { chunks: 3, gap: Duration::ZERO };
const FLOOD: Plan = Plan { chunks: 20_000, gap: Duration::ZERO };
const ONE_OF_MANY: Plan = Plan { chunks: 100, gap: Duration::from_millis(20) };
const TOKENS: usize = 400;
const STREAMS: usize = 64;
const WARM_UP_CONVERSATIONS: usize = 20;

type Measured = Result<Vec<(&'static str, Option<f64>)>>;

impl Phase {
    pub async fn measure(self, subject: &Subject, starts: usize) -> Measured {
        let is_function = subject.function.is_some();
        match self {
            Self::ColdStart if is_function => cold_start(subject, starts, false).await,
            Self::FirstWord if is_function => cold_start(subject, starts, true).await,
            Self::OneStream => one_stream(subject, 20 * starts).await,
            // The peers serve one conversation at a time.
            Self::ManyStreams if !is_function || subject.name == GPTDOCK => many_streams(subject).await,
            _ => Ok(Vec::new()),
        }
    }
}

/// To the first poll, or to the read of the secret if that comes later; then to the first token.
async fn cold_start(subject: &Subject, starts: usize, is_far: bool) -> Measured {
    let mut measured = Vec::new();
    for _ in 0..starts {
        let session = Session::open(subject, is_far, 1).await?;
        let run = session.converse(SHORT, 1).await?.remove(0);
        let since_start = |moment| ms_between(&session.started, moment);
        let World { first_poll, secret_read, .. } = &*session.world;
        let ready = [first_poll, secret_read].into_iter().filter_map(since_start).reduce(f64::max);
        measured.extend([("cold_ms", ready), ("cold_token_ms", ms_between(&run.delivered, &run.got[0]))]);
        if is_far {
            // All reads side by side, then the question; or the secret, then the question on a new connection.
            let (longest, sum) = (CONNECT + ANSWER + ANSWER, 2 * (CONNECT + ANSWER));
            let (ms, word) = (|delay: Duration| delay.as_secs_f64() * 1e3, since_start(&run.got[0]));
            measured.extend([("word_ms", word), ("word_ratio", word.map(|word| word / ms(longest)))]);
            measured.extend([("longest_ms", Some(ms(longest))), ("sum_ms", Some(ms(sum)))]);
        }
    }
    Ok(measured)
}

async fn one_stream(subject: &Subject, conversations: usize) -> Measured {
    // At a share, the quota is there again after the pause.
    let (gap_ms, pause_ms) = if subject.share.is_some() { (10, 50) } else { (3, 0) };
    let pause = || sleep(Duration::from_millis(pause_ms));
    let session = Session::open(subject, false, 1).await?;
    let mut added = Vec::new();
    for number in 0..WARM_UP_CONVERSATIONS + conversations {
        pause().await;
        let added_ms = session.converse(SHORT, 1).await?[0].added_ms();
        added.extend(added_ms.filter(|_| number >= WARM_UP_CONVERSATIONS));
    }
    pause().await;
    let cpu_ms = || session.process.as_ref().map(Process::cpu_ms);
    let before = cpu_ms();
    let plan = Plan { chunks: TOKENS, gap: Duration::from_millis(gap_ms) };
    let run = session.converse(plan, 1).await?.remove(0);
    let after = cpu_ms();
    let billed_ms = ms_between(&run.delivered, &run.ended).filter(|_| subject.function.is_some());
    let flood = session.converse(FLOOD, 1).await?.remove(0);
    Ok(vec![
        ("added_p50_ms", quantile(added.clone(), 0.5)),
        ("added_p99_ms", quantile(added, 0.99)),
        ("chunk_p50_us", quantile(run.chunks_us(), 0.5)),
        ("chunk_p99_us", quantile(run.chunks_us(), 0.99)),
        ("cpu_ms", before.zip(after).map(|(before, after)| after - before)),
        ("chunks_per_s", ms_between(&flood.sent[0], &flood.ended).map(|ms| FLOOD.chunks as f64 * 1e3 / ms)),
        ("memory_mb", session.process.as_ref().map(Process::memory_mb)),
        ("dollars", subject.share.as_ref().zip(billed_ms).map(|(share, ms)| share.dollars(ms / 1e3))),
    ])
}

async fn many_streams(subject: &Subject) -> Measured {
    let session = Session::open(subject, false, STREAMS).await?;
    session.converse(SHORT, STREAMS).await?;
    let runs = session.converse(ONE_OF_MANY, STREAMS).await?;
    let p99 = quantile(runs.iter().flat_map(|run| run.chunks_us()), 0.99);
    Ok(vec![("many_p99_us", p99), ("many_memory_mb", session.process.as_ref().map(Process::memory_mb))])
}
