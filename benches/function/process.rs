//! A process under test, with all its children in one group that ends with it.

use crate::usage::Usage;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

pub struct Process(Child);

impl Process {
    /// Starts a command whose output goes nowhere, unless `BENCH_OUTPUT` is set.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        if std::env::var_os("BENCH_OUTPUT").is_none() {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        Self::start_with_output(command)
    }

    /// Starts a command as it is.
    pub fn start_with_output(command: &mut Command) -> io::Result<Self> {
        command.process_group(0).stdin(Stdio::null()).spawn().map(Self)
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    pub fn usage(&self) -> Usage {
        Usage::of_group(self.0.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.0.wait();
    }
}
