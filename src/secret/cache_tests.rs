#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// A secret whose next reads are scripted, and which counts them.
#[derive(Default)]
struct Source {
    reads: AtomicUsize,
    value: std::sync::Mutex<Option<u32>>,
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
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            source.reads.fetch_add(1, SeqCst);
            source.value.lock().unwrap().ok_or_else(|| ReadError("denied".to_owned()))
        }) as _
    };
    (source, Cached::new("test", Duration::from_secs(300), Box::new(read)))
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn many_callers_one_read() {
    let (source, cached) = cached(Some(1));
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let cached = cached.clone();
            tokio::spawn(async move { cached.current().await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Ok(Arc::new(1)));
    }
    assert_eq!(source.reads(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_old_value_serves_while_it_is_refreshed() {
    let (source, cached) = cached(Some(1));
    assert_eq!(cached.current().await, Ok(Arc::new(1)));
    source.set(Some(2));
    pass(299).await;
    assert_eq!(cached.current().await, Ok(Arc::new(1)));
    pass(2).await;
    assert_eq!(source.reads(), 1);
    assert_eq!(cached.current().await, Ok(Arc::new(1)));
    pass(1).await;
    assert_eq!((cached.current().await, source.reads()), (Ok(Arc::new(2)), 2));
}

#[tokio::test(start_paused = true)]
async fn failed_refreshes_back_off_and_recover() {
    let (source, cached) = cached(Some(1));
    assert_eq!(cached.current().await, Ok(Arc::new(1)));
    source.set(None);
    pass(300).await;
    for _ in 0..600 {
        assert_eq!(cached.current().await, Ok(Arc::new(1)));
        pass(1).await;
    }
    assert!((10..=18).contains(&source.reads()), "{}", source.reads());
    source.set(Some(2));
    pass(61).await;
    assert_eq!(cached.current().await, Ok(Arc::new(1)));
    pass(1).await;
    assert_eq!(cached.current().await, Ok(Arc::new(2)));
}

#[tokio::test(start_paused = true)]
async fn without_a_value_every_second_at_most() {
    let (source, cached) = cached(None);
    for _ in 0..100 {
        assert_eq!(cached.current().await, Err(Unavailable));
    }
    assert_eq!(source.reads(), 1);
    source.set(Some(3));
    pass(1).await;
    assert_eq!((cached.current().await, source.reads()), (Ok(Arc::new(3)), 2));
}

#[tokio::test(start_paused = true)]
async fn a_refused_value_is_replaced_by_one_read() {
    let (source, cached) = cached(Some(1));
    let used = cached.current().await.unwrap();
    source.set(Some(2));
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let (cached, used) = (cached.clone(), Arc::clone(&used));
            tokio::spawn(async move { cached.replace(&used).await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Some(Arc::new(2)));
    }
    assert_eq!(source.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_value_refused_for_good_is_read_again_every_thirty_seconds() {
    let (source, cached) = cached(Some(1));
    let used = cached.current().await.unwrap();
    for _ in 0..29 {
        assert_eq!(cached.replace(&used).await, None);
        pass(1).await;
    }
    assert_eq!(source.reads(), 2);
    pass(1).await;
    source.set(Some(2));
    assert_eq!((cached.replace(&used).await, source.reads()), (Some(Arc::new(2)), 3));
}

#[tokio::test(start_paused = true)]
async fn a_fixed_value_is_never_read() {
    let cached = Cached::fixed(9);
    let used = cached.current().await.unwrap();
    assert_eq!((*used, cached.replace(&used).await), (9, None));
}
