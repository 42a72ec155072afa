//! Time-outs that stay out of the way of what they wait for.

use std::{future::Future, pin::pin, task::Poll, time::Duration};
use tokio::{
    task::yield_now,
    time::{Instant, error::Elapsed, timeout_at},
};

/// [`tokio::time::timeout`], with the clock set only after other tasks had their turn. Setting it costs a system call,
/// and the first that `future` does is to hand a request to the task of a connection: let that be sent before.
///
/// # Errors
/// [`Elapsed`] when the time is over and `future` is not.
pub async fn timeout_once_sent<F: Future>(patience: Duration, future: F) -> Result<F::Output, Elapsed> {
    timeout_at_once_sent(Instant::now() + patience, future).await
}

/// The same until a point in time.
///
/// # Errors
/// [`Elapsed`] when it has come and `future` is not ready.
pub async fn timeout_at_once_sent<F: Future>(end: Instant, future: F) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    if let Poll::Ready(output) = std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
        return Ok(output);
    }
    yield_now().await;
    timeout_at(end, future).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};
    use tokio::time::sleep;

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_the_future_does_or_the_time_is_over() {
        let second = Duration::from_secs(1);
        assert_eq!(timeout_once_sent(Duration::ZERO, ready(1)).await, Ok(1));
        assert_eq!(timeout_once_sent(second, async { sleep(second / 2).await }).await, Ok(()));
        let started = Instant::now();
        assert!(timeout_once_sent(second, pending::<()>()).await.is_err());
        assert_eq!(started.elapsed(), second);
        assert!(timeout_at_once_sent(started, pending::<()>()).await.is_err());
        assert_eq!(started.elapsed(), second);
    }

    #[tokio::test]
    async fn other_tasks_run_before_the_clock_is_set() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        tokio::spawn(async { sender.send(()) });
        // With the time over already, only a task that ran before can have answered.
        assert_eq!(timeout_once_sent(Duration::ZERO, receiver).await, Ok(Ok(())));
    }
}
