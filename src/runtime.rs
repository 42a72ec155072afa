//! The loop between Lambda's Runtime API and the application.
//!
//! It is our own, over the public client of `lambda_runtime`, for three things that `lambda_runtime` 1.5 does not
//! let one choose: `TCP_NODELAY` towards the Runtime API (with Nagle's algorithm a token waits up to 42 ms), a
//! response body that is polled where it is written (no channel between, and the response's head shares its first
//! write), and an invocation whose response is dropped not ending the process.

mod api;
mod response;

pub use api::{RuntimeApi, RuntimeError};

use crate::{app::App, log};
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinSet, time::sleep};

/// The Runtime API is a process on the same machine: when it stays away this often, the environment is gone.
const MAX_FAILED_POLLS: u32 = 3;
const FAILED_POLL_PAUSE: Duration = Duration::from_millis(50);

/// Serves invocations, `concurrency` at once, until the Runtime API is gone.
///
/// # Errors
/// Why the Runtime API could not be asked for work.
pub async fn serve(app: App, api: RuntimeApi, concurrency: usize) -> Result<(), RuntimeError> {
    let (app, api) = (Arc::new(app), Arc::new(api));
    let mut workers = JoinSet::new();
    for _ in 1..concurrency {
        workers.spawn(work(Arc::clone(&app), Arc::clone(&api)));
    }
    let first = work(app, api).await;
    workers.shutdown().await;
    first
}

async fn work(app: Arc<App>, api: Arc<RuntimeApi>) -> Result<(), RuntimeError> {
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
