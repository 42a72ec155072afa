//! Searches in a cached set by a name that the caller chose. A name that is not there may be newer than the cache, but
//! strangers can make names up: they cause one refresh a minute, no more.

use super::AuthError;
use crate::secrets::Cached;
use std::{ptr, sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::Instant};

/// The shortest time between two refreshes that failed searches cause.
const REFRESH_INTERVAL: Duration = Duration::from_secs(60);

/// A cached set and the time of the last refresh that a search caused.
pub struct Lookup<T> {
    set: Cached<T>,
    refreshed_at: Mutex<Option<Instant>>,
}

impl<T: Send + Sync + 'static> Lookup<T> {
    pub fn new(set: Cached<T>) -> Self {
        Self { set, refreshed_at: Mutex::new(None) }
    }

    /// Reads the set, so that the first request need not wait for it. `read` logs a failure.
    pub async fn warm(&self) {
        let _ = self.set.current().await;
    }

    /// Searches the set. When that fails, searches a refreshed set, if a refresh is due.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`] without a set, else the reason of the failed search.
    pub async fn find<R>(&self, find: impl Fn(&T) -> Result<R, &'static str>) -> Result<R, AuthError> {
        let set = self.set.current().await.map_err(|_| AuthError::Unavailable)?;
        let reason = match find(&set) {
            Ok(found) => return Ok(found),
            Err(reason) => reason,
        };
        Ok(find(&*self.newer(&set).await.ok_or(reason)?)?)
    }

    /// Refreshes when that is due. Callers that come during a refresh wait for it and share its result.
    async fn newer(&self, set: &Arc<T>) -> Option<Arc<T>> {
        let mut refreshed_at = self.refreshed_at.lock().await;
        if refreshed_at.is_some_and(|at| at.elapsed() < REFRESH_INTERVAL) {
            return self.set.current().await.ok();
        }
        *refreshed_at = Some(Instant::now());
        self.set.replace(set, |new, old| !ptr::eq(new, old)).await
    }
}
