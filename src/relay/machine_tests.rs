#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use crate::sse::{Decoder, MAX_EVENT_BYTES};
use proptest::prelude::*;

const TOKEN: &str = r#"{"id":"chatcmpl-7","created":9,"model":"m-1","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}"#;
const LAST: &str = r#"{"id":"chatcmpl-7","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;

struct Stream {
    relay: Relay,
    now: Instant,
    out: BytesMut,
}

impl Stream {
    fn new(dialect: Dialect, choices: u32) -> Self {
        let now = Instant::now();
        let answer = AnswerId { id: "chatcmpl-own".into(), created: 1, model: "asked".into() };
        let times = Times {
            keep_alive: Duration::from_secs(15),
            idle: Duration::from_secs(60),
            deadline: now + Duration::from_secs(100),
        };
        Self { relay: Relay::new(dialect, answer, choices, times, now), now, out: BytesMut::new() }
    }

    fn answering() -> Self {
        let mut stream = Self::new(Dialect::Web, 1);
        stream.relay.answered("m-0", stream.now);
        stream
    }

    fn event(&mut self, payload: &str) -> String {
        self.relay.heard(self.now);
        self.relay.event(payload.as_bytes(), self.now, &mut self.out);
        self.written()
    }

    fn stop(&mut self, why: Stop) -> String {
        self.relay.stop(why, &mut self.out);
        self.written()
    }

    /// Lets time pass until the next wake, and wakes.
    fn wake(&mut self) -> (u64, String) {
        let due = self.relay.next_wake();
        let waited = (due - self.now).as_secs();
        self.now = due;
        self.relay.wake(due, &mut self.out);
        (waited, self.written())
    }

    fn written(&mut self) -> String {
        String::from_utf8(self.out.split().to_vec()).unwrap()
    }
}

fn error_of(written: &str) -> serde_json::Value {
    serde_json::from_str(written.strip_prefix("data: ").unwrap().strip_suffix("\n\n").unwrap()).unwrap()
}

#[test]
fn a_whole_answer() {
    let mut stream = Stream::answering();
    assert_eq!(stream.event(TOKEN), format!("data: {TOKEN}\n\n"));
    assert_eq!(stream.event(LAST), format!("data: {LAST}\n\n"));
    assert_eq!(stream.event("[DONE]"), "data: [DONE]\n\n");
    assert_eq!(stream.relay.ending(), Some(&Ending::Complete));
    for late in [stream.event(TOKEN), stream.event("[DONE]"), stream.stop(Stop::BodyEnded), stream.wake().1] {
        assert_eq!(late, "", "nothing follows the end");
    }
}

#[test]
fn once_finished_every_quiet_end_is_whole() {
    for why in [Stop::BodyEnded, Stop::Silence, Stop::Deadline] {
        let mut stream = Stream::answering();
        stream.event(LAST);
        assert_eq!(stream.stop(why), "data: [DONE]\n\n", "{why:?}");
    }
    let mut stream = Stream::new(Dialect::OpenAi, 2);
    stream.event(LAST);
    assert!(stream.stop(Stop::BodyEnded).contains("gateway_error"), "one of two choices is not all");
}

#[test]
fn unfinished_every_end_is_an_error_that_names_the_answer() {
    for (why, code) in [
        (Stop::BodyEnded, "gateway_error"),
        (Stop::Silence, "gateway_timeout"),
        (Stop::Deadline, "deadline"),
        (Stop::TooLong, "gateway_error"),
        (Stop::Panic, "internal"),
    ] {
        let mut stream = Stream::answering();
        stream.event(TOKEN);
        let error = error_of(&stream.stop(why));
        assert_eq!(error["error"]["code"], code);
        assert_eq!(
            (&error["id"], &error["created"], &error["model"]),
            (&"chatcmpl-7".into(), &9.into(), &"m-1".into())
        );
        assert!(
            error["choices"][0]["delta"]["content"]
                .as_str()
                .unwrap()
                .starts_with("\n\n*The answer stopped early: ")
        );
        assert_eq!(stream.stop(Stop::BodyEnded), "", "one end only");
    }
}

#[test]
fn events_that_end_the_stream() {
    for (payload, code) in [
        ("oops", "gateway_error"),
        (r#"{"choices":[{"delta":"#, "gateway_error"),
        (r#"{"error":{"message":"x","code":"rate_limit_exceeded"}}"#, "rate_limit_exceeded"),
        (r#"{"error":{"message":"x","code":"content_filter"}}"#, "content_filter"),
        (r#"{"error":{"message":"secret stack","code":500}}"#, "gateway_error"),
    ] {
        let mut stream = Stream::answering();
        stream.event(TOKEN);
        let written = stream.event(payload);
        assert_eq!(error_of(&written)["error"]["code"], code, "{payload}");
        assert!(!written.contains("secret stack"));
    }
    let mut stream = Stream::new(Dialect::OpenAi, 1);
    stream.event(LAST);
    let error = error_of(&stream.event("oops"));
    assert_eq!(
        (&error["choices"][0]["delta"], &error["error"]["code"]),
        (&serde_json::json!({}), &"gateway_error".into())
    );
}

#[test]
fn the_clock() {
    let mut stream = Stream::new(Dialect::Web, 1);
    for _ in 0..6 {
        assert_eq!(
            stream.wake(),
            (15, ": keep-alive\n\n".to_owned()),
            "nobody answers yet: no idle time-out"
        );
    }
    let (waited, written) = stream.wake();
    assert_eq!((waited, &error_of(&written)["error"]["code"]), (10, &"deadline".into()));

    let mut stream = Stream::answering();
    stream.event(TOKEN);
    let waits: Vec<(u64, String)> = (0..4).map(|_| stream.wake()).collect();
    assert!(waits[..3].iter().all(|wake| *wake == (15, ": keep-alive\n\n".to_owned())), "{waits:?}");
    assert_eq!((waits[3].0, &error_of(&waits[3].1)["error"]["code"]), (15, &"gateway_timeout".into()));

    let mut stream = Stream::answering();
    stream.wake();
    stream.relay.heard(stream.now); // a comment of the gateway's: not silent, but nothing to write either
    assert_eq!(stream.relay.next_wake(), stream.now + Duration::from_secs(15));
}

#[test]
fn events_that_never_pause_do_not_outrun_the_deadline() {
    let mut stream = Stream::answering();
    stream.now += Duration::from_secs(99);
    assert_eq!(stream.event(TOKEN), format!("data: {TOKEN}\n\n"));
    stream.now += Duration::from_secs(1);
    assert_eq!(error_of(&stream.event(TOKEN))["error"]["code"], "deadline");
}

proptest! {
    /// Whatever the gateway sends, in whatever pieces: what is written is UTF-8, consists of whole events, and has
    /// exactly one end.
    #[test]
    fn any_bytes_at_all(
        pieces in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            Just(format!("data: {TOKEN}\n\n").into_bytes()),
            Just(format!("data: {LAST}\r\n\r\n").into_bytes()),
            Just(b"data: [DONE]\n\n".to_vec()),
            Just(b"data: ".to_vec()),
            Just(b"\n\n".to_vec()),
        ], 0..12),
        why in prop_oneof![Just(Stop::BodyEnded), Just(Stop::Silence), Just(Stop::Deadline), Just(Stop::Panic)],
    ) {
        let (mut stream, mut decoder, mut written) = (Stream::answering(), Decoder::default(), String::new());
        for piece in &pieces {
            let mut input = &piece[..];
            while let Some(payload) = decoder.next(&mut input).unwrap() {
                stream.relay.event(payload, stream.now, &mut stream.out);
                let write = stream.written();
                prop_assert!(write.is_empty() || write.ends_with("\n\n"));
                written += &write;
            }
        }
        written += &stream.stop(why);
        let is_end = |event: &&str| *event == "data: [DONE]" || event.contains(r#""finish_reason":"error""#);
        prop_assert_eq!(written.split_terminator("\n\n").filter(is_end).count(), 1);
        prop_assert!(written.split_terminator("\n\n").last().as_ref().is_some_and(is_end));
        prop_assert!(written.len() < MAX_EVENT_BYTES);
    }
}
