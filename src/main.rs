//! The `bootstrap` that Lambda starts. It wires; the library does the work.

use gptdock::{
    App, Config, log,
    runtime::{self, RuntimeApi},
};
use std::{num::NonZero, process::ExitCode};

fn main() -> ExitCode {
    log::catch_panics();
    let Some(address) = variable("AWS_LAMBDA_RUNTIME_API") else {
        return fail(
            "AWS_LAMBDA_RUNTIME_API is not set: Lambda or `cargo lambda watch` starts this program; on its own, try `cargo run --example local`",
        );
    };
    // Lambda Managed Instances set it; everywhere else an environment has one invocation at a time.
    let concurrency = variable("AWS_LAMBDA_MAX_CONCURRENCY").and_then(|text| text.parse().ok());
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(&address, concurrency.unwrap_or(NonZero::<usize>::MIN))),
        Err(error) => fail(&error.to_string()),
    }
}

async fn run(address: &str, concurrency: NonZero<usize>) -> ExitCode {
    let mut api = match RuntimeApi::new(address) {
        Ok(api) => api,
        Err(error) => return fail(&error.to_string()),
    };
    let started = match Config::from_lookup(variable) {
        Ok(config) => App::start(config).await,
        Err(error) => Err(error.to_string()),
    };
    let served = match started {
        Ok(app) => runtime::serve(app, api, concurrency).await,
        Err(message) => {
            log::error("init", &[("reason", &message)]);
            api.init_error(&message).await
        }
    };
    match served {
        Ok(()) => ExitCode::FAILURE,
        Err(error) => fail(&error.to_string()),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

fn fail(reason: &str) -> ExitCode {
    log::error("stopped", &[("reason", reason)]);
    ExitCode::FAILURE
}
