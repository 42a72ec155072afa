//! What the kernel knows of the function's process.

use crate::support::patience::within;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::time::Duration;

/// `st` of `/proc/net/tcp`.
const ESTABLISHED: u8 = 1;

pub struct Process {
    directory: String,
    gateway: u16,
    runtime: u16,
}

/// A process that does nothing.
#[derive(Clone, Copy)]
pub struct Quiet {
    /// Resident memory in bytes.
    pub memory: u64,
    pub files: Files,
}

/// How many files it has open.
#[derive(Clone, Copy)]
pub struct Files {
    /// Connections to the gateway that can be used again.
    pub gateway: u64,
    /// Connections to the Runtime API.
    pub runtime: u64,
    /// Connections to either that one side has closed.
    pub closing: u64,
    pub others: u64,
}

impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Files { gateway, runtime, others, .. } = self.files;
        write!(
            f,
            "{} kB; connections: {gateway} to the gateway, {runtime} to the Runtime API; ",
            self.memory / 1000
        )?;
        write!(f, "{others} other files")
    }
}

impl Process {
    /// A process, and the ports of what it talks to.
    pub fn new(pid: u32, gateway: u16, runtime: u16) -> Self {
        Self { directory: format!("/proc/{pid}"), gateway, runtime }
    }

    /// The file that it runs.
    pub fn program(&self) -> String {
        fs::read_link(format!("{}/exe", self.directory)).unwrap().to_string_lossy().into_owned()
    }

    /// Waits until no connection is half closed.
    pub async fn quiet(&self) -> Quiet {
        let settled = async {
            loop {
                let files = self.files();
                if files.closing == 0 {
                    return Quiet { memory: self.memory(), files };
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        within("the connections that were cut to be closed", settled).await
    }

    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("{}/status", self.directory)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    fn files(&self) -> Files {
        let connections = self.connections();
        let mut files = Files { gateway: 0, runtime: 0, closing: 0, others: 0 };
        for entry in fs::read_dir(format!("{}/fd", self.directory)).unwrap() {
            // One that was closed between the two looks.
            let Ok(file) = fs::read_link(entry.unwrap().path()) else { continue };
            let file = file.to_string_lossy();
            let inode = file.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
            let connection = inode.and_then(|inode| connections.get(inode));
            *match connection {
                Some((port, ESTABLISHED)) if *port == self.gateway => &mut files.gateway,
                Some((port, ESTABLISHED)) if *port == self.runtime => &mut files.runtime,
                Some((port, _)) if [self.gateway, self.runtime].contains(port) => &mut files.closing,
                _ => &mut files.others,
            } += 1;
        }
        files
    }

    /// The peer's port and the state of each connection on this machine, by its inode.
    fn connections(&self) -> BTreeMap<String, (u16, u8)> {
        let table = fs::read_to_string(format!("{}/net/tcp", self.directory)).unwrap();
        let connection = |line: &str| {
            let row: Vec<&str> = line.split_whitespace().collect();
            let port = row[2].split_once(':').map(|(_, port)| u16::from_str_radix(port, 16).unwrap());
            (row[9].to_owned(), (port.unwrap(), u8::from_str_radix(row[3], 16).unwrap()))
        };
        table.lines().skip(1).map(connection).collect()
    }
}
