//! The built binary as a child process, and every line it prints.

use super::call::KEY;
use super::emf;
use super::event::PRIVATE;
use super::patience::{Changes, within};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

#[derive(Default)]
struct Output {
    lines: Mutex<Vec<String>>,
}

pub struct Function {
    child: Child,
    output: Arc<Output>,
    changes: Arc<Changes>,
    readers: Vec<JoinHandle<()>>,
}

impl Function {
    /// Starts what Cargo built, or the build that `GPTDOCK_BOOTSTRAP` names.
    pub fn start(environment: &BTreeMap<String, String>) -> Self {
        let program = std::env::var("GPTDOCK_BOOTSTRAP").unwrap_or(env!("CARGO_BIN_EXE_gptdock").to_owned());
        let mut child = Command::new(program)
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (output, changes) = (Arc::new(Output::default()), Arc::new(Changes::new()));
        let read = |pipe: Box<dyn Read + Send>| {
            let (output, changes) = (Arc::clone(&output), Arc::clone(&changes));
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    output.lines.lock().unwrap().push(line);
                    changes.tell();
                }
            })
        };
        let stdout = read(Box::new(child.stdout.take().unwrap()));
        let stderr = read(Box::new(child.stderr.take().unwrap()));
        Self { child, output, changes, readers: vec![stdout, stderr] }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn lines(&self) -> Vec<String> {
        self.output.lines.lock().unwrap().clone()
    }

    /// Waits for a line that `wanted` knows.
    pub async fn line(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = || {
            let lines = self.output.lines.lock().unwrap();
            let mut parsed = lines.iter().filter_map(|line| serde_json::from_str(line).ok());
            parsed.find(|line| wanted(line))
        };
        self.changes.until(what, found).await
    }

    /// Waits for the process to end by itself.
    pub async fn exit(&mut self) -> ExitStatus {
        let ended = async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        within("the function to exit", ended).await
    }

    /// The most memory that the process ever held, in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// The memory that the process holds now, in bytes.
    pub fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    fn status(&self, name: &str) -> u64 {
        let status = self.proc_file("status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let kilobytes = line.trim().trim_end_matches(" kB");
        kilobytes.parse::<u64>().unwrap() * 1024
    }

    /// The processor time that the process has used, in steps of 10 ms.
    pub fn processor_time(&self) -> Duration {
        let stat = self.proc_file("stat");
        // The name in brackets may hold spaces. `utime` and `stime` are the fields 14 and 15 of proc(5).
        let fields = stat.rsplit_once(')').unwrap().1.split_whitespace().skip(11).take(2);
        let ticks: u64 = fields.map(|field| field.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }

    fn proc_file(&self, name: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.pid())).unwrap()
    }
}

impl Drop for Function {
    /// Ends the process, and holds it to what section 10 says of everything it printed.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        let lines = self.lines();
        if std::thread::panicking() {
            // A failing test is read with the function's own words beside it.
            let printed = lines.join("\n");
            let _ = std::io::Write::write_all(&mut std::io::stderr(), printed.as_bytes());
            return;
        }
        lines.iter().for_each(|line| check(line));
    }
}

/// What no line may hold, whatever happens: keys, prompts and answers, tokens in any of their forms.
const UNSPEAKABLE: [&str; 6] = [KEY, PRIVATE, "jwt=", "eyJ", "Bearer ", "JWT "];
const LEVELS: [&str; 3] = ["INFO", "WARN", "ERROR"];

fn check(line: &str) {
    let parsed = serde_json::from_str::<Value>(line);
    let parsed = parsed.unwrap_or_else(|_| panic!("not a JSON line: {line}"));
    let time = parsed["timestamp"].as_str().unwrap_or_default();
    assert!(is_rfc3339(time), "a line without a time: {line}");
    let level = parsed["level"].as_str().unwrap_or_default();
    assert!(LEVELS.contains(&level), "a line without a level: {line}");
    for words in UNSPEAKABLE {
        assert!(!line.contains(words), "{words:?} in the log: {line}");
    }
    if parsed.get("_aws").is_some() {
        emf::check(line).unwrap_or_else(|wrong| panic!("CloudWatch would refuse this, {wrong}: {line}"));
    }
}

/// Such as `2026-11-22T00:00:00.123Z`.
fn is_rfc3339(time: &str) -> bool {
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let fraction = shape.strip_prefix("0000-00-00T00:00:00").and_then(|rest| rest.strip_suffix('Z'));
    fraction.is_some_and(|digits| {
        digits.is_empty() || digits.strip_prefix('.').is_some_and(|digits| digits.bytes().all(|d| d == b'0'))
    })
}
