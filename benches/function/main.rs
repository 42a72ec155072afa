//! Starts the function against a Runtime API, a gateway and a Secrets Manager of its own, and prints what a user and
//! an operator get from it. `benches/README.md` says what is measured, and how.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a benchmark stops where it fails"
)]

mod access;
mod figures;
mod goals;
mod phase;
mod process;
mod run;
mod server;
mod session;
mod share;
mod subject;

use access::{CONNECT, JWKS, OPEN};
use figures::Figures;
use phase::Phase::{self, ColdStart, FirstWord, ManyStreams, OneStream};
use share::{SHARES, Share};
use std::path::{Path, PathBuf};
use std::{process::Command, sync::Arc};
use subject::{GPTDOCK, NO_FUNCTION, NODE, PEERS, RELAY, STOCK_RUST, Subject};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Where it is measured, and what else runs there.
const MACHINE: &str = "echo $(nproc) processors, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), \
    $(uname -srm), load $(cut -d' ' -f1 /proc/loadavg) at the start";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let value = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1);
    if let Some(port) = value("--relay") {
        return process::relay(port.parse()?);
    }
    let bin = value("--bin").map_or_else(build, |bin| Ok(bin.into()))?.canonicalize()?;
    let peers = if has("--peers") { peers()? } else { Vec::new() };
    let rounds = value("--rounds").map_or(Ok(if has("--quick") { 1 } else { 7 }), |rounds| rounds.parse())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let text = runtime.block_on(report(&bin, &peers, rounds, has("--quick")))?;
    println!("{text}");
    if has("--write") {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/results.md"), text)?;
    }
    Ok(())
}

/// Measures everything. Returns the results as Markdown.
async fn report(bin: &Path, peers: &[Subject], rounds: usize, is_quick: bool) -> Result<String> {
    let machine = Command::new("sh").args(["-c", MACHINE]).output()?.stdout;
    let machine = format!("{}; medians of {rounds} rounds", String::from_utf8_lossy(&machine).trim());
    let starts = |starts| if is_quick { 1 } else { starts };
    let gptdock = Subject::new(GPTDOCK, Some(bin.to_owned()));
    let [relay, direct] = [RELAY, NO_FUNCTION].map(|name| Subject::new(name, None));
    let peer = |name| peers.iter().find(move |peer| peer.name == name).cloned();

    let rows: Vec<_> = [&gptdock, &direct, &relay].into_iter().chain(peers).cloned().collect();
    let whole = measure(&rows, &[ColdStart, OneStream, ManyStreams], rounds, starts(10)).await?;

    let (accesses, name) = ([&OPEN, &CONNECT, &JWKS], |mode| format!("{GPTDOCK}, {mode}"));
    let rows = accesses.map(|access| Subject { name: name(access.mode), access, ..gptdock.clone() });
    let rows: Vec<_> = rows.into_iter().chain(peer(STOCK_RUST)).collect();
    let first_word = measure(&rows, &[FirstWord], rounds, starts(10)).await?;

    let rows: Vec<_> = [gptdock].into_iter().chain(peer(STOCK_RUST)).chain(peer(NODE)).collect();
    let shares = match at_shares(&rows) {
        Ok(rows) => measure(&rows, &[ColdStart, OneStream], rounds.div_ceil(4), starts(3)).await?.table(),
        Err(error) => format!("Not measured: no control group can be had here ({error}).\n"),
    };
    Ok(format!(
        "# Results\n\n{machine}.\n\n## The machine as it is\n\nA token every 3 ms.\n\n{}\n\
        ## The first word of a cold start\n\n{}\n## At a share of a processor\n\n\
        A token every 10 ms, in a quarter of the rounds.\n\n{shares}\n## Goals\n\n{}",
        whole.table(),
        first_word.table(),
        goals::list(&whole, &first_word)
    ))
}

/// Measures each phase for all rows in turn, so that what is compared is measured within seconds.
async fn measure(rows: &[Subject], phases: &[Phase], rounds: usize, starts: usize) -> Result<Figures> {
    let mut figures = Figures { rows: rows.iter().map(|row| row.name.clone()).collect(), values: Vec::new() };
    for round in 0..rounds {
        for phase in phases {
            eprintln!("round {} of {rounds}: {phase:?}", round + 1);
            // Each round begins with another row, so that none always follows the same one.
            for row in rows.iter().cycle().skip(round).take(rows.len()) {
                let measured = phase.measure(row, starts).await;
                for (key, value) in measured.map_err(|error| format!("{}: {error}", row.name))? {
                    figures.values.extend(value.map(|value| (row.name.clone(), key, value)));
                }
            }
        }
    }
    Ok(figures)
}

/// Builds the function as it is released. `cargo bench` has just put another binary into its place, with the features
/// that the tests want of its crates.
fn build() -> Result<PathBuf> {
    let build = ["build", "--release", "--locked", "--bin", "gptdock"];
    let status = Command::new(env!("CARGO")).current_dir(env!("CARGO_MANIFEST_DIR")).args(build).status()?;
    if status.success() { Ok(env!("CARGO_BIN_EXE_gptdock").into()) } else { Err("the build failed".into()) }
}

/// What `benches/peers/install` has installed.
fn peers() -> Result<Vec<Subject>> {
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or(home).ok_or("HOME is not set")?;
    let start = |name| cache.join("gptdock/peers").join(name).join("start");
    Ok(PEERS.map(|name| Subject::new(name, Some(start(name)))).to_vec())
}

fn at_shares(rows: &[Subject]) -> std::io::Result<Vec<Subject>> {
    let mut all = Vec::new();
    for (memory_mb, percent) in SHARES {
        let share = Some(Arc::new(Share::new(memory_mb, percent)?));
        let name = |row: &Subject| format!("{}, {memory_mb} MB", row.name);
        all.extend(rows.iter().map(|row| Subject { name: name(row), share: share.clone(), ..row.clone() }));
    }
    Ok(all)
}
