//! One conversation: what is to be sent, and the moments of everything that happened to it.

use crate::clock::{Moment, now};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// Longer than any conversation here; one that passes it is lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the gateway answers.
#[derive(Clone, Copy)]
pub struct Plan {
    pub chunks: usize,
    /// The time between two chunks; zero is as fast as they are taken.
    pub gap: Duration,
}

pub struct Run {
    pub number: usize,
    pub plan: Plan,
    /// The request left the Runtime API, or the client.
    pub delivered: Moment,
    /// Its head was read by the gateway.
    pub asked: Moment,
    /// The caller has read the end.
    pub ended: Moment,
    /// The gateway is about to write a chunk.
    pub sent: Vec<Moment>,
    /// The caller has read it.
    pub got: Vec<Moment>,
    trouble: Mutex<Option<String>>,
    done: SyncSender<()>,
    finished: Mutex<Receiver<()>>,
}

impl Run {
    pub fn new(number: usize, plan: Plan) -> Self {
        let (done, finished) = sync_channel(1);
        let moments = || (0..plan.chunks).map(|_| Moment::default()).collect();
        Self {
            number,
            plan,
            delivered: Moment::default(),
            asked: Moment::default(),
            ended: Moment::default(),
            sent: moments(),
            got: moments(),
            trouble: Mutex::default(),
            done,
            finished: Mutex::new(finished),
        }
    }

    /// The caller has all that it will get.
    pub fn end(&self, trouble: Option<String>) {
        self.ended.set(now());
        *self.trouble.lock().unwrap() = trouble;
        let _ = self.done.try_send(());
    }

    /// Waits for the end, and fails when anything was lost on the way.
    pub fn wait(&self) -> Result<(), String> {
        let ended = self.finished.lock().unwrap().recv_timeout(PATIENCE);
        ended.map_err(|_| format!("conversation {}: no end within {PATIENCE:?}", self.number))?;
        if let Some(trouble) = self.trouble.lock().unwrap().take() {
            return Err(format!("conversation {}: {trouble}", self.number));
        }
        let lost = self.got.iter().filter(|moment| moment.get().is_none()).count();
        if lost > 0 {
            return Err(format!("conversation {}: {lost} of {} chunks lost", self.number, self.plan.chunks));
        }
        Ok(())
    }

    /// Microseconds that each chunk took from the gateway to the caller.
    pub fn latencies_us(&self) -> impl Iterator<Item = f64> {
        let pairs = self.sent.iter().zip(&self.got);
        pairs.filter_map(|(sent, got)| Some(between(sent.get()?, got.get()?) / 1e3))
    }

    /// Milliseconds from the request's delivery to the first chunk at the caller.
    pub fn first_token_ms(&self) -> Option<f64> {
        Some(between(self.delivered.get()?, self.got.first()?.get()?) / 1e6)
    }

    /// Milliseconds that the way to the gateway and the first chunk's way back took, without the gateway's own time.
    pub fn added_ms(&self) -> Option<f64> {
        let there = between(self.delivered.get()?, self.asked.get()?);
        let back = between(self.sent.first()?.get()?, self.got.first()?.get()?);
        Some((there + back) / 1e6)
    }

    /// Chunks a second, from the first that was sent to the end.
    pub fn chunks_per_second(&self) -> Option<f64> {
        let nanoseconds = between(self.sent.first()?.get()?, self.ended.get()?);
        Some(self.plan.chunks as f64 * 1e9 / nanoseconds)
    }
}

fn between(start: u64, end: u64) -> f64 {
    end.saturating_sub(start) as f64
}
