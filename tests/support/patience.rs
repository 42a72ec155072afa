//! Bounded waiting: every wait ends when the thing happens, or fails the test by name.

use std::future::Future;
use std::time::{Duration, Instant};
use tokio::sync::watch;

const LIMIT: Duration = Duration::from_secs(20);

/// Waits for `future`, but not for ever.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {LIMIT:?} in vain for {what}"),
    }
}

/// Fails unless `took` lies between the two bounds, in milliseconds.
pub fn took(what: &str, took: Duration, milliseconds: std::ops::RangeInclusive<u64>) {
    let ms = u64::try_from(took.as_millis()).unwrap();
    assert!(milliseconds.contains(&ms), "{what} took {ms} ms, not {milliseconds:?}");
}

/// The time between two instants that must not be the other way round.
pub fn between(earlier: Instant, later: Instant) -> Duration {
    later.checked_duration_since(earlier).expect("the later instant lies before the earlier one")
}

/// Something that changes and can be waited on, from any thread.
pub struct Changes(watch::Sender<()>);

impl Changes {
    pub fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    pub fn tell(&self) {
        self.0.send_replace(());
    }

    /// Waits until `probe` finds what it looks for.
    pub async fn until<T>(&self, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
        let mut changes = self.0.subscribe();
        let found = async {
            loop {
                if let Some(value) = probe() {
                    return value;
                }
                changes.changed().await.unwrap();
            }
        };
        within(what, found).await
    }
}
