//! A process under test with all its children, in one process group that ends with it; and the byte relay.

use crate::Result;
use std::fs::{read_dir, read_to_string};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{io::copy, os::unix::process::CommandExt};

pub struct Process(pub Child);

impl Process {
    pub fn start(command: &mut Command) -> Result<Self> {
        Ok(Self(command.process_group(0).stdin(Stdio::null()).spawn()?))
    }

    /// The processor time of all threads, which the scheduler counts in nanoseconds. The ticks of `stat` are longer
    /// than a whole conversation takes.
    pub fn cpu_ms(&self) -> f64 {
        let threads = self.group().flat_map(|process| paths(&process.join("task")));
        threads.filter_map(|thread| first_number(&text(&thread, "schedstat"))).sum::<f64>() / 1e6
    }

    /// The peak memory of each process, added up.
    pub fn memory_mb(&self) -> f64 {
        let peak_kb = |process: PathBuf| first_number(text(&process, "status").split_once("VmHWM:")?.1);
        self.group().filter_map(peak_kb).sum::<f64>() / 1024.0
    }

    fn group(&self) -> impl Iterator<Item = PathBuf> {
        let group = self.0.id().to_string();
        // State, parent and group follow the program's name, which stands in brackets.
        paths(Path::new("/proc")).filter(move |process| {
            text(process, "stat").rsplit(") ").next().and_then(|rest| rest.split(' ').nth(2)) == Some(&group)
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.0.id())]).status();
        let _ = self.0.wait();
    }
}

/// The least that any process between a client and the gateway costs: copies bytes on two blocking threads for each
/// connection, until the first one ends. Prints its port.
pub fn relay(gateway: u16) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let (client, server) = (client?, TcpStream::connect(("127.0.0.1", gateway))?);
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        for (mut from, mut to) in [(client.try_clone()?, server.try_clone()?), (server, client)] {
            std::thread::spawn(move || std::process::exit(copy(&mut from, &mut to).is_err().into()));
        }
    }
    Ok(())
}

fn paths(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// Empty when there is no such file, or no longer.
fn text(directory: &Path, file: &str) -> String {
    read_to_string(directory.join(file)).unwrap_or_default()
}

fn first_number(text: &str) -> Option<f64> {
    text.split_whitespace().next()?.parse().ok()
}
