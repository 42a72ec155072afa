//! Serves the application on this machine: `cargo run --example local`.
//!
//! [`server`] passes each HTTP request to [`gptdock::App`] and serves a chat page. Without an OpenAI key,
//! [`demo_gateway`] answers in place of the real gateway.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a person at a terminal reads these lines")]

mod demo_gateway;
mod server;
mod settings;

/// The gateway of the tests.
#[path = "../../tests/support"]
#[allow(dead_code, reason = "the tests use more of it")]
#[allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "the tests fail by panicking")]
mod support {
    pub mod answer;
    pub mod gateway;
    pub mod patience;
    pub mod payload;
    pub mod wire;
}

use gptdock::{App, Config, config::AuthMode};
use server::Server;
use settings::Settings;
use std::{
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut settings = Settings::from_environment();
    let port = settings.number("PORT", 9000)?;
    let time_limit = Duration::from_secs(settings.number("LAMBDA_TIMEOUT_SECONDS", 300)?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| {
        format!("Cannot listen on port {port}: {error}. Another port: PORT=9001 cargo run --example local")
    })?;
    let is_demo = !settings.has_key();
    let unused = match is_demo {
        true => settings.use_demo_gateway(demo_gateway::start().await),
        false => Vec::new(),
    };
    let config = Config::from_lookup(|name| settings.get(name))?;
    let is_open = config.auth.modes.contains(&AuthMode::None);
    println!("{}", welcome(listener.local_addr()?, is_demo, is_open, &unused));
    gptdock::telemetry::init();
    let app = App::start(config).await?;
    Server::new(app, is_demo, is_open, time_limit).serve(listener).await;
    Ok(())
}

fn welcome(address: SocketAddr, is_demo: bool, is_open: bool, unused: &[&str]) -> String {
    let body = r#"{"messages":[{"content":{"parts":["Say hello in five languages"]}}]}"#;
    let gateway = match is_demo {
        true => "demonstration, inside this process. Set OPENAI_API_KEY for the real one.",
        false => "the real one, with your key.",
    };
    let mut text = format!(
        "curl -N http://{address}/conversations -H 'content-type: application/json' -d '{body}'\n\n\
         Chat page: http://{address}/\nGateway: {gateway}\n"
    );
    if !unused.is_empty() {
        text += &format!("Ignored without a key: {}.\n", unused.join(", "));
    }
    if is_open {
        text += "Authentication: none (AUTH_MODE). Only this machine can connect.\n";
    }
    text + "Ctrl-C stops the server. Each request logs JSON lines.\n"
}
