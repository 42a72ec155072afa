#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails, and one panics on purpose"
)]

use super::*;
use crate::{
    dialect::{AnswerId, Dialect},
    failure::Kind,
    relay::Times,
};
use http_body::{Body, Frame};
use std::{collections::VecDeque, time::Duration};

const TOKEN: &str = "data: {\"choices\":[{\"finish_reason\":null}]}\n\n";
const LAST: &str = "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n";

/// A gateway's body that does as it is told, and says when it is let go.
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

fn relay() -> Relay {
    let now = Instant::now();
    let answer = AnswerId { id: "i".into(), created: 1, model: "m".into() };
    let times = Times {
        keep_alive: Duration::from_secs(15),
        idle: Duration::from_secs(20),
        deadline: now + Duration::from_secs(100),
    };
    Relay::new(Dialect::OpenAi, answer, 1, times, now)
}

fn stream(steps: Vec<Step>) -> (StreamBody, tokio::sync::oneshot::Receiver<()>) {
    let (_guard, dropped) = tokio::sync::oneshot::channel();
    let upstream = Upstream::new(Script { steps: steps.into(), _guard });
    let mut relay = relay();
    relay.answered("m", Instant::now());
    (StreamBody::new(relay, Source::Open(upstream), Record::new("r", false)), dropped)
}

/// All writes, when each is long enough after the one before to be no burst.
async fn writes(body: &mut StreamBody) -> Vec<String> {
    let mut writes = Vec::new();
    while let Some(write) = next_write(body).await {
        writes.push(write);
        tokio::time::advance(BURST).await;
    }
    writes
}

async fn next_write(body: &mut StreamBody) -> Option<String> {
    let write = std::future::poll_fn(|cx| body.poll_write(cx)).await?;
    Some(String::from_utf8(write.to_vec()).unwrap())
}

fn bytes(text: &str) -> Step {
    Step::Bytes(text.to_owned())
}

#[tokio::test(start_paused = true)]
async fn events_leave_when_they_are_complete_and_share_a_write_when_they_came_together() {
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
async fn a_burst_shares_writes_and_waits_for_nothing() {
    let mut steps: Vec<_> = (0..500).map(|_| bytes(TOKEN)).collect();
    steps.push(Step::Hang);
    let (mut body, _) = stream(steps);
    let started = Instant::now();
    assert_eq!(next_write(&mut body).await.unwrap(), TOKEN, "the first never waits");
    let full = next_write(&mut body).await.unwrap();
    assert!((BURST_BYTES..BURST_BYTES + TOKEN.len()).contains(&full.len()), "{}", full.len());
    let rest = next_write(&mut body).await.unwrap();
    assert_eq!(1 + (full.len() + rest.len()) / TOKEN.len(), 500);
    assert_eq!(started.elapsed(), Duration::ZERO, "the clock moves only when all wait");
}

#[tokio::test(start_paused = true)]
async fn ends() {
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
        assert!(std::future::poll_fn(|cx| body.poll_write(cx)).await.is_none(), "the end is the end");
        drop(body);
        assert!(dropped.await.is_err(), "the gateway is let go");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_filled_with_comments() {
    let (mut body, _) = stream(vec![bytes(TOKEN), Step::Hang]);
    let writes = writes(&mut body).await;
    assert_eq!(writes[..2], [TOKEN, ": keep-alive\n\n"]);
    assert_eq!(writes.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_answers_late_is_waited_for_behind_comments() {
    let (_guard, _dropped) = tokio::sync::oneshot::channel();
    let script = Script { steps: vec![bytes(LAST)].into(), _guard };
    let opening: Opening = Box::pin(async move {
        tokio::time::sleep(Duration::from_secs(40)).await;
        let upstream = Upstream::new(script);
        Ok(Opened { headers: http::HeaderMap::new(), model: "m".into(), upstream })
    });
    let mut body = StreamBody::new(relay(), Source::Opening(opening), Record::new("r", false));
    let comment = ": keep-alive\n\n";
    assert_eq!(writes(&mut body).await, [comment, comment, LAST, "data: [DONE]\n\n"]);

    let opening: Opening = Box::pin(async { Err(Kind::RateLimited.into()) });
    let mut body = StreamBody::new(relay(), Source::Opening(opening), Record::new("r", false));
    let writes = writes(&mut body).await;
    assert!(writes.len() == 1 && writes[0].contains(r#""code":"rate_limited""#), "{writes:?}");
}

#[tokio::test]
async fn a_dropped_stream_lets_the_gateway_go() {
    let (mut body, dropped) = stream(vec![bytes(TOKEN), Step::Hang]);
    assert!(std::future::poll_fn(|cx| body.poll_write(cx)).await.is_some());
    drop(body);
    assert!(dropped.await.is_err(), "the sender went with the body");
}
