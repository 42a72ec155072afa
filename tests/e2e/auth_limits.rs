//! Bodies, queries and headers at Lambda's limits: the function answers soon, in bounded memory, and serves
//! the next request as before.

use crate::auth::{Shown, connect, faceless, let_in};
use crate::support::event::{BOTH, Dialect, Event};
use crate::support::patience::{between, took};
use crate::support::response::Response;
use crate::support::tokens::good;
use crate::support::world::World;
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

const MEBIBYTE: usize = 1 << 20;
/// The default of `MAX_BODY_BYTES`.
const MAX_BODY: usize = 5 * MEBIBYTE;
/// The largest event that Lambda hands over.
const MAX_EVENT: usize = 6 * MEBIBYTE;
/// What the largest event may cost: its copies on the way, and an index of what is in it.
const MAX_GROWTH: u64 = 80 * MEBIBYTE as u64;

/// One at a time: each keeps a processor busy, and other tests have clocks to watch.
pub static TURN: Mutex<()> = Mutex::const_new(());

struct Limits {
    _turn: MutexGuard<'static, ()>,
    world: World,
    token: String,
    before: u64,
}

impl Limits {
    async fn start() -> Self {
        let _turn = TURN.lock().await;
        let (world, token) = (connect().start().await, good());
        let_in(&world, &Shown::jwt(&token)).await;
        let before = world.function.peak_memory();
        Self { _turn, world, token, before }
    }

    /// Asks, and holds the function to its limits.
    async fn ask(&self, name: &str, event: Event) -> Response {
        let texts =
            [&event.json["body"], &event.json["rawQueryString"], &event.json["headers"]["authorization"]];
        let size: usize = texts.into_iter().filter_map(Value::as_str).map(str::len).sum();
        assert!(size < MAX_EVENT, "{name}: Lambda hands over no event of {size} bytes");
        let response = self.world.ask(event).await;
        took(name, between(response.started, response.ended), 0..=18_000);
        let_in(&self.world, &Shown::jwt(&self.token)).await;
        let grown = self.world.function.peak_memory().saturating_sub(self.before);
        assert!(grown < MAX_GROWTH, "{name}: memory grew by {grown} bytes");
        response
    }

    /// Asks for each of these with credentials, and for the last one without them, too.
    async fn ask_all(&self, cases: &[(&str, Dialect, String, u16)]) {
        for (name, dialect, body, status) in cases {
            let response = self.ask(name, posted(*dialect, body).jwt(&self.token)).await;
            assert_eq!(response.status, *status, "{name}: {}", response.text());
        }
        let (name, _, body, _) = cases.last().unwrap();
        for dialect in BOTH {
            let nobody = self.world.ask(dialect.ask()).await;
            let response = self.ask(name, posted(dialect, body).jwt("x")).await;
            assert_eq!(faceless(&response), faceless(&nobody), "{name}");
        }
    }

    /// Asks without a body worth a word, and fails unless it is refused for its credentials.
    async fn is_denied(&self, name: &str, event: Event) {
        let response = self.ask(name, event).await;
        response.refused(Dialect::V1, 401, "unauthorized");
    }
}

/// An event with this body as text or in base64. Quotes and backslashes take two bytes as text.
fn posted(dialect: Dialect, body: &str) -> Event {
    assert!(body.len() <= MAX_BODY, "{} bytes are over the limit", body.len());
    let escapes = body.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    match Event::new("POST", dialect.path()) {
        event if body.len() + escapes + 2_000 <= MAX_EVENT => event.body(body),
        event => event.base64(body.as_bytes()),
    }
}

/// One unit again and again between two ends, as large as a body may be.
fn filled(start: &str, unit: &str, end: &str, size: usize) -> String {
    let times = (size - start.len() - end.len()) / unit.len();
    format!("{start}{}{end}", unit.repeat(times))
}

/// The same, with something that closes each unit.
fn nested(start: &str, open: &str, close: &str, end: &str) -> String {
    let times = (MAX_BODY - start.len() - end.len() - 1) / (open.len() + close.len());
    format!("{start}{}0{}{end}", open.repeat(times), close.repeat(times))
}

#[tokio::test]
async fn nested_arrays() {
    let limits = Limits::start().await;
    let (web, v1) = (Dialect::Conversations, Dialect::V1);
    let asks = ",\"messages\":[{\"content\":\"PRIVATE\"}]}";
    let cases = [
        ("all of it", web, nested("", "[", "]", ""), 422),
        ("not closed", v1, "[".repeat(MAX_BODY), 400),
        ("messages", web, nested("{\"messages\":", "[", "]", "}"), 422),
        ("content", v1, nested("{\"messages\":[{\"content\":", "[", "]", "}]}"), 422),
        ("a parameter", v1, nested("{\"temperature\":", "[", "]", asks), 422),
        ("an option", v1, nested("{\"stream\":true,\"stream_options\":", "[", "]", asks), 422),
        ("what nobody reads", web, nested("{\"x\":", "[", "]", asks), 200),
    ];
    limits.ask_all(&cases).await;
}

#[tokio::test]
async fn nested_objects() {
    let limits = Limits::start().await;
    let times = 700_000;
    let body = |start: &str, end: &str| {
        let (open, close) = ("{\"a\":".repeat(times), "}".repeat(times));
        format!("{start}{open}0{close}{end}")
    };
    let cases = [
        ("all of it", Dialect::Conversations, body("", ""), 422),
        ("a message", Dialect::V1, body("{\"messages\":[", "]}"), 422),
    ];
    limits.ask_all(&cases).await;
}

#[tokio::test]
async fn many_small_things() {
    let limits = Limits::start().await;
    let (web, v1) = (Dialect::Conversations, Dialect::V1);
    let messages = |count: usize| {
        let messages = vec!["{\"content\":\"PRIVATE\"}"; count].join(",");
        format!("{{\"messages\":[{messages}]}}")
    };
    let quotes = MAX_EVENT / 4 * 3 - 2_000;
    let cases = [
        ("100,000 messages", web, messages(100_000), 422),
        ("100,000 messages", v1, messages(100_000), 422),
        ("10,001 messages", web, messages(10_001), 422),
        ("10,000 messages", v1, messages(10_000), 200),
        ("numbers for messages", web, filled("{\"messages\":[", "0,", "0]}", MAX_BODY), 422),
        ("empty parts", v1, filled("{\"messages\":[{\"content\":[", "\"\",", "\"\"]}]}", quotes), 422),
        ("members", web, filled("{", "\"a\":0,", "\"messages\":[]}", quotes), 422),
    ];
    limits.ask_all(&cases).await;
}

#[tokio::test]
async fn one_huge_thing() {
    let limits = Limits::start().await;
    let (web, v1) = (Dialect::Conversations, Dialect::V1);
    let asks = ",\"messages\":[{\"content\":\"PRIVATE\"}]}";
    let (start, end) = ("{\"messages\":[{\"content\":\"", "\"}]}");
    let cases = [
        ("a string", web, filled(start, "x", end, MAX_BODY), 200),
        ("a string of wide characters", v1, filled(start, "語", end, MAX_BODY), 200),
        ("a string of escapes", web, filled(start, "\\n", end, MAX_EVENT / 4 * 3 - 2_000), 200),
        ("a string without an end", v1, filled(start, "x", "", MAX_BODY), 400),
        ("a role", web, filled("{\"messages\":[{\"content\":\"x\",\"role\":\"", "x", end, MAX_BODY), 422),
        ("a number", v1, filled("{\"temperature\":", "1", asks, MAX_BODY), 422),
        ("a name", web, filled("{\"", "x", "\":0}", MAX_BODY), 422),
        ("spaces", v1, filled("{", " ", "}", MAX_BODY), 422),
    ];
    limits.ask_all(&cases).await;
    let seen = limits.world.gateway.seen();
    let longest =
        seen.iter().filter_map(|seen| seen.body["messages"][1]["content"].as_str()).map(str::len).max();
    assert_eq!(longest, Some(MAX_BODY - start.len() - end.len()), "it arrived whole");
}

#[tokio::test]
async fn one_byte_over_the_limit_is_413_and_unread() {
    let limits = Limits::start().await;
    for dialect in BOTH {
        let event = Event::new("POST", dialect.path()).body(&"[".repeat(MAX_BODY + 1));
        let response = limits.ask("one byte over", event.jwt(&limits.token)).await;
        response.refused(dialect, 413, "request_too_large");
    }
}

#[tokio::test]
async fn huge_queries() {
    let limits = Limits::start().await;
    let raw = |query: &str| {
        let mut event = Dialect::V1.ask();
        event.json["rawQueryString"] = json!(query);
        event
    };
    for (name, query) in [
        ("a token", filled("jwt=", "x", "", MAX_BODY)),
        ("a token of dots", filled("jwt=", ".", "", MAX_BODY)),
        ("a token of escapes", filled("jwt=", "%2E", "", MAX_BODY)),
        ("names in escapes", filled("", "%41&", "", MAX_BODY)),
        ("names and no values", filled("", "&", "", MAX_BODY)),
        ("tokens", filled("", "jwt=&", "", MAX_BODY)),
        ("two tokens far apart", filled("jwt=x", "&a", &format!("&jwt={}", limits.token), MAX_BODY)),
    ] {
        limits.is_denied(name, raw(&query)).await;
    }
    // With what Lambda adds: each parameter once more.
    let names: String = (0..200_000).map(|number| format!("a{number}=&")).collect();
    limits.is_denied("names", Dialect::V1.ask().query(&names)).await;
    let long = filled("a=", "x", &format!("&jwt={}", limits.token), MAX_BODY / 2);
    assert_eq!(limits.ask("beside a good token", Dialect::V1.ask().query(&long)).await.status, 200);
}

#[tokio::test]
async fn huge_headers() {
    let limits = Limits::start().await;
    let long = "x".repeat(MAX_BODY);
    for (name, value) in [
        ("a Connect token", format!("JWT {long}")),
        ("a bearer token", format!("Bearer {long}")),
        ("a scheme", long.clone()),
        ("spaces", " ".repeat(MAX_BODY)),
        ("many of them", filled("", "JWT x,", "", MAX_BODY)),
    ] {
        limits.is_denied(name, Dialect::V1.ask().authorization(&value)).await;
    }
    let good = || Dialect::V1.ask().jwt(&limits.token);
    assert_eq!(limits.ask("another header", good().header("x-long", &long)).await.status, 200);
    let many = (0..20_000).fold(good(), |event, number| event.header(&format!("x-{number}"), "y"));
    assert_eq!(limits.ask("20,000 headers", many).await.status, 200);
    // An event has the path twice.
    let path = Event::new("GET", &format!("/{}", &long[..MAX_BODY / 2]));
    assert_eq!(limits.ask("a path", path).await.status, 404);
}

/// More fields than the type that holds them can.
#[tokio::test]
async fn more_headers_than_a_map_holds_are_answered() {
    let limits = Limits::start().await;
    let many = (0..40_000).fold(Dialect::V1.ask(), |event, number| event.header(&format!("x-{number}"), "y"));
    let status = limits.ask("40,000 headers", many.jwt(&limits.token)).await.status;
    assert!([200, 400, 431, 500].contains(&status), "{status}");
}
