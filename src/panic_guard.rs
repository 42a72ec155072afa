//! A panic must not cross into the runtime: there it would end a reply as if it were whole.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

/// Runs `future`; `None` when it panicked. What it borrowed must make sense even half-changed.
pub async fn catch_panic<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(value)) => Poll::Ready(Some(value)),
        Err(_) => Poll::Ready(None),
    })
    .await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "that is what is caught")]
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_answer_of_its_own() {
        assert_eq!(catch_panic(async { 1 }).await, Some(1));
        let late = async {
            tokio::task::yield_now().await;
            panic!("on purpose")
        };
        assert_eq!(catch_panic::<()>(late).await, None);
    }
}
