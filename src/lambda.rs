//! Lambda: the only module that knows it. `lambda_runtime` polls for invocations; the service here answers them.
//!
//! `lambda_runtime` 1.5 would send responses with Nagle's algorithm on (the first token waits 42 ms), pass every
//! write through a channel, and end the process when Lambda drops one response. A layer therefore drops
//! the runtime's own service and puts `InvocationService` in its place, which sends responses through a client
//! with `TCP_NODELAY`. `docs/architecture.md` names the sources and says what to delete once upstream sets it.

mod event;
mod service;

use crate::app::App;
use futures_util::FutureExt;
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use lambda_runtime::{LambdaEvent, Runtime, service_fn, tower::layer::layer_fn};
use lambda_runtime_api_client::{BoxError, PooledClient, body::Body, build_request};
use serde::de::IgnoredAny;
use serde_json::json;
use service::InvocationService;
use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::time::sleep;

/// The variables without which `Runtime::new` panics. Lambda and its emulators set them.
const REQUIRED: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
];
/// The Runtime API is a process on the same machine. After this many failures in a row the environment is gone.
const MAX_FAILURES: u32 = 3;
const FAILURE_PAUSE: Duration = Duration::from_millis(50);
const BAD_CONFIGURATION: &str = "Runtime.BadConfiguration";

/// The connection to Lambda's Runtime API.
pub struct RuntimeApi(Arc<PooledClient>);

impl RuntimeApi {
    /// Connects to the Runtime API that `lookup`, the environment, names.
    ///
    /// # Errors
    /// A sentence that names the variable that is missing or malformed.
    pub fn new(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        // `Runtime::new` also panics at a memory size that is not a number.
        let is_bad = |name: &str, value: &str| name.ends_with("_SIZE") && value.parse::<i32>().is_err();
        let is_missing = |name: &&str| lookup(name).is_none_or(|value| is_bad(name, &value));
        if let Some(missing) = REQUIRED.into_iter().find(is_missing) {
            let how = "Lambda or `cargo lambda watch` starts this program; on its own, try `cargo run --example local`";
            return Err(format!("{missing} is not set: {how}"));
        }
        let address = lookup(REQUIRED[0]).and_then(|text| text.parse().ok());
        let address = address
            .filter(|address: &http::Uri| address.host().is_some_and(|host| !host.is_empty()))
            .ok_or("AWS_LAMBDA_RUNTIME_API is not an address")?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Ok(Self(Arc::new(PooledClient::builder().with_endpoint(address).with_connector(connector).build())))
    }

    /// Reports that the function cannot start.
    ///
    /// # Errors
    /// A Runtime API that cannot be reached.
    pub async fn init_error(&self, message: &str) -> Result<(), BoxError> {
        let body = json!({"errorType": BAD_CONFIGURATION, "errorMessage": message}).to_string();
        let request = build_request()
            .method(Method::POST)
            .uri("/2018-06-01/runtime/init/error")
            .header("lambda-runtime-function-error-type", BAD_CONFIGURATION)
            .body(Body::from(body))?;
        self.0.call(request).await.map(drop)
    }

    /// Serves invocations until the Runtime API is gone, and returns that reason. `AWS_LAMBDA_MAX_CONCURRENCY` says how
    /// many at once.
    pub async fn serve(self, app: App) -> String {
        let service = Arc::new(InvocationService::new(app, self.0));
        let mut failures = 0;
        loop {
            let never_called = |_: LambdaEvent<IgnoredAny>| async { Ok::<(), BoxError>(()) };
            let shared = Arc::clone(&service);
            let answer = service_fn(move |invocation| {
                let service = Arc::clone(&shared);
                async move { service.call(invocation).await }
            });
            let runtime = Runtime::new(service_fn(never_called)).layer(layer_fn(|_| answer.clone()));
            // The loop ends at the first failed poll, and panics at a response without Lambda's headers, such as the
            // 204 of emulators that have no invocation yet.
            let ended = AssertUnwindSafe(runtime.run_concurrent()).catch_unwind().await;
            let reason = match ended {
                Ok(Ok(())) => "the loop ended".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "a response without Lambda's headers".to_owned(),
            };
            failures = if service.has_served.swap(false, Ordering::Relaxed) { 1 } else { failures + 1 };
            if failures == MAX_FAILURES {
                return format!("the Runtime API is gone: {reason}");
            }
            tracing::warn!(event = "runtime_api", reason);
            sleep(FAILURE_PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests;
