//! What is measured: one row of the table.

use crate::process::Process;
use crate::secrets::ARN;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Error, Result};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

pub struct Subject {
    pub name: String,
    pub kind: Kind,
}

pub enum Kind {
    /// A client calls the gateway itself.
    NoFunction,
    /// A client calls the gateway through the bare byte relay.
    Limit,
    /// The least function that there can be; only its first token is measured.
    Least(Program),
    /// A function between the Runtime API and the gateway.
    Function(Program),
}

/// How a function is started.
pub struct Program {
    pub command: Vec<OsString>,
    pub directory: Option<PathBuf>,
    /// It serves many invocations in one environment.
    pub concurrent: bool,
}

/// Where a function finds everything.
pub struct Ports {
    pub lambda: u16,
    pub gateway: u16,
    pub secrets: u16,
}

impl Program {
    pub fn start(&self, ports: &Ports, streams: usize) -> Result<Process> {
        let (program, arguments) = self.command.split_first().ok_or(Error::other("no command"))?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(environment(ports)?);
        command.envs(["PATH", "HOME"].iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        if streams > 1 {
            command.env("AWS_LAMBDA_MAX_CONCURRENCY", streams.to_string());
        }
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        Process::start(&mut command)
    }
}

fn environment(ports: &Ports) -> Result<Vec<(&'static str, String)>> {
    let at = |port: u16| format!("127.0.0.1:{port}");
    // For those that answer HTTP themselves, behind Lambda Web Adapter.
    let own_port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let fixed = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        ("AWS_SESSION_TOKEN", "token"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_LAMBDA_FUNCTION_NAME", "f"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/f"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/22/[$LATEST]0123456789abcdef"),
        ("OPENAI_API_KEY_SECRET_ARN", ARN),
        ("OPENAI_FALLBACK_BASEURL", ""),
        ("AUTH_MODE", "none"),
    ];
    let given = [
        ("AWS_LAMBDA_RUNTIME_API", at(ports.lambda)),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", format!("http://{}", at(ports.secrets))),
        ("OPENAI_BASEURL", format!("http://{}", at(ports.gateway))),
        ("PORT", own_port.to_string()),
        ("AWS_LWA_PORT", own_port.to_string()),
    ];
    Ok(fixed.into_iter().map(|(name, value)| (name, value.to_owned())).chain(given).collect())
}

/// Starts this program again as the relay, and answers the port on which it listens.
pub fn start_relay(gateway: u16, streams: usize) -> Result<(Process, u16)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--relay", &gateway.to_string(), &streams.to_string()]).stdout(Stdio::piped());
    let mut relay = Process::start_with_output(&mut command)?;
    let output = relay.child().stdout.take().ok_or(Error::other("no output"))?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    Ok((relay, line.trim().parse().map_err(Error::other)?))
}
