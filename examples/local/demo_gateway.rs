//! A gateway for demonstrations. It answers with a fixed text, or fails as the last message asks.

use crate::support::{
    answer::{Answer, Script, Step, as_json, milliseconds, only, plain, too_many},
    gateway::Gateway,
    payload::{chunk, cloudflare_error, completion, finish, openai_error, sse, token},
};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

/// The pause between two tokens.
const PACE_MS: u64 = 30;
/// How many tokens are sent before a failure in mid-answer.
const TOKENS_BEFORE_FAILURE: usize = 30;
/// The default of `OPENAI_FALLBACK_MODELS`.
const FALLBACK_MODEL: &str = "gpt-6-luna";

/// What a message says, what it asks for, and the script that does it.
type Command = (&'static str, &'static str, fn(&Prompt) -> Script);

static COMMANDS: &[Command] = &[
    ("/help", "this list", |prompt| prompt.at_once(&help())),
    ("/long", "an answer of about half a minute", |prompt| prompt.answer(&prompt.text().repeat(8))),
    ("/slow", "six seconds before the first word", slow),
    ("/burst", "ten thousand events at once", |prompt| {
        prompt.at_once(&(1..=10_000).map(|number| format!("{number} ")).collect::<String>())
    }),
    ("/fail 401", "the gateway refuses the key", |_| refuse(401, "invalid_api_key")),
    ("/fail 429", "too many requests", |_| too_many(&[("retry-after", "20")])),
    ("/fail 500", "a server error; any status from 400 to 599 works", |_| refuse(500, "server_error")),
    ("/fail once", "a 503, then an answer to the retry", once),
    ("/fail quota", "the quota is used up", |_| refuse(429, "insufficient_quota")),
    ("/fail context", "the conversation is too long", |_| refuse(400, "context_length_exceeded")),
    ("/fail filter", "the content filter refuses the message", |_| refuse(400, "content_filter")),
    ("/fail guardrail", "a Cloudflare guardrail refuses the message", |_| {
        as_json(424, &cloudflare_error(2016, "Prompt blocked due to security configurations"))
    }),
    ("/fail model", "the model is gone; a fallback model answers for ten minutes", gone_model),
    ("/fail html", "an HTML error page", |_| plain(502, &[("content-type", "text/html")], "<h1>502</h1>")),
    ("/fail reset", "a connection reset before the response", |_| only(Step::Reset)),
    ("/fail silent", "no response", |_| only(Step::Hang)),
    ("/fail cut", "the connection closes in mid-answer", |prompt| prompt.half().cut()),
    ("/fail stall", "silence in mid-answer", |prompt| prompt.half().hang()),
    ("/fail malformed", "an event that is not JSON", |prompt| prompt.half().event("{\"choices\":[").end()),
    ("/fail error", "an error event in mid-answer", |prompt| prompt.half().event(&error_event()).close()),
    ("/fail first", "an error event before the first word", |_| {
        Answer::stream().event(&error_event()).close()
    }),
    ("/fail empty", "a stream without events", |_| Answer::stream().close()),
    ("/fail noend", "half an answer that ends as if complete", |prompt| prompt.half().close()),
];

/// Starts the gateway and returns its base URL.
pub async fn start() -> String {
    let gateway = Gateway::start().await;
    gateway.always(|seen| respond(&Prompt::read(&seen.body)));
    gateway.base()
}

fn respond(prompt: &Prompt) -> Script {
    let mut words = prompt.question.split_whitespace().map(str::to_lowercase);
    let command = match (words.next().unwrap_or_default(), words.next()) {
        (fail, Some(how)) if fail == "/fail" => format!("{fail} {how}"),
        (first, _) => first,
    };
    if let Some((_, _, script)) = COMMANDS.iter().find(|(name, ..)| *name == command) {
        return script(prompt);
    }
    match command.strip_prefix("/fail ").and_then(|status| status.parse().ok()) {
        Some(status @ 400..=599) => refuse(status, "demonstration"),
        _ if command.starts_with('/') => prompt.at_once(&help()),
        _ => prompt.answer(&prompt.text()),
    }
}

fn help() -> String {
    let rows = COMMANDS.iter().map(|(name, purpose, _)| format!("- `{name}`: {purpose}\n"));
    format!("# Commands of this gateway\n\n{}\nAny other message gets an answer.", rows.collect::<String>())
}

fn slow(prompt: &Prompt) -> Script {
    let mut script = prompt.answer(&prompt.text());
    if prompt.stream {
        // The first step is the response head.
        script.0.insert(1, milliseconds(6_000));
    }
    script
}

fn once(prompt: &Prompt) -> Script {
    static HAS_FAILED: AtomicBool = AtomicBool::new(false);
    match HAS_FAILED.fetch_xor(true, Ordering::Relaxed) {
        true => prompt.answer(&prompt.text()),
        false => refuse(503, "server_error"),
    }
}

fn gone_model(prompt: &Prompt) -> Script {
    match prompt.model == FALLBACK_MODEL {
        true => prompt.answer(&prompt.text()),
        false => refuse(404, "model_not_found"),
    }
}

fn refuse(status: u16, code: &str) -> Script {
    as_json(status, &openai_error(code, "demonstration"))
}

fn error_event() -> String {
    openai_error("server_error", "server_error").to_string()
}

/// What the answer depends on.
struct Prompt {
    model: String,
    stream: bool,
    messages: usize,
    /// The last message.
    question: String,
}

impl Prompt {
    fn read(request: &Value) -> Self {
        let messages = request["messages"].as_array().map_or(&[][..], Vec::as_slice);
        Self {
            model: request["model"].as_str().unwrap_or_default().to_owned(),
            stream: request["stream"] == true,
            messages: messages.len(),
            question: messages.last().map(|message| text_of(&message["content"])).unwrap_or_default(),
        }
    }

    fn text(&self) -> String {
        format!(
            include_str!("demo_answer.md"),
            question = self.question.chars().take(80).collect::<String>().replace('\n', " "),
            messages = self.messages,
            model = self.model,
        )
    }

    fn answer(&self, text: &str) -> Script {
        match self.stream {
            true => paced(tokens(text)).event(&finish()).end(),
            false => as_json(200, &completion(text)),
        }
    }

    /// The same in one write.
    fn at_once(&self, text: &str) -> Script {
        let events = tokens(text).map(|text| sse(&token(text))).collect::<String>();
        match self.stream {
            true => Answer::stream().bytes(events).event(&finish()).end(),
            false => self.answer(text),
        }
    }

    /// The beginning of an answer.
    fn half(&self) -> Answer {
        paced(tokens(&self.text()).take(TOKENS_BEFORE_FAILURE))
    }
}

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(char::is_whitespace)
}

fn paced<'a>(tokens: impl Iterator<Item = &'a str>) -> Answer {
    let role = chunk(json!({"role": "assistant", "content": ""}), None);
    tokens.fold(Answer::stream().event(&role), |answer, text| answer.event(&token(text)).wait(PACE_MS))
}

fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(|part| part["text"].as_str().unwrap_or("[image] ")).collect(),
        _ => String::new(),
    }
}
