//! No event takes the process over 100 MB or one second of a processor, and the process gives the memory
//! back. Also the helpers of all memory tests.

use crate::auth_limits::TURN;
use crate::support::event::{BOTH, Dialect, Event};
use crate::support::response::Response;
use crate::support::world::{Setup, World};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::sync::MutexGuard;

const MEGABYTE: u64 = 1_000_000;
const MOST: u64 = 100 * MEGABYTE;

/// What the process may use of a processor, and what it may hold afterwards. The build that `GPTDOCK_BOOTSTRAP` names
/// is a release build, and so is what `cargo test --release` builds. A debug build is 10 to 20 times slower, and its
/// code alone fills 10 MB more: its times say only that nothing is quadratic.
fn bounds() -> (Duration, u64) {
    let release = std::env::var_os("GPTDOCK_BOOTSTRAP").is_some() || !cfg!(debug_assertions);
    match release {
        true => (Duration::from_secs(1), 20 * MEGABYTE),
        false => (Duration::from_secs(20), 30 * MEGABYTE),
    }
}

/// A function that is held to its bounds. One at a time: each keeps a processor busy.
pub struct Bounded {
    pub world: World,
    _turn: MutexGuard<'static, ()>,
}

impl Bounded {
    pub async fn start(setup: Setup) -> Self {
        let _turn = TURN.lock().await;
        Self { world: setup.start().await, _turn }
    }

    /// Asks, and fails unless the answer stayed in the bounds.
    pub async fn ask(&self, name: &str, event: Event) -> Response {
        let before = self.world.function.processor_time();
        let response = self.world.ask(event).await;
        let used = self.world.function.processor_time() - before;
        assert!(used <= bounds().0, "{name}: {used:?} of a processor");
        self.memory(name).await;
        response
    }

    /// Fails when the process ever held too much, or does not give it back.
    pub async fn memory(&self, name: &str) {
        let peak = self.world.function.peak_memory();
        assert!(peak <= MOST, "{name}: {} MB", peak / MEGABYTE);
        let started = Instant::now();
        while self.world.function.memory() > bounds().1 {
            let held = self.world.function.memory() / MEGABYTE;
            assert!(
                started.elapsed().as_secs() < 5,
                "{name}: {held} MB are not given back, peak {}",
                peak / MEGABYTE
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// JSON of about this size that costs most as a tree: an array of small objects.
pub fn tree(bytes: usize) -> String {
    let unit = r#"{"":{"":0}},"#;
    format!("[{}0]", unit.repeat(bytes / unit.len()))
}

/// JSON of about this size that is one thing inside another.
pub fn chain(bytes: usize) -> String {
    let depth = bytes / 6;
    format!("{}0{}", r#"{"":"#.repeat(depth), "}".repeat(depth))
}

/// Most that fits into an event in base64.
const LARGE: usize = 4_700_000;

fn posted(dialect: Dialect, body: &str) -> Event {
    Event::new("POST", dialect.path()).base64(body.as_bytes())
}

fn with_member(name: &str, value: &str) -> String {
    format!(r#"{{"messages":[{{"content":"PRIVATE"}}],"stream":true,"{name}":{value}}}"#)
}

#[tokio::test]
async fn a_large_option_is_passed_on_as_it_came() {
    for bytes in [1_000_000, LARGE] {
        let bounded = Bounded::start(Setup::new()).await;
        let options = format!(r#"{{"a":{}}}"#, tree(bytes - 200));
        let body = with_member("stream_options", &options);
        let response = bounded.ask("stream_options", posted(Dialect::V1, &body)).await;
        response.completed();
        let sent = bounded.world.gateway.request(0).await.body;
        let options: Value = serde_json::from_str(&options).unwrap();
        assert!(sent["stream_options"] == options, "not what was given");
        bounded.world.is_healthy().await;
    }
}

/// Each is passed on, dropped or refused: the memory counts.
#[tokio::test]
async fn a_large_member_of_a_request() {
    let options =
        ["tools", "response_format", "logit_bias", "stop", "tool_choice"].map(|name| (name, Dialect::V1));
    let read = ["model", "x"].into_iter().flat_map(|name| BOTH.map(|dialect| (name, dialect)));
    for (name, dialect) in options.into_iter().chain(read) {
        let bounded = Bounded::start(Setup::new()).await;
        for value in [format!(r#"{{"a":{}}}"#, tree(LARGE - 200)), chain(LARGE - 200)] {
            let response = bounded.ask(name, posted(dialect, &with_member(name, &value))).await;
            assert!([200, 422].contains(&response.status), "{name}: {}", response.text());
        }
        bounded.world.is_healthy().await;
    }
}

#[tokio::test]
async fn a_large_member_of_a_message() {
    let value = tree(LARGE - 300);
    let image = |more: &str| format!(r#"{{"role":"user","content":[{{"type":"image_url",{more}}}]}}"#);
    let messages = [
        format!(r#"{{"role":"assistant","tool_calls":{value}}}"#),
        format!(r#"{{"role":"user","content":"x","name":{value}}}"#),
        format!(r#"{{"role":"user","content":"x","x":{value}}}"#),
        format!(r#"{{"role":"user","content":{value}}}"#),
        format!(r#"{{"role":{value},"content":"x"}}"#),
        format!(
            r#"{{"author":{{"role":"user","x":{value}}},"content":{{"content_type":"text","parts":["x"]}}}}"#
        ),
        format!(r#"{{"author":{{"role":"user"}},"content":{{"content_type":"text","parts":{value}}}}}"#),
        format!(r#"{{"author":{{"role":"user"}},"content":{{"parts":["x"],"x":{value}}}}}"#),
        image(&format!(r#""image_url":{{"url":"https://example.com/x.png","x":{value}}}"#)),
        image(&format!(r#""image_url":{{"url":"https://example.com/x.png"}},"x":{value}"#)),
        image(&format!(r#""image_url":{value}"#)),
    ];
    for message in messages {
        let bounded = Bounded::start(Setup::new()).await;
        for dialect in BOTH {
            let body = format!(r#"{{"messages":[{message}],"stream":true}}"#);
            let name = &message[..message.len().min(120)];
            let response = bounded.ask(name, posted(dialect, &body)).await;
            assert!([200, 422].contains(&response.status), "{name}: {}", response.text());
        }
        bounded.world.is_healthy().await;
    }
}

#[tokio::test]
async fn a_large_member_of_an_event() {
    let value: Value = serde_json::from_str(&tree(5_000_000)).unwrap();
    let bounded = Bounded::start(Setup::new()).await;
    for (at, name) in [("", "x"), ("/requestContext", "x"), ("/requestContext", "authorizer")] {
        let mut event = Dialect::Conversations.ask();
        event.json.pointer_mut(at).unwrap()[name] = json!({"lambda": {"a": value}});
        let response = bounded.ask(&format!("{at}/{name}"), event).await;
        response.completed();
    }
    let response = bounded.ask("no request at all", Event::raw(json!({"Records": value}))).await;
    assert!(response.status >= 400, "{}", response.text());
    bounded.world.is_healthy().await;
}
