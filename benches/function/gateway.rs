//! The gateway: answers each conversation with numbered events, at its pace.

use crate::clock::now;
use crate::run::Run;
use crate::scanner::mark;
use crate::wire::Wire;
use crate::world::World;
use memchr::memmem;
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How many events share a write when there is no pace: what a busy gateway's socket takes at once.
const EVENTS_IN_A_WRITE: usize = 16;
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
    transfer-encoding: chunked\r\n\r\n";

pub fn serve(world: &World, wire: &mut Wire) -> io::Result<()> {
    while let Some(head) = wire.head()? {
        let asked = now();
        let body = wire.whole_body(&head)?;
        match conversation(&body).and_then(|number| world.find(number)) {
            Some(run) => {
                run.asked.set(asked);
                answer(wire, &run)?;
            }
            None => wire.reply("404 Not Found", "", "")?,
        }
    }
    Ok(())
}

/// What a question says so that the gateway knows its conversation.
pub fn question(number: usize) -> String {
    format!("conversation-{number:07}: what is a component, and when is it rendered again?")
}

fn conversation(body: &[u8]) -> Option<usize> {
    let name = b"conversation-";
    let at = memmem::find(body, name)? + name.len();
    std::str::from_utf8(body.get(at..at + 7)?).ok()?.parse().ok()
}

fn answer(wire: &mut Wire, run: &Run) -> io::Result<()> {
    if run.plan.gap.is_zero() {
        let writes = writes(run.plan.chunks);
        wire.send(HEAD)?;
        for (write, first) in writes.iter().zip((0..).step_by(EVENTS_IN_A_WRITE)) {
            run.sent[first].set(now());
            wire.send(write)?;
        }
    } else {
        wire.send(HEAD)?;
        let start = next_beat();
        for (number, sent) in (0..).zip(&run.sent) {
            let event = event(number as usize);
            sleep((start + run.plan.gap * number).saturating_duration_since(Instant::now()));
            sent.set(now());
            wire.send(&event)?;
        }
    }
    wire.send(&end())
}

/// The next whole millisecond. Answers that begin in the same one go on together, event by event: many streams then
/// come in bursts, which is harder than a steady trickle.
fn next_beat() -> Instant {
    const BEAT: u64 = 1_000_000;
    Instant::now() + Duration::from_nanos(BEAT - now() % BEAT)
}

fn writes(chunks: usize) -> Vec<Vec<u8>> {
    let numbers: Vec<usize> = (0..chunks).collect();
    numbers
        .chunks(EVENTS_IN_A_WRITE)
        .map(|some| some.iter().flat_map(|number| event(*number)).collect())
        .collect()
}

/// One event as a chunk of its own, the size of a token's.
fn event(number: usize) -> Vec<u8> {
    delta(&format!(r#"{{"content":" {}"}}"#, mark(number)), "null")
}

fn delta(delta: &str, finish_reason: &str) -> Vec<u8> {
    chunk(&format!(
        "data: {{\"id\":\"chatcmpl-9XyZabcdEFGH\",\"object\":\"chat.completion.chunk\",\"created\":1795305600,\
        \"model\":\"gpt-3.5-turbo-0125\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\
        \"finish_reason\":{finish_reason}}}]}}\n\n"
    ))
}

fn end() -> Vec<u8> {
    [delta("{}", "\"stop\""), chunk("data: [DONE]\n\n"), chunk("")].concat()
}

fn chunk(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}
