#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use crate::sse::{Decoder, MAX_EVENT_BYTES, classify};
use proptest::prelude::*;

const TOKEN: &str = r#"{"id":"chatcmpl-7","created":9,"model":"m-1","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}"#;
const LAST: &str = r#"{"id":"chatcmpl-7","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;

struct Stream {
    state: StreamState,
    now: Instant,
    out: BytesMut,
}

impl Stream {
    fn new(format: ApiFormat, choices: u32) -> Self {
        let now = Instant::now();
        let answer = AnswerId { id: "chatcmpl-own".into(), created: 1, model: "asked".into() };
        let limits = StreamLimits {
            keep_alive: Duration::from_secs(15),
            idle: Duration::from_secs(60),
            deadline: now + Duration::from_secs(100),
        };
        Self { state: StreamState::new(format, answer, choices, limits, now), now, out: BytesMut::new() }
    }

    fn answering() -> Self {
        let mut stream = Self::new(ApiFormat::ChatGptWeb, 1);
        stream.state.answered("m-0", stream.now);
        stream
    }

    fn event(&mut self, payload: &str) -> String {
        self.state.heard = Some(self.now);
        let payload = payload.as_bytes();
        self.state.event(payload, classify(payload), self.now, &mut self.out);
        self.written()
    }

    fn stop(&mut self, why: Stop) -> String {
        self.state.stop(why, &mut self.out);
        self.written()
    }

    /// Lets time pass until the next wake, and wakes.
    fn wake(&mut self) -> (u64, String) {
        let due = self.state.next_wake();
        let waited = (due - self.now).as_secs();
        self.now = due;
        self.state.wake(due, &mut self.out);
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
fn completes_an_answer() {
    let mut stream = Stream::answering();
    assert_eq!(stream.event(TOKEN), format!("data: {TOKEN}\n\n"));
    assert_eq!(stream.event(LAST), format!("data: {LAST}\n\n"));
    assert_eq!(stream.event("[DONE]"), "data: [DONE]\n\n");
    assert!(stream.state.has_ended() && stream.state.error().is_none());
    for late in [stream.event(TOKEN), stream.event("[DONE]"), stream.stop(Stop::BodyEnded), stream.wake().1] {
        assert_eq!(late, "", "nothing follows the end");
    }
}

#[test]
fn completes_a_finished_answer_however_it_ends() {
    for why in [Stop::BodyEnded, Stop::Silence, Stop::Deadline] {
        let mut stream = Stream::answering();
        stream.event(LAST);
        assert_eq!(stream.stop(why), "data: [DONE]\n\n", "{why:?}");
    }
    let mut stream = Stream::new(ApiFormat::OpenAi, 2);
    stream.event(LAST);
    assert!(stream.stop(Stop::BodyEnded).contains("gateway_error"), "one of two choices is not all");
}

#[test]
fn interrupts_an_unfinished_answer_and_names_it() {
    for (why, code) in [
        (Stop::BodyEnded, "gateway_error"),
        (Stop::Silence, "gateway_timeout"),
        (Stop::Deadline, "deadline"),
        (Stop::Unreadable, "gateway_error"),
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
fn interrupts_at_errors_and_malformed_events() {
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
    let mut stream = Stream::new(ApiFormat::OpenAi, 1);
    stream.event(LAST);
    let error = error_of(&stream.event("oops"));
    assert_eq!(
        (&error["choices"][0]["delta"], &error["error"]["code"]),
        (&serde_json::json!({}), &"gateway_error".into())
    );
}

#[test]
fn keeps_alive_and_times_out() {
    let mut stream = Stream::new(ApiFormat::ChatGptWeb, 1);
    for _ in 0..6 {
        assert_eq!(stream.wake(), (15, ": keep-alive\n\n".to_owned()), "no idle time-out before an answer");
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
    stream.state.heard = Some(stream.now); // a comment: heard, but not written
    assert_eq!(stream.state.next_wake(), stream.now + Duration::from_secs(15));
}

#[test]
fn ends_at_the_deadline_without_a_pause() {
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
    fn writes_whole_events_and_one_end_for_any_bytes(
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
                stream.state.event(payload, classify(payload), stream.now, &mut stream.out);
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

#[test]
fn counts_finished_choices_by_index() {
    let finish =
        |index| format!(r#"{{"choices":[{{"index":{index},"delta":{{}},"finish_reason":"stop"}}]}}"#);
    let mut stream = Stream::new(ApiFormat::OpenAi, 2);
    stream.event(&finish(0));
    stream.event(&finish(0));
    assert!(stream.stop(Stop::BodyEnded).contains("gateway_error"), "choice 1 never finished");
    let mut stream = Stream::new(ApiFormat::OpenAi, 128);
    for index in 0..128 {
        stream.event(&finish(index));
    }
    assert_eq!(stream.stop(Stop::BodyEnded), "data: [DONE]\n\n");
}

#[test]
fn names_the_answer_by_its_first_id_and_model() {
    let mut stream = Stream::answering();
    stream.event(r#"{"id":"","created":0,"model":"","choices":[]}"#);
    stream.event(TOKEN);
    stream.event(r#"{"id":"later","model":"later","choices":[]}"#);
    let error = error_of(&stream.stop(Stop::Silence));
    assert_eq!((&error["id"], &error["model"]), (&"chatcmpl-7".into(), &"m-1".into()));
}

#[test]
fn notes_a_cut_answer_before_its_end() {
    let last = r#"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"length"}]}"#;
    let mut stream = Stream::answering();
    stream.event(last);
    let end = stream.event("[DONE]");
    let (note, done) = end.split_once("\n\n").unwrap();
    assert!(
        note.contains(r#""id":"c""#) && note.contains("maximum length") && done == "data: [DONE]\n\n",
        "{end}"
    );
    let mut stream = Stream::new(ApiFormat::OpenAi, 1);
    stream.event(last);
    assert_eq!(stream.event("[DONE]"), "data: [DONE]\n\n");
}
