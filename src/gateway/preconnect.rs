//! A connection made before the first request needs it.
//!
//! HTTP clients connect when they are asked something. Asking the gateway something only to be connected would be
//! a request that its log, its limits and its bill show. This layer lies around the client's connector instead: a
//! warming call connects (TCP, TLS, ALPN), keeps the connection here and goes no further; the next call takes it.

use std::{
    any::Any,
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Instant;
use tower::{BoxError, Layer, Service};

/// Servers close connections on which nothing is asked; after this long it is cheaper to make a new one.
const KEPT_FOR: Duration = Duration::from_secs(10);
/// A connection taken within this time is as good as new; a later one may have died like a pooled one.
const FRESH_FOR: Duration = Duration::from_secs(3);

/// The connection, if there is one, and how many were made without it. Clones share both.
#[derive(Clone, Default)]
pub struct Preconnect(Arc<Shared>);

#[derive(Default)]
struct Shared {
    warming: AtomicBool,
    connects: AtomicU64,
    kept: Mutex<Option<(Box<dyn Any + Send>, Instant)>>,
}

impl fmt::Debug for Preconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preconnect").finish_non_exhaustive()
    }
}

impl Preconnect {
    /// Connects `client`, which this layer lies in, to the host of `url`. No request is sent.
    pub async fn warm(&self, client: &reqwest::Client, url: &str) {
        self.0.warming.store(true, Ordering::Relaxed);
        // Always an error: the connector keeps the connection from the client.
        let _ = client.head(url).send().await;
        self.0.warming.store(false, Ordering::Relaxed);
    }

    /// How many connections requests had to wait for. While it stands still, they ran over older ones.
    pub fn connects(&self) -> u64 {
        self.0.connects.load(Ordering::Relaxed)
    }

    fn keep(&self, connection: Box<dyn Any + Send>) {
        *self.0.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((connection, Instant::now()));
    }

    fn take<C: 'static>(&self) -> Option<C> {
        let kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (connection, since) = kept?;
        if since.elapsed() > KEPT_FOR {
            return None;
        }
        if since.elapsed() < FRESH_FOR {
            self.0.connects.fetch_add(1, Ordering::Relaxed);
        }
        connection.downcast().ok().map(|connection| *connection)
    }
}

impl<S> Layer<S> for Preconnect {
    type Service = PreconnectService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        PreconnectService { inner, preconnect: self.clone() }
    }
}

/// A connector behind [`Preconnect`].
#[derive(Clone)]
pub struct PreconnectService<S> {
    inner: S,
    preconnect: Preconnect,
}

impl<S, R> Service<R> for PreconnectService<S>
where
    S: Service<R, Error = BoxError>,
    S::Response: Send + 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        if self.preconnect.0.warming.swap(false, Ordering::Relaxed) {
            let (connecting, preconnect) = (self.inner.call(request), self.preconnect.clone());
            return Box::pin(async move {
                preconnect.keep(Box::new(connecting.await?));
                Err("connected ahead".into())
            });
        }
        if let Some(connection) = self.preconnect.take::<S::Response>() {
            return Box::pin(std::future::ready(Ok(connection)));
        }
        self.preconnect.0.connects.fetch_add(1, Ordering::Relaxed);
        Box::pin(self.inner.call(request))
    }
}
