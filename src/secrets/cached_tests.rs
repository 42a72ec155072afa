#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// A secret store that counts its reads. `None` is a failed read.
#[derive(Default)]
struct Source {
    reads: AtomicUsize,
    value: Mutex<Option<u32>>,
}

impl Source {
    fn set(&self, value: Option<u32>) {
        *self.value.lock().unwrap() = value;
    }

    fn reads(&self) -> usize {
        self.reads.load(SeqCst)
    }
}

fn cached(value: Option<u32>) -> (Arc<Source>, Cached<u32>) {
    let source = Arc::new(Source::default());
    source.set(value);
    let shared = Arc::clone(&source);
    let read = move || {
        let source = Arc::clone(&shared);
        async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            source.reads.fetch_add(1, SeqCst);
            *source.value.lock().unwrap()
        }
    };
    (source, Cached::new(Duration::from_secs(300), read))
}

async fn replace(cached: &Cached<u32>, used: &Arc<u32>) -> Option<Arc<u32>> {
    cached.replace(used, u32::ne).await
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn many_callers_share_one_read() {
    let (source, cached) = cached(Some(1));
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let cached = cached.clone();
            tokio::spawn(async move { cached.current().await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Some(Arc::new(1)));
    }
    assert_eq!(source.reads(), 1);
}

#[tokio::test(start_paused = true)]
async fn serves_a_stale_value_during_a_refresh() {
    let (source, cached) = cached(Some(1));
    assert_eq!(cached.current().await, Some(Arc::new(1)));
    source.set(Some(2));
    pass(299).await;
    assert_eq!(cached.current().await, Some(Arc::new(1)));
    pass(2).await;
    assert_eq!(source.reads(), 1);
    assert_eq!(cached.current().await, Some(Arc::new(1)));
    pass(1).await;
    assert_eq!((cached.current().await, source.reads()), (Some(Arc::new(2)), 2));
}

#[tokio::test(start_paused = true)]
async fn failed_refreshes_back_off_and_recover() {
    let (source, cached) = cached(Some(1));
    assert_eq!(cached.current().await, Some(Arc::new(1)));
    source.set(None);
    pass(300).await;
    for _ in 0..600 {
        assert_eq!(cached.current().await, Some(Arc::new(1)));
        pass(1).await;
    }
    assert!((10..=18).contains(&source.reads()), "{}", source.reads());
    source.set(Some(2));
    pass(61).await;
    assert_eq!(cached.current().await, Some(Arc::new(1)));
    pass(1).await;
    assert_eq!(cached.current().await, Some(Arc::new(2)));
}

#[tokio::test(start_paused = true)]
async fn without_a_value_reads_once_a_second_at_most() {
    let (source, cached) = cached(None);
    for _ in 0..100 {
        assert_eq!(cached.current().await, None);
    }
    assert_eq!(source.reads(), 1);
    source.set(Some(3));
    pass(1).await;
    assert_eq!((cached.current().await, source.reads()), (Some(Arc::new(3)), 2));
}

#[tokio::test(start_paused = true)]
async fn one_read_replaces_a_refused_value_for_all_callers() {
    let (source, cached) = cached(Some(1));
    let used = cached.current().await.unwrap();
    source.set(Some(2));
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let (cached, used) = (cached.clone(), Arc::clone(&used));
            tokio::spawn(async move { replace(&cached, &used).await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Some(Arc::new(2)));
    }
    assert_eq!(source.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn reads_an_unchanged_refused_value_every_thirty_seconds() {
    let (source, cached) = cached(Some(1));
    let used = cached.current().await.unwrap();
    for _ in 0..29 {
        assert_eq!(replace(&cached, &used).await, None);
        pass(1).await;
    }
    assert_eq!(source.reads(), 2);
    pass(1).await;
    source.set(Some(2));
    assert_eq!((replace(&cached, &used).await, source.reads()), (Some(Arc::new(2)), 3));
}

#[tokio::test(start_paused = true)]
async fn a_failed_forced_refresh_is_repeated_after_a_second() {
    let (source, cached) = cached(Some(1));
    let used = cached.current().await.unwrap();
    source.set(None);
    for _ in 0..10 {
        assert_eq!(replace(&cached, &used).await, None);
    }
    assert_eq!(source.reads(), 2);
    pass(1).await;
    source.set(Some(2));
    assert_eq!((replace(&cached, &used).await, source.reads()), (Some(Arc::new(2)), 3));
}

#[tokio::test(start_paused = true)]
async fn never_reads_a_fixed_value() {
    let cached = Cached::fixed(9);
    let used = cached.current().await.unwrap();
    assert_eq!((*used, replace(&cached, &used).await), (9, None));
}
