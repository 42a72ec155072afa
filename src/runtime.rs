//! The loop between Lambda's Runtime API and the application. It owns threads and the Runtime API's words, and may not
//! know what any route does.
//!
//! It is our own for what `lambda_runtime` 1.5 does not let one choose: `TCP_NODELAY` towards the Runtime API (with
//! Nagle's algorithm a token waits up to 42 ms), a response body that is polled where it is written (no channel and no
//! task between, and the response's head shares its first write), and an invocation whose response is dropped not
//! ending the process.

mod api;
mod connection;
mod framing;
mod head;
mod prelude;

pub use api::{RuntimeApi, RuntimeError};

use crate::{app::App, log};
use std::{
    num::NonZero,
    sync::Arc,
    thread::{self, available_parallelism},
    time::Duration,
};
use tokio::{runtime::Builder, select, sync::mpsc, task::JoinSet, time::sleep};

/// The Runtime API is a process on the same machine: when it stays away this often, the environment is gone.
const MAX_FAILED_POLLS: u32 = 3;
const FAILED_POLL_PAUSE: Duration = Duration::from_millis(50);

/// Streams of one thread wait for each other, those of different threads only for a processor, which the operating
/// system shares out more fairly than a queue of tasks. A thread for each of 64 streams would cost 5 MB more.
const INVOCATIONS_PER_THREAD: usize = 4;

/// A timer that is due before all others costs a system call to set, for tokio wakes a driver that may sleep longer;
/// and each request sets several while the gateway waits for it. With one that is always due sooner they cost none.
const TICK: Duration = Duration::from_secs(1);

/// Serves invocations, `concurrency` at once, until the Runtime API is gone. Each thread has its share of them and
/// connections of its own, so that an event wakes one thread and crosses none. The first thread that can't go on ends
/// it; the others run until the process does.
///
/// # Errors
/// Why the Runtime API could not be asked for work, or a thread not be started.
pub async fn serve(app: App, api: RuntimeApi, concurrency: NonZero<usize>) -> Result<(), RuntimeError> {
    let processors = available_parallelism().map_or(1, NonZero::get);
    let mut shares = shares(concurrency.get(), processors).into_iter();
    let own_share = shares.next().unwrap_or(1);
    let (ended, mut end) = mpsc::channel(shares.len().max(1));
    for share in shares {
        let (app, api) = (app.for_thread().map_err(RuntimeError::from)?, api.another());
        let ended = ended.clone();
        let serve = move || {
            let served = match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(serve_share(app, api, share)),
                Err(error) => Err(RuntimeError::from(error.to_string())),
            };
            let _ = ended.blocking_send(served);
        };
        thread::Builder::new().spawn(serve).map_err(|error| RuntimeError::from(error.to_string()))?;
    }
    select! {
        served = serve_share(app, api, own_share) => served,
        Some(served) = end.recv() => served,
    }
}

/// How many invocations each thread serves at once.
fn shares(concurrency: usize, processors: usize) -> Vec<usize> {
    let threads = concurrency.div_ceil(INVOCATIONS_PER_THREAD).max(processors).min(concurrency);
    (0..threads).map(|thread| (concurrency + thread) / threads).collect()
}

/// Serves the share of one thread until the first of its workers ends.
async fn serve_share(app: App, api: RuntimeApi, concurrency: usize) -> Result<(), RuntimeError> {
    let app = Arc::new(app);
    tokio::spawn(tick());
    let mut workers = JoinSet::new();
    for _ in 0..concurrency {
        workers.spawn(work(Arc::clone(&app), api.another()));
    }
    match workers.join_next().await {
        Some(Err(error)) => Err(RuntimeError::from(error.to_string())),
        Some(Ok(served)) => served,
        None => Ok(()),
    }
}

async fn tick() {
    loop {
        sleep(TICK).await;
    }
}

async fn work(app: Arc<App>, mut api: RuntimeApi) -> Result<(), RuntimeError> {
    let mut failed_polls = 0;
    loop {
        let (invocation, ticket) = match api.next().await {
            Ok(Some(next)) => next,
            Ok(None) => continue,
            Err(error) if failed_polls + 1 < MAX_FAILED_POLLS => {
                failed_polls += 1;
                log::warning("runtime_api", &[("reason", &error.to_string())]);
                sleep(FAILED_POLL_PAUSE).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        failed_polls = 0;
        let reply = app.handle(invocation).await;
        if let Err(error) = api.respond(&ticket, reply).await {
            // The caller or Lambda gave this response up; the next invocation has nothing to do with it.
            log::warning(
                "response_dropped",
                &[("request_id", ticket.request_id()), ("reason", &error.to_string())],
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shares;

    #[test]
    fn every_invocation_has_a_thread_and_every_thread_an_invocation() {
        assert_eq!(shares(1, 6), [1]);
        assert_eq!(shares(3, 2), [1, 2]);
        assert_eq!(shares(64, 2), [4; 16]);
        for (concurrency, processors) in (1..=70).flat_map(|one| (1..=9).map(move |two| (one, two))) {
            let shares = shares(concurrency, processors);
            assert_eq!(shares.iter().sum::<usize>(), concurrency);
            assert!(shares.iter().all(|share| (1..=super::INVOCATIONS_PER_THREAD).contains(share)));
        }
    }
}
