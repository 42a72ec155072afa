//! One conversation: what the gateway sends, and the moments of what happens to it.

use crate::Result;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use memchr::memmem::find_iter;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tokio::{sync::Notify, time::timeout};

pub type Moment = OnceLock<Instant>;

#[derive(Clone, Copy, Default)]
pub struct Plan {
    pub chunks: usize,
    /// The time between two chunks; zero sends as fast as the function reads.
    pub gap: Duration,
}

#[derive(Default)]
pub struct Run {
    pub number: usize,
    pub plan: Plan,
    /// The Runtime API answered the function's poll, or the client sent its request.
    pub delivered: Moment,
    /// The gateway read the request's head, and wrote each chunk.
    pub asked: Moment,
    pub sent: Vec<Moment>,
    /// The caller read each chunk, and the end.
    pub got: Vec<Moment>,
    pub ended: Moment,
    done: Notify,
}

impl Run {
    pub fn new(number: usize, plan: Plan) -> Self {
        let moments = vec![Moment::new(); plan.chunks];
        Self { number, plan, sent: moments.clone(), got: moments, ..Self::default() }
    }

    /// What the user asks. As long as the question in the sample event, whose `content-length` then holds.
    pub fn question(&self) -> String {
        format!("conversation-{:07}: why?", self.number)
    }

    /// Reads the answer and notes when each chunk arrived, however the pieces are cut.
    pub async fn read(&self, mut body: Incoming) {
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let now = Instant::now();
            match frame.map(|frame| frame.into_data()) {
                Ok(Ok(piece)) => bytes.extend_from_slice(&piece),
                // A function reports an error after the head in trailers.
                trouble => eprintln!("conversation {}: {trouble:?}", self.number),
            }
            let numbers = find_iter(&bytes, "token-").filter_map(|at| bytes.get(at + 6..at + 13));
            for number in numbers.filter_map(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok())
            {
                self.got.get(number).map(|got| got.set(now));
            }
            // `token-` and seven digits may have begun.
            bytes.drain(..bytes.len().saturating_sub(12));
        }
        self.end();
    }

    pub fn end(&self) {
        let _ = self.ended.set(Instant::now());
        self.done.notify_one();
    }

    /// Waits for the end. Fails when a chunk was lost.
    pub async fn wait(&self) -> Result<()> {
        timeout(Duration::from_secs(60), self.done.notified()).await?;
        let lost = self.got.iter().filter(|got| got.get().is_none()).count();
        if lost == 0 {
            Ok(())
        } else {
            Err(format!("conversation {}: {lost} chunks lost", self.number).into())
        }
    }

    /// Each chunk's way from the gateway to the caller.
    pub fn chunks_us(&self) -> impl Iterator<Item = f64> {
        self.sent.iter().zip(&self.got).filter_map(|(sent, got)| Some(ms_between(sent, got)? * 1e3))
    }

    /// The request's way to the gateway and the first chunk's way back, without the gateway's own time.
    pub fn added_ms(&self) -> Option<f64> {
        Some(ms_between(&self.delivered, &self.asked)? + ms_between(&self.sent[0], &self.got[0])?)
    }
}

pub fn ms_between(start: &Moment, end: &Moment) -> Option<f64> {
    Some(end.get()?.saturating_duration_since(*start.get()?).as_secs_f64() * 1e3)
}
