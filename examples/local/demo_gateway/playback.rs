//! A body that plays prepared steps: bytes, pauses, and a connection that breaks in the middle.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::time::Sleep;

/// One thing that the gateway does on the wire.
pub enum Step {
    /// These bytes, as one HTTP chunk.
    Send(Bytes),
    /// Nothing for so long.
    Wait(Duration),
    /// The connection is torn down without an end.
    Break,
}

/// The steps of one answer, played as they are asked for.
pub struct Playback {
    steps: VecDeque<Step>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Playback {
    /// A body that will play these steps in order.
    pub fn new(steps: Vec<Step>) -> Self {
        Self { steps: steps.into(), pause: None }
    }
}

impl Body for Playback {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                if pause.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                self.pause = None;
            }
            match self.steps.pop_front() {
                Some(Step::Send(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Step::Wait(time)) => self.pause = Some(Box::pin(tokio::time::sleep(time))),
                Some(Step::Break) => {
                    return Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}
