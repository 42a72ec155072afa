//! A cached value: read once for all callers, refreshed in the background, and kept while a read fails.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync, time::Instant};

/// Without a value, a failed read is repeated by the next request, but not sooner than this.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// While an old value still serves, failed refreshes back off up to this.
const MAX_BACK_OFF: Duration = Duration::from_secs(60);
/// A forced refresh that changed nothing is not repeated sooner than this.
const FORCED_PAUSE: Duration = Duration::from_secs(30);

type Read<T> = dyn Fn() -> Pin<Box<dyn Future<Output = Option<T>> + Send>> + Send + Sync;

/// There is no value, and it cannot be read at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable;

/// A cached value. Clones share it.
pub struct Cached<T>(Arc<Shared<T>>);

struct Shared<T> {
    read: Box<Read<T>>,
    ttl: Duration,
    state: Mutex<State<T>>,
    /// Held during a read. A caller that waited for it finds the result in `state`.
    flight: sync::Mutex<()>,
}

struct State<T> {
    value: Option<Arc<T>>,
    /// When the value becomes stale. A fixed value never does.
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

impl<T: Send + Sync + 'static> Cached<T> {
    /// A value that `read` returns and that is fresh for `ttl`. `read` logs why it returns `None`.
    pub fn new<F>(ttl: Duration, read: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<T>> + Send + 'static,
    {
        let state = State { value: None, stale_at: None, failures: 0, failed_at: None, forced_at: None };
        Self(Arc::new(Shared {
            read: Box::new(move || Box::pin(read())),
            ttl,
            state: Mutex::new(state),
            flight: sync::Mutex::default(),
        }))
    }

    /// A value that is never read, such as a key from the environment.
    pub fn fixed(value: T) -> Self {
        let cached = Self::new(Duration::MAX, || async { None });
        cached.state().value = Some(Arc::new(value));
        cached
    }

    /// Returns the value. A stale one is returned while a refresh runs in the background.
    ///
    /// # Errors
    /// [`Unavailable`] when no read has ever succeeded and this one fails too.
    pub async fn current(&self) -> Result<Arc<T>, Unavailable> {
        if let Some(value) = self.serve() {
            return Ok(value);
        }
        let _flight = self.0.flight.lock().await;
        if let Some(value) = self.serve() {
            return Ok(value);
        }
        if is_within(self.state().failed_at, RETRY_AFTER) {
            return Err(Unavailable);
        }
        self.refresh().await.ok_or(Unavailable)
    }

    /// Reads again because `used` was refused. Returns a value that `differs` from it, or `None` when there is none.
    /// Callers at the same time share one read.
    pub async fn replace(&self, used: &Arc<T>, differs: impl Fn(&T, &T) -> bool) -> Option<Arc<T>> {
        let _flight = self.0.flight.lock().await;
        let differing = || self.state().value.clone().filter(|value| differs(value, used));
        if let Some(value) = differing() {
            return Some(value);
        }
        {
            let state = self.state();
            let is_fixed = state.value.is_some() && state.stale_at.is_none();
            if is_fixed || is_within(state.forced_at, FORCED_PAUSE) || is_within(state.failed_at, RETRY_AFTER)
            {
                return None;
            }
        }
        self.refresh().await?;
        let changed = differing();
        self.state().forced_at = changed.is_none().then(Instant::now);
        changed
    }

    /// Returns the value at hand, and starts a refresh when it is stale.
    fn serve(&self) -> Option<Arc<T>> {
        let state = self.state();
        let value = state.value.clone()?;
        if state.is_due() {
            let cached = self.clone();
            tokio::spawn(async move { cached.refresh_in_background().await });
        }
        Some(value)
    }

    async fn refresh_in_background(&self) {
        let Ok(_flight) = self.0.flight.try_lock() else { return };
        // Another task may have read since this one was spawned.
        if self.state().is_due() {
            self.refresh().await;
        }
    }

    /// Reads. The caller holds `flight`.
    async fn refresh(&self) -> Option<Arc<T>> {
        let value = (self.0.read)().await.map(Arc::new);
        let mut state = self.state();
        if let Some(value) = &value {
            state.value = Some(Arc::clone(value));
            state.stale_at = Instant::now().checked_add(self.0.ttl);
            (state.failures, state.failed_at) = (0, None);
        } else {
            state.failures = state.failures.saturating_add(1);
            state.failed_at = Some(Instant::now());
        }
        value
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    /// The value is stale, and no failed refresh holds the next one back.
    fn is_due(&self) -> bool {
        let back_off = RETRY_AFTER.saturating_mul(1 << self.failures.min(6)).min(MAX_BACK_OFF);
        self.stale_at.is_some_and(|at| Instant::now() >= at) && !is_within(self.failed_at, back_off)
    }
}

fn is_within(moment: Option<Instant>, period: Duration) -> bool {
    moment.is_some_and(|moment| moment.elapsed() < period)
}

#[cfg(test)]
#[path = "cached_tests.rs"]
mod tests;
