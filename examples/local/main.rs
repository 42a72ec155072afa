//! Runs the function on this machine: `cargo run --example local`, then open the address that it prints.
//!
//! Every request takes the way it takes on AWS: [`event`] makes it a Function URL payload, [`server`] hands it to the
//! same handler and streams the reply, chunk by chunk. [`settings`] reads the environment; without a key in it,
//! [`demo_gateway`] stands in for the real one. [`page`] is a small chat to try it with.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a person at a terminal reads what this program says"
)]

mod demo_gateway;
mod event;
mod page;
mod server;
mod settings;

use std::io;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;

use demo_gateway::DemoGateway;
use page::Page;
use server::Server;
use settings::Settings;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let mut settings = Settings::from_environment()?;
    // The port comes first: whoever has taken it is told before anything else is started.
    let port = settings.port();
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| refused(port, &error))?;
    let address = listener.local_addr().map_err(|error| format!("The port has no address: {error}."))?;
    if !settings.has_key() {
        let gateway = DemoGateway::start()
            .await
            .map_err(|error| format!("The demonstration gateway cannot listen: {error}."))?;
        settings.use_demo_gateway(gateway);
    }
    let config = gptdock::Config::from_lookup(|name| settings.get(name))
        .map_err(|error| format!("The function cannot start: {error}"))?;
    println!("{}", settings.welcome(address));
    let app = gptdock::App::start(config).await?;
    let page = Page::new(settings.is_demo());
    Arc::new(Server::new(app, page, &settings)).serve(listener).await;
    Ok(())
}

fn refused(port: u16, error: &io::Error) -> String {
    let reason = match error.kind() {
        io::ErrorKind::AddrInUse => "another program uses it".to_owned(),
        _ => error.to_string(),
    };
    format!(
        "Port {port} of this machine cannot be used: {reason}. Choose another one: PORT=9001 cargo run --example local"
    )
}
