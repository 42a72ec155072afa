//! What is measured: one row of a table.

use crate::access::{Access, OPEN};
use crate::{Result, process::Process, share::Share};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::{io::BufRead, io::BufReader, net::TcpListener};

pub const GPTDOCK: &str = "GPTDock";
pub const NO_FUNCTION: &str = "no function";
pub const RELAY: &str = "byte relay";
pub const STOCK_RUST: &str = "stock-rust";
pub const NODE: &str = "node-streaming";
pub const PEERS: [&str; 4] = [STOCK_RUST, NODE, "express", "fastapi"];

/// What Lambda and the operator give a function.
const ENVIRONMENT: [(&str, &str); 11] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_DEFAULT_REGION", "us-east-1"),
    ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:{port}"),
    ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:{port}"),
    ("AWS_LAMBDA_FUNCTION_NAME", "f"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("OPENAI_BASEURL", "http://127.0.0.1:{port}"),
    ("OPENAI_API_KEY_SECRET_ARN", "openai"),
];

#[derive(Clone)]
pub struct Subject {
    pub name: String,
    /// `None` where a client calls the gateway itself, or through the relay.
    pub function: Option<PathBuf>,
    pub access: &'static Access,
    /// `None` is the whole machine.
    pub share: Option<Arc<Share>>,
}

impl Subject {
    pub fn new(name: &str, function: Option<PathBuf>) -> Self {
        Self { name: name.to_owned(), function, access: &OPEN, share: None }
    }

    /// Starts a function as Lambda does. Its logs go nowhere.
    pub fn start_function(&self, function: &Path, port: u16, streams: usize) -> Result<Process> {
        let mut command = self.command(function);
        command.env_clear().env("AUTH_MODE", self.access.mode);
        for (name, value) in ENVIRONMENT.iter().chain(self.access.variables) {
            command.env(name, value.replace("{port}", &port.to_string()));
        }
        command.envs(["PATH", "HOME"].map(|name| (name, std::env::var_os(name).unwrap_or_default())));
        // Where Lambda Web Adapter finds the application.
        command.env("PORT", TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port().to_string());
        if streams > 1 {
            command.env("AWS_LAMBDA_MAX_CONCURRENCY", streams.to_string());
        }
        Process::start(command.stdout(Stdio::null()).current_dir(function.parent().unwrap_or(function)))
    }

    /// Starts this program again as the relay. Returns the port that it listens on.
    pub fn start_relay(&self, gateway: u16) -> Result<(Process, u16)> {
        let mut command = self.command(&std::env::current_exe()?);
        command.args(["--relay", &gateway.to_string()]).stdout(Stdio::piped());
        let mut relay = Process::start(&mut command)?;
        let mut line = String::new();
        BufReader::new(relay.0.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok((relay, line.trim().parse()?))
    }

    /// A command that is within its share from its first instruction.
    fn command(&self, program: &Path) -> Command {
        let Some(share) = &self.share else { return Command::new(program) };
        let (mut command, processes) = (Command::new("/bin/sh"), share.group.join("cgroup.procs"));
        command.args(["-c", r#"echo $$ >"$0" && exec "$@""#]).arg(processes).arg(program);
        command
    }
}
