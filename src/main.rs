//! The `bootstrap` that Lambda starts. It only wires the library's parts.

use gptdock::{App, Config, lambda::RuntimeApi, telemetry};
use std::{convert::Infallible, process::ExitCode};
use tokio::runtime::Builder;

fn main() -> ExitCode {
    telemetry::init();
    // Lambda Managed Instances set it. Everywhere else an environment has one invocation at a time, and one thread
    // spares each token the way between two.
    let concurrency =
        variable("AWS_LAMBDA_MAX_CONCURRENCY").and_then(|text| text.parse().ok()).unwrap_or(1_u32);
    let mut builder =
        if concurrency > 1 { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    let runtime = builder.enable_all().build().map_err(|error| error.to_string());
    let Err(reason) = runtime.and_then(|runtime| runtime.block_on(serve()));
    tracing::error!(event = "stopped", reason);
    ExitCode::FAILURE
}

/// Serves until it is no longer possible, and returns why.
async fn serve() -> Result<Infallible, String> {
    let api = RuntimeApi::new(variable)?;
    let started = match Config::from_lookup(variable) {
        Ok(config) => App::start(config).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match started {
        Ok(app) => Err(api.serve(app).await),
        Err(reason) => Err(match api.init_error(&reason).await {
            Ok(()) => reason,
            Err(error) => format!("{reason}; the Runtime API cannot be told: {error}"),
        }),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}
