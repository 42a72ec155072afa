//! Starts the function against a Runtime API, a gateway and a Secrets Manager of its own, and prints what it adds to
//! no function at all. `benches/README.md` says what is measured, and how.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark stops where it fails"
)]

mod awake;
mod build;
mod client;
mod clock;
mod figures;
mod gateway;
mod goals;
mod lambda;
mod least;
mod machine;
mod names;
mod options;
mod peers;
mod phase;
mod process;
mod relay;
mod run;
mod scanner;
mod secrets;
mod server;
mod session;
mod subject;
mod table;
mod usage;
mod wire;
mod world;

use awake::Awake;
use figures::Figures;
use names::{GPTDOCK, LEAST, LIMIT, NO_FUNCTION};
use options::{HELP, Options};
use phase::{PHASES, Phase};
use std::path::Path;
use std::process::ExitCode;
use subject::{Kind, Program, Subject};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [flag, port, streams] if flag == "--relay" => relay(port, streams),
        [flag] if flag == "--least" => least::main().map_err(|error| error.to_string()),
        [flag, ..] if flag == "--help" => {
            println!("{HELP}");
            Ok(())
        }
        _ => Options::parse(arguments).and_then(|options| measure(&options)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn relay(port: &str, streams: &str) -> Result<(), String> {
    let (port, streams) = port.parse().ok().zip(streams.parse().ok()).ok_or("--relay PORT STREAMS")?;
    relay::main(port, streams).map_err(|error| error.to_string())
}

fn measure(options: &Options) -> Result<(), String> {
    let bootstrap = options.bootstrap.clone().map_or_else(build::release, Ok)?;
    let subjects = subjects(options, &bootstrap)?;
    let awake = if options.let_sleep { None } else { keep_awake() };
    let machine = machine::describe(options.rounds, &bootstrap, awake.is_some());
    let mut figures = Figures::new(subjects.iter().map(|subject| subject.name.clone()));
    for round in 0..options.rounds {
        for Phase { name, measures, measure } in PHASES {
            eprintln!("round {} of {}: {name}", round + 1, options.rounds);
            // Each round begins with another subject, so that none is always measured after the same one.
            let (last, first) = subjects.split_at(round % subjects.len());
            let measured = first.iter().chain(last).filter(|subject| measures(&subject.kind));
            for subject in measured {
                measure(subject, &options.effort, &mut figures)?;
            }
        }
    }
    println!("{machine}");
    table::print(&figures, &[NO_FUNCTION, LIMIT]);
    goals::print(&figures, &bootstrap);
    match &options.json {
        Some(path) => std::fs::write(path, figures.json().to_string()).map_err(|error| error.to_string()),
        None => Ok(()),
    }
}

fn keep_awake() -> Option<Awake> {
    let held = Awake::hold();
    held.inspect_err(|error| eprintln!("the processors may sleep (/dev/cpu_dma_latency: {error})")).ok()
}

fn subjects(options: &Options, bootstrap: &Path) -> Result<Vec<Subject>, String> {
    let gptdock = Program { command: vec![bootstrap.into()], directory: None, concurrent: true };
    let itself = std::env::current_exe().map_err(|error| error.to_string())?;
    let least =
        Program { command: vec![itself.into(), "--least".into()], directory: None, concurrent: false };
    let mut subjects = if options.peers { peers::installed()? } else { Vec::new() };
    subjects.extend(
        [
            (GPTDOCK, Kind::Function(gptdock)),
            (LEAST, Kind::Least(least)),
            (NO_FUNCTION, Kind::NoFunction),
            (LIMIT, Kind::Limit),
        ]
        .map(|(name, kind)| Subject { name: name.to_owned(), kind }),
    );
    if let Some(only) = &options.only {
        subjects.retain(|subject| only.contains(&subject.name));
    }
    if subjects.is_empty() { Err("no such row".to_owned()) } else { Ok(subjects) }
}
