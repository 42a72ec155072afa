//! The command line.

use crate::phase::Effort;
use std::path::PathBuf;

pub const HELP: &str = "\
cargo bench --bench function -- [OPTION]...
  --rounds N         how often everything is measured (5)
  --quick            two small rounds: whether it works, not how quick it is
  --only ROW[,ROW]   only these rows
  --peers            the functions under benches/peers as well (benches/peers/install first)
  --let-sleep        processors that wait may sleep, as they do when nobody measures
  --bootstrap PATH   another binary than the one that `cargo build --release` makes
  --streams N        how many streams share an environment (64)
  --json FILE        every value of every round";

pub struct Options {
    pub rounds: usize,
    pub effort: Effort,
    pub only: Option<Vec<String>>,
    pub peers: bool,
    pub let_sleep: bool,
    pub bootstrap: Option<PathBuf>,
    pub json: Option<PathBuf>,
}

impl Options {
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let full = Effort { starts: 10, conversations: 200, paced: 2, floods: 3, streams: 64 };
        let mut options = Self {
            rounds: 5,
            effort: full,
            only: None,
            peers: false,
            let_sleep: false,
            bootstrap: None,
            json: None,
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                // What `cargo bench` adds.
                "--bench" => {}
                "--quick" => {
                    options.rounds = 2;
                    options.effort =
                        Effort { starts: 2, conversations: 20, paced: 1, floods: 1, streams: 64 };
                }
                "--peers" => options.peers = true,
                "--let-sleep" => options.let_sleep = true,
                "--rounds" => options.rounds = number(&value()?)?,
                "--streams" => options.effort.streams = number(&value()?)?,
                "--only" => options.only = Some(value()?.split(',').map(str::to_owned).collect()),
                "--bootstrap" => options.bootstrap = Some(value()?.into()),
                "--json" => options.json = Some(value()?.into()),
                _ => return Err(format!("no such option: {argument}\n{HELP}")),
            }
        }
        Ok(options)
    }
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or(format!("not a number of 1 or more: {text}"))
}
