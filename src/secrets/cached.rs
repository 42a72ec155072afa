//! A cached value: read once for all callers, refreshed in the background, and kept while a read fails.

use futures_util::future::BoxFuture;
use std::{
    ptr,
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
/// The shortest time between two refreshes that failed searches cause.
const SEARCH_PAUSE: Duration = Duration::from_secs(60);

/// A cached value. Clones share it.
pub struct Cached<T>(Arc<Shared<T>>);

struct Shared<T> {
    read: Box<dyn Fn() -> BoxFuture<'static, Option<T>> + Send + Sync>,
    ttl: Duration,
    state: Mutex<State<T>>,
    /// Held during a read. A caller that waited for it finds the result in `state`.
    flight: sync::Mutex<()>,
    /// When a failed search last caused a refresh. Held during it.
    searched_at: sync::Mutex<Option<Instant>>,
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
            searched_at: sync::Mutex::default(),
        }))
    }

    /// A value that is never read, such as a key from the environment.
    pub fn fixed(value: T) -> Self {
        let cached = Self::new(Duration::MAX, || async { None });
        cached.state().value = Some(Arc::new(value));
        cached
    }

    /// Returns the value. A stale one is returned while a refresh runs in the background. Returns `None` when no read
    /// has ever succeeded and this one fails too.
    pub async fn current(&self) -> Option<Arc<T>> {
        if let Some(value) = self.serve() {
            return Some(value);
        }
        let _flight = self.0.flight.lock().await;
        match self.serve() {
            None if !self.state().is_paused() => self.refresh().await,
            value => value,
        }
    }

    /// Reads again because `used` was refused. Returns a value that `differs` from it, or `None` when there is none.
    /// Callers at the same time share one read.
    pub async fn replace(&self, used: &Arc<T>, differs: impl Fn(&T, &T) -> bool) -> Option<Arc<T>> {
        let _flight = self.0.flight.lock().await;
        let differing = || self.state().value.clone().filter(|value| differs(value, used));
        if let Some(value) = differing() {
            return Some(value);
        }
        if self.state().is_paused() {
            return None;
        }
        self.refresh().await?;
        let changed = differing();
        self.state().forced_at = changed.is_none().then(Instant::now);
        changed
    }

    /// Searches the value for a name that a stranger chose. A missing name may be newer than the value, or made up:
    /// failed searches cause one refresh a minute, and share it. Returns `None` when there is no value.
    pub async fn search<R, E>(&self, find: impl Fn(&T) -> Result<R, E>) -> Option<Result<R, E>> {
        let value = self.current().await?;
        let found = find(&value);
        if found.is_ok() {
            return Some(found);
        }
        let mut searched_at = self.0.searched_at.lock().await;
        let newer = if is_within(*searched_at, SEARCH_PAUSE) {
            self.current().await
        } else {
            *searched_at = Some(Instant::now());
            self.replace(&value, |new, old| !ptr::eq(new, old)).await
        };
        drop(searched_at);
        Some(newer.map_or(found, |newer| find(&newer)))
    }

    /// Returns the value at hand, and starts a refresh when it is stale.
    fn serve(&self) -> Option<Arc<T>> {
        let state = self.state();
        let value = state.value.clone()?;
        if state.is_due() {
            let cached = self.clone();
            tokio::spawn(async move {
                let Ok(_flight) = cached.0.flight.try_lock() else { return };
                // Another task may have read since this one was spawned.
                if cached.state().is_due() {
                    cached.refresh().await;
                }
            });
        }
        Some(value)
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
    /// A read that a caller would wait for is not due.
    fn is_paused(&self) -> bool {
        is_within(self.forced_at, FORCED_PAUSE) || is_within(self.failed_at, RETRY_AFTER)
    }

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
