#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails, and one panics on purpose"
)]

use super::*;
use crate::{
    api_format::{AnswerId, ApiFormat},
    error::ApiErrorKind,
    stream::StreamLimits,
};
use http_body_util::BodyExt;
use std::{collections::VecDeque, time::Duration};

const TOKEN: &str = "data: {\"choices\":[{\"finish_reason\":null}]}\n\n";
const LAST: &str = "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n";

/// A gateway's body with a script, which signals when it is dropped.
struct Script {
    steps: VecDeque<Step>,
    _guard: tokio::sync::oneshot::Sender<()>,
}

enum Step {
    Bytes(String),
    Cut,
    Hang,
    Panic,
}

impl Body for Script {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.steps.pop_front() {
            Some(Step::Bytes(bytes)) => Poll::Ready(Some(Ok(Frame::data(bytes.into())))),
            Some(Step::Cut) => Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into()))),
            Some(Step::Panic) => panic!("on purpose"),
            Some(Step::Hang) => {
                self.steps.push_front(Step::Hang);
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }
}

fn state() -> StreamState {
    let now = Instant::now();
    let answer = AnswerId { id: "i".into(), created: 1, model: "m".into() };
    let limits = StreamLimits {
        keep_alive: Duration::from_secs(15),
        idle: Duration::from_secs(20),
        deadline: now + Duration::from_secs(100),
    };
    StreamState::new(ApiFormat::OpenAi, answer, 1, limits, now)
}

fn stream(steps: Vec<Step>) -> (StreamBody, tokio::sync::oneshot::Receiver<()>) {
    let (_guard, dropped) = tokio::sync::oneshot::channel();
    let events = UpstreamEvents::new(Script { steps: steps.into(), _guard });
    let mut state = state();
    state.answered("m", Instant::now());
    (StreamBody::new(state, Source::Open(events), RequestLog::new("r", None, false)), dropped)
}

/// All writes, each long enough after the one before to be no burst.
async fn writes(body: &mut StreamBody) -> Vec<String> {
    let mut writes = Vec::new();
    while let Some(write) = next_write(body).await {
        writes.push(write);
        tokio::time::advance(BURST).await;
    }
    writes
}

async fn next_write(body: &mut StreamBody) -> Option<String> {
    let write = body.frame().await?.unwrap().into_data().unwrap();
    Some(String::from_utf8(write.to_vec()).unwrap())
}

fn bytes(text: &str) -> Step {
    Step::Bytes(text.to_owned())
}

#[tokio::test(start_paused = true)]
async fn passes_on_complete_events_and_joins_those_that_arrived_together() {
    let (first, rest) = TOKEN.split_at(9);
    let (mut body, _) = stream(vec![
        bytes(TOKEN),
        bytes(first),
        bytes(rest),
        bytes(&format!("{TOKEN}{TOKEN}{first}")),
        bytes(rest),
        bytes(&format!("{LAST}data: [DONE]\n\n{TOKEN}")),
    ]);
    let two = format!("{TOKEN}{TOKEN}");
    let end = format!("{LAST}data: [DONE]\n\n");
    assert_eq!(writes(&mut body).await, [TOKEN, TOKEN, &two, TOKEN, &end]);
}

#[tokio::test(start_paused = true)]
async fn joins_a_burst_without_waiting() {
    let mut steps: Vec<_> = (0..500).map(|_| bytes(TOKEN)).collect();
    steps.push(Step::Hang);
    let (mut body, _) = stream(steps);
    let started = Instant::now();
    assert_eq!(next_write(&mut body).await.unwrap(), TOKEN, "the first event waits");
    let full = next_write(&mut body).await.unwrap();
    assert!((BURST_BYTES..BURST_BYTES + TOKEN.len()).contains(&full.len()), "{}", full.len());
    let rest = next_write(&mut body).await.unwrap();
    assert_eq!(1 + (full.len() + rest.len()) / TOKEN.len(), 500);
    assert_eq!(started.elapsed(), Duration::ZERO, "the clock moves only when everything waits");
}

#[tokio::test(start_paused = true)]
async fn has_one_end() {
    let done = "data: [DONE]\n\n".to_owned();
    for (steps, ending) in [
        (vec![bytes(LAST)], Ok(())),
        (vec![bytes(LAST), Step::Cut], Ok(())),
        (vec![bytes(LAST), Step::Hang], Ok(())),
        (vec![bytes(LAST.trim_end())], Ok(())),
        (vec![bytes(TOKEN), bytes("data: [DONE]")], Ok(())),
        (vec![bytes(TOKEN)], Err("gateway_error")),
        (vec![bytes(TOKEN), Step::Cut], Err("gateway_error")),
        (vec![bytes(TOKEN), bytes(&LAST[..20])], Err("gateway_error")),
        (vec![bytes(TOKEN), Step::Hang], Err("gateway_timeout")),
        (vec![bytes(TOKEN), bytes("data: {]\n\n"), bytes(LAST)], Err("gateway_error")),
        (vec![bytes(TOKEN), bytes(&format!("data: {}", "x".repeat(3 << 20)))], Err("gateway_error")),
        (vec![bytes(TOKEN), Step::Panic], Err("internal")),
    ] {
        let (mut body, dropped) = stream(steps);
        let last = writes(&mut body).await.pop().unwrap();
        match ending {
            Ok(()) => assert!(last.ends_with(&done), "{last}"),
            Err(code) => assert!(last.contains(&format!(r#""code":"{code}""#)), "{code} {last}"),
        }
        assert!(body.frame().await.is_none(), "the end is the end");
        drop(body);
        assert!(dropped.await.is_err(), "the gateway's body is dropped");
    }
}

#[tokio::test(start_paused = true)]
async fn fills_silence_with_comments() {
    let (mut body, _) = stream(vec![bytes(TOKEN), Step::Hang]);
    let writes = writes(&mut body).await;
    assert_eq!(writes[..2], [TOKEN, ": keep-alive\n\n"]);
    assert_eq!(writes.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn waits_for_a_late_answer_behind_comments() {
    let (_guard, _dropped) = tokio::sync::oneshot::channel();
    let script = Script { steps: vec![bytes(LAST)].into(), _guard };
    let opening: Opening = Box::pin(async move {
        tokio::time::sleep(Duration::from_secs(40)).await;
        let events = UpstreamEvents::new(script);
        Ok(OpenAnswer { headers: http::HeaderMap::new(), model: "m".into(), events })
    });
    let mut body = StreamBody::new(state(), Source::Opening(opening), RequestLog::new("r", None, false));
    let comment = ": keep-alive\n\n";
    assert_eq!(writes(&mut body).await, [comment, comment, LAST, "data: [DONE]\n\n"]);

    let opening: Opening = Box::pin(async { Err(ApiErrorKind::RateLimited.into()) });
    let mut body = StreamBody::new(state(), Source::Opening(opening), RequestLog::new("r", None, false));
    let writes = writes(&mut body).await;
    assert!(writes.len() == 1 && writes[0].contains(r#""code":"rate_limited""#), "{writes:?}");
}

#[tokio::test]
async fn a_dropped_stream_closes_the_gateway_connection() {
    let (mut body, dropped) = stream(vec![bytes(TOKEN), Step::Hang]);
    assert!(body.frame().await.is_some());
    drop(body);
    assert!(dropped.await.is_err(), "the sender went with the body");
}
