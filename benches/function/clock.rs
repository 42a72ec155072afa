//! Moments as nanoseconds of one clock, small enough to be stored without a lock.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Nanoseconds since the first moment that was asked for; never zero.
pub fn now() -> u64 {
    EPOCH.elapsed().as_nanos() as u64 + 1
}

/// A moment that is set once.
#[derive(Default)]
pub struct Moment(AtomicU64);

impl Moment {
    /// Notes a moment, unless one is noted.
    pub fn set(&self, at: u64) {
        let _ = self.0.compare_exchange(0, at, Relaxed, Relaxed);
    }

    /// The moment, when it has come.
    pub fn get(&self) -> Option<u64> {
        Some(self.0.load(Relaxed)).filter(|at| *at > 0)
    }
}
