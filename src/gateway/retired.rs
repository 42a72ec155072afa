//! Models that the gateway said do not exist (any more), remembered for a while.

use http::Uri;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long a model is passed over.
const REMEMBERED_FOR: Duration = Duration::from_secs(600);
/// With `ALLOWED_MODELS=*` callers choose the names; this bounds what they can make the process remember.
const MAX_REMEMBERED: usize = 100;

/// Pairs of a base's URL and a model.
#[derive(Debug, Default)]
pub struct Retired(Mutex<HashMap<(Uri, String), Instant>>);

impl Retired {
    /// Remembers that a base knows no such model.
    pub fn remember(&self, url: &Uri, model: &str) {
        let mut retired = self.locked();
        if retired.len() >= MAX_REMEMBERED {
            retired.retain(|_, since| since.elapsed() < REMEMBERED_FOR);
        }
        if retired.len() < MAX_REMEMBERED {
            retired.insert((url.clone(), model.to_owned()), Instant::now());
        }
    }

    /// Whether a base is known not to have a model.
    pub fn holds(&self, url: &Uri, model: &str) -> bool {
        let retired = self.locked();
        let since = (!retired.is_empty()).then(|| retired.get(&(url.clone(), model.to_owned()))).flatten();
        since.is_some_and(|since| since.elapsed() < REMEMBERED_FOR)
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<(Uri, String), Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
