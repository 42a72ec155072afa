//! What the kernel knows of the function's process.

use crate::support::patience::within;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::time::Duration;

/// `st` of `/proc/net/tcp`.
const ESTABLISHED: &str = "01";

pub struct Process(String);

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
    /// Connections to the gateway that one side has closed.
    pub closing: u64,
    pub others: u64,
}

impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Files { gateway, others, .. } = self.files;
        write!(
            f,
            "{} kB, {gateway} idle connections to the gateway, {others} other files",
            self.memory / 1000
        )
    }
}

impl Process {
    pub fn new(pid: u32) -> Self {
        Self(format!("/proc/{pid}"))
    }

    /// Waits until no connection to the gateway is half closed.
    pub async fn quiet(&self, gateway: u16) -> Quiet {
        let settled = async {
            loop {
                let files = self.files(gateway);
                if files.closing == 0 {
                    return Quiet { memory: self.memory(), files };
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        within("the connections that were cut to be closed", settled).await
    }

    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("{}/status", self.0)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    fn files(&self, gateway: u16) -> Files {
        let connections = self.connections(gateway);
        let mut files = Files { gateway: 0, closing: 0, others: 0 };
        for entry in fs::read_dir(format!("{}/fd", self.0)).unwrap() {
            // One that was closed between the two looks.
            let Ok(file) = fs::read_link(entry.unwrap().path()) else { continue };
            let file = file.to_string_lossy();
            let inode = file.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
            match inode.and_then(|inode| connections.get(inode)).map(String::as_str) {
                None => files.others += 1,
                Some(ESTABLISHED) => files.gateway += 1,
                Some(_) => files.closing += 1,
            }
        }
        files
    }

    /// The state of each connection to this port, by its inode.
    fn connections(&self, port: u16) -> BTreeMap<String, String> {
        let table = fs::read_to_string(format!("{}/net/tcp", self.0)).unwrap();
        let rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
        let remote = format!(":{port:04X}");
        rows.filter(|row| row[2].ends_with(&remote))
            .map(|row| (row[9].to_owned(), row[3].to_owned()))
            .collect()
    }
}
