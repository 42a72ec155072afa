//! The commands that make the demonstration gateway misbehave, one table for the parser and for `/help`.

use std::fmt::Write as _;

/// What the last user message told the gateway to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// No command: an ordinary answer.
    Answer,
    /// `/help`, or a command that does not exist.
    Help,
    /// A long answer.
    Long,
    /// A slow first token.
    Slow,
    /// One JSON where events were asked for.
    Json,
    /// Every byte in an HTTP chunk of its own.
    Split,
    /// Every legal oddity of server-sent events.
    Odd,
    /// One event of 900 kB.
    Big,
    /// Ten thousand events in one write.
    Burst,
    /// An OpenAI error with this status.
    Status(u16),
    /// A 503 the first time, an answer the second.
    Once,
    /// The credit is used up.
    Quota,
    /// The conversation is too long for the model.
    Context,
    /// The prompt is refused by the model's content filter.
    Filter,
    /// The prompt is refused by a Cloudflare guardrail.
    Guardrail,
    /// Every model but the fallback is retired.
    Model,
    /// An error page of a proxy.
    Html,
    /// A redirect to somewhere else.
    Redirect,
    /// The connection is reset before the response head.
    Reset,
    /// No response head, ever.
    Silent,
    /// The connection is dropped in mid-answer.
    Cut,
    /// Nothing more comes in mid-answer.
    Stall,
    /// An event in mid-answer is not JSON.
    Malformed,
    /// An error event in mid-answer.
    Error,
    /// An error event before any token.
    First,
    /// A stream without events.
    Empty,
    /// A complete answer without `[DONE]`.
    NoDone,
    /// The stream ends in mid-answer as if all was well.
    NoEnd,
    /// A line of more than 2 MiB.
    Huge,
}

const COMMANDS: [(&str, Command, &str); 32] = [
    ("/help", Command::Help, "this list"),
    ("/long", Command::Long, "an answer of about half a minute"),
    ("/slow", Command::Slow, "six seconds before the first token"),
    ("/json", Command::Json, "one JSON although events were asked for"),
    ("/split", Command::Split, "every byte arrives on its own"),
    ("/odd", Command::Odd, "legal but odd events: CRLF, comments, several data lines"),
    ("/big", Command::Big, "one event of 900 kB"),
    ("/burst", Command::Burst, "ten thousand events at once"),
    ("/fail 400", Command::Status(400), "the request is refused"),
    ("/fail 401", Command::Status(401), "the key is wrong"),
    ("/fail 429", Command::Status(429), "too many requests, with Retry-After"),
    ("/fail 500", Command::Status(500), "a server error (any status will do)"),
    ("/fail 503", Command::Status(503), "overloaded"),
    ("/fail once", Command::Once, "503, and an answer when asked again"),
    ("/fail quota", Command::Quota, "the credit is used up"),
    ("/fail context", Command::Context, "the conversation is too long"),
    ("/fail filter", Command::Filter, "the content filter refuses"),
    ("/fail guardrail", Command::Guardrail, "a Cloudflare guardrail refuses"),
    ("/fail model", Command::Model, "the model is retired: for ten minutes a fallback answers"),
    ("/fail html", Command::Html, "an HTML error page"),
    ("/fail redirect", Command::Redirect, "a redirect elsewhere"),
    ("/fail reset", Command::Reset, "reset before the response head"),
    ("/fail silent", Command::Silent, "no response head at all"),
    ("/fail cut", Command::Cut, "the connection drops in mid-answer"),
    ("/fail stall", Command::Stall, "silence in mid-answer"),
    ("/fail malformed", Command::Malformed, "an event that is not JSON"),
    ("/fail error", Command::Error, "an error event in mid-answer"),
    ("/fail first", Command::First, "an error event before any token"),
    ("/fail empty", Command::Empty, "a stream without events"),
    ("/fail nodone", Command::NoDone, "a complete answer without [DONE]"),
    ("/fail noend", Command::NoEnd, "a half answer that ends as if complete"),
    ("/fail huge", Command::Huge, "a line of 3 MiB"),
];

impl Command {
    /// Reads the command at the beginning of a message; words after it are ignored.
    pub fn of(question: &str) -> Self {
        let mut words = question.split_whitespace().map(str::to_lowercase);
        let name = match (words.next(), words.next()) {
            (Some(first), Some(second)) if first == "/fail" => format!("{first} {second}"),
            (Some(first), _) if first.starts_with('/') => first,
            _ => return Self::Answer,
        };
        if let Some((_, command, _)) = COMMANDS.iter().find(|(known, ..)| *known == name) {
            return *command;
        }
        name.strip_prefix("/fail ")
            .and_then(|status| status.parse().ok())
            .filter(|status| (400..=599).contains(status))
            .map_or(Self::Help, Self::Status)
    }

    /// What the command does, in the words of `/help`.
    pub fn purpose(self) -> Option<&'static str> {
        COMMANDS.iter().find(|(_, command, _)| *command == self).map(|(_, _, purpose)| *purpose)
    }

    /// Every command as a markdown list.
    pub fn list() -> String {
        COMMANDS.iter().fold(String::new(), |mut list, (name, _, purpose)| {
            let _ = writeln!(list, "- `{name}`: {purpose}");
            list
        })
    }
}
