//! A value that is read elsewhere, kept for a while, and read by one task at a time. Knows not what the value is.

use super::reader::ReadError;
use crate::log;
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::{sync, time::Instant};

/// Without a value, a failed read is tried again by the next request, but not sooner than this.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// While an old value still serves, failed refreshes back off up to this.
const MAX_BACK_OFF: Duration = Duration::from_secs(60);
/// A refresh that a refused value forced, and that changed nothing, is not repeated sooner than this.
const FORCED_PAUSE: Duration = Duration::from_secs(30);

type Read<T> = dyn Fn() -> Pin<Box<dyn Future<Output = Result<T, ReadError>> + Send>> + Send + Sync;

/// No value, and none to be had at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable;

/// A cached value of type `T`. Clones share it.
pub struct Cached<T>(Arc<Shared<T>>);

struct Shared<T> {
    name: &'static str,
    read: Box<Read<T>>,
    ttl: Duration,
    state: std::sync::Mutex<State<T>>,
    /// Held while reading: whoever waits for it finds the result in `state`.
    flight: sync::Mutex<()>,
}

struct State<T> {
    value: Option<Arc<T>>,
    /// When the value counts as old.
    stale_at: Option<Instant>,
    failures: u32,
    failed_at: Option<Instant>,
    /// When a forced refresh last changed nothing.
    forced_at: Option<Instant>,
}

impl<T> Clone for Cached<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> std::fmt::Debug for Cached<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cached").field("name", &self.0.name).finish_non_exhaustive()
    }
}

impl<T: PartialEq + Send + Sync + 'static> Cached<T> {
    /// A value that is always there, as a key from the environment is.
    pub fn fixed(value: T) -> Self {
        let read = || Box::pin(async { Err(ReadError("it is fixed".to_owned())) }) as _;
        let cached = Self::new("fixed", Duration::MAX, Box::new(read));
        cached.state().value = Some(Arc::new(value));
        cached
    }

    /// A value that `read` brings and that counts as fresh for `ttl`. `name` stands in the log.
    pub fn new(name: &'static str, ttl: Duration, read: Box<Read<T>>) -> Self {
        let state = State { value: None, stale_at: None, failures: 0, failed_at: None, forced_at: None };
        Self(Arc::new(Shared {
            name,
            read,
            ttl,
            state: std::sync::Mutex::new(state),
            flight: Default::default(),
        }))
    }

    /// The value. An old one still serves while it is refreshed in the background.
    ///
    /// # Errors
    /// [`Unavailable`] when there has never been one and it can't be read now.
    pub async fn current(&self) -> Result<Arc<T>, Unavailable> {
        if let Some(value) = self.serve() {
            return Ok(value);
        }
        let _flight = self.0.flight.lock().await;
        if let Some(value) = self.serve() {
            return Ok(value);
        }
        if self.state().failed_at.is_some_and(|at| at.elapsed() < RETRY_AFTER) {
            return Err(Unavailable);
        }
        self.refresh().await
    }

    /// Reads again because `used` was refused, and returns a value that differs from it. `None` when there is none.
    pub async fn replace(&self, used: &Arc<T>) -> Option<Arc<T>> {
        let _flight = self.0.flight.lock().await;
        if let Some(value) = self.differing(used) {
            return Some(value);
        }
        {
            let state = self.state();
            let waits = |at: Option<Instant>, pause| at.is_some_and(|at| at.elapsed() < pause);
            if state.stale_at.is_none() && state.value.is_some() // fixed
                || waits(state.forced_at, FORCED_PAUSE)
                || waits(state.failed_at, RETRY_AFTER)
            {
                return None;
            }
        }
        self.refresh().await.ok()?;
        let changed = self.differing(used);
        self.state().forced_at = changed.is_none().then(Instant::now);
        changed
    }

    fn differing(&self, used: &Arc<T>) -> Option<Arc<T>> {
        self.state().value.clone().filter(|value| **value != **used)
    }

    /// The value at hand; when it is old, a refresh starts beside it.
    fn serve(&self) -> Option<Arc<T>> {
        let state = self.state();
        let value = state.value.clone()?;
        let now = Instant::now();
        let back_off = RETRY_AFTER.saturating_mul(1 << state.failures.min(6)).min(MAX_BACK_OFF);
        let may_read = state.failed_at.is_none_or(|at| now.duration_since(at) >= back_off);
        if state.stale_at.is_some_and(|at| now >= at) && may_read {
            let cached = self.clone();
            tokio::spawn(async move { cached.refresh_in_background().await });
        }
        Some(value)
    }

    async fn refresh_in_background(&self) {
        let Ok(_flight) = self.0.flight.try_lock() else { return };
        if self.state().stale_at.is_some_and(|at| Instant::now() >= at) {
            let _ = self.refresh().await; // logged there; the old value serves on
        }
    }

    /// Reads; the caller holds `flight`.
    async fn refresh(&self) -> Result<Arc<T>, Unavailable> {
        match (self.0.read)().await {
            Ok(value) => {
                let value = Arc::new(value);
                let mut state = self.state();
                state.value = Some(Arc::clone(&value));
                state.stale_at = Instant::now().checked_add(self.0.ttl);
                (state.failures, state.failed_at) = (0, None);
                Ok(value)
            }
            Err(error) => {
                log::warning("secret_unreadable", &[("secret", self.0.name), ("reason", &error.to_string())]);
                let mut state = self.state();
                state.failures = state.failures.saturating_add(1);
                state.failed_at = Some(Instant::now());
                Err(Unavailable)
            }
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.0.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
