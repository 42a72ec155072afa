//! An answer as it goes over the wire: its events or its one JSON, with the fault that was asked for.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::answer;
use super::command::Command;
use super::completion::Completion;
use super::playback::Step;
use super::prompt::Prompt;

const GAP: Duration = Duration::from_millis(30);
const FOREVER: Duration = Duration::from_secs(3600);
const SLOW: Duration = Duration::from_secs(6);
/// How many events come before a fault in mid-answer.
const BEFORE_FAULT: usize = 40;

/// An answer that is ready to be played.
pub struct Script {
    /// The content type of the response.
    pub content_type: &'static str,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

impl Script {
    /// Writes the answer to a prompt, and spoils it as the command asks.
    pub fn write(prompt: &Prompt, command: Command) -> Self {
        let text = answer::text(prompt, command);
        let completion = Completion::new(prompt);
        if prompt.stream && command != Command::Json {
            Self {
                content_type: "text/event-stream; charset=utf-8",
                steps: spoil(completion.events(&text), command),
            }
        } else {
            Self {
                content_type: "application/json",
                steps: spoil(halves(&completion.json(&text)), without_events(command)),
            }
        }
    }
}

/// One JSON in two pieces, so that every fault in mid-answer has a middle to happen in.
fn halves(json: &str) -> Vec<String> {
    let middle = json.floor_char_boundary(json.len() / 2);
    let (first, second) = json.split_at(middle);
    vec![first.to_owned(), second.to_owned()]
}

/// The command, unless it speaks of events, which one JSON does not have.
fn without_events(command: Command) -> Command {
    match command {
        Command::Slow
        | Command::Split
        | Command::Cut
        | Command::Stall
        | Command::Malformed
        | Command::Empty
        | Command::NoEnd => command,
        _ => Command::Answer,
    }
}

fn spoil(mut frames: Vec<String>, command: Command) -> Vec<Step> {
    let middle = BEFORE_FAULT.min(frames.len() / 2);
    let end = match command {
        Command::Cut => vec![Step::Break],
        Command::Stall => vec![Step::Wait(FOREVER)],
        Command::Error => vec![send(error_event())],
        Command::Malformed => vec![send("data: {\"choices\":[{\"delta\":{\"cont\n\n")],
        Command::Huge => vec![send(format!("data: {{\"padding\":\"{}", "x".repeat(3 << 20)))],
        Command::NoEnd => Vec::new(),
        _ => {
            let leave_out = usize::from(command == Command::NoDone);
            frames.truncate(frames.len() - leave_out);
            return whole(frames, command);
        }
    };
    frames.truncate(middle);
    paced(frames).chain(end).collect()
}

fn whole(mut frames: Vec<String>, command: Command) -> Vec<Step> {
    match command {
        Command::Empty => Vec::new(),
        Command::First => vec![send(error_event())],
        Command::Help | Command::Burst => vec![send(frames.concat())],
        Command::Slow => std::iter::once(Step::Wait(SLOW)).chain(paced(frames)).collect(),
        Command::Big => {
            let padding = format!("data: {{\"padding\":\"{}\",", "x".repeat(900_000));
            frames[1] = frames[1].replacen("data: {", &padding, 1);
            paced(frames).collect()
        }
        Command::Odd => paced(frames.iter().enumerate().map(|(place, frame)| odd(place, frame))).collect(),
        Command::Split => frames
            .into_iter()
            .flat_map(|frame| {
                let bytes = Bytes::from(frame);
                let single = (0..bytes.len()).map(move |at| Step::Send(bytes.slice(at..=at)));
                single.chain([Step::Wait(GAP)])
            })
            .collect(),
        _ => paced(frames).collect(),
    }
}

fn paced(frames: impl IntoIterator<Item = String>) -> impl Iterator<Item = Step> {
    frames.into_iter().flat_map(|frame| [send(frame), Step::Wait(GAP)])
}

fn send(bytes: impl Into<Bytes>) -> Step {
    Step::Send(bytes.into())
}

fn error_event() -> String {
    let message = "The server had an error while processing your request.";
    let error = json!({"message": message, "type": "server_error", "param": null, "code": null});
    format!("data: {}\n\n", json!({ "error": error }))
}

fn odd(place: usize, frame: &str) -> String {
    let start = if place == 0 { "\u{feff}: a comment\n" } else { "" };
    let spread = frame.replacen("data: ", "data:", 1).replacen(",\"created\"", ",\ndata:\"created\"", 1);
    format!("{start}event: message\nid: {place}\nretry: 1000\n{spread}").replace('\n', "\r\n")
}
