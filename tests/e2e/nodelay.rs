//! Nagle's algorithm must stay off on the connection to the Runtime API. The option cannot be read
//! from outside, but its absence can be seen: while the reader's kernel delays acknowledgements
//! (about 40 ms, which a buffer that is only peeked at brings about), Nagle holds back every small
//! write until the one before it is acknowledged. Events sent 5 ms apart then take 20 ms in the median;
//! without Nagle they take less than 1 ms. `detects_a_socket_with_nagle` shows that on this kernel.

use crate::support::answer::Answer;
use crate::support::event::Dialect;
use crate::support::invocation::Treatment;
use crate::support::patience::within;
use crate::support::payload::{finish, token};
use crate::support::world::World;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

const EVENTS: usize = 60;
const MARK: &[u8] = b"\"content\":";
const BOUND: Duration = Duration::from_millis(8);

/// The median of the times from sending an event to its first being seen.
fn median(sent: &[Instant], seen: &[(Instant, Vec<u8>)]) -> Duration {
    let count = |bytes: &[u8]| bytes.windows(MARK.len()).filter(|part| part == &MARK).count();
    let counts: Vec<_> = seen.iter().map(|(at, bytes)| (*at, count(bytes))).collect();
    let arrival = |number: usize| counts.iter().find(|(_, count)| *count > number).map(|(at, _)| *at);
    let took =
        sent.iter().enumerate().map(|(number, at)| arrival(number).unwrap().saturating_duration_since(*at));
    let mut took: Vec<_> = took.collect();
    took.sort();
    took[took.len() / 2]
}

#[tokio::test]
async fn small_writes_are_not_held_back() {
    let world = World::start().await;
    let (script, live) = Answer::stream().live();
    world.gateway.next(script);
    let call = world.api.invoke(Dialect::Conversations.ask(), Treatment::Peek);
    world.gateway.request(0).await;
    let mut sent = Vec::new();
    for number in 0..EVENTS {
        tokio::time::sleep(Duration::from_millis(5)).await;
        sent.push(Instant::now());
        live.event(&token(&format!("PRIVATE {number}")));
    }
    let all_there = async {
        let last = format!("PRIVATE {}", EVENTS - 1);
        let there = |(_, bytes): &(Instant, Vec<u8>)| String::from_utf8_lossy(bytes).contains(&last);
        while !call.peeks.lock().unwrap().last().is_some_and(there) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    within("the last event in the receive buffer", all_there).await;
    let median = median(&sent, &call.peeks.lock().unwrap());
    call.release.notify_one();
    live.event(&finish());
    live.end();
    call.finish().await.completed();
    assert!(median < BOUND, "the median event took {median:?}");
}

#[tokio::test]
async fn detects_a_socket_with_nagle() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut writer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (reader, _) = listener.accept().await.unwrap();
    let event = format!("data: {}\n\n", token("PRIVATE"));
    let expected = event.len() * EVENTS;
    let peeking = tokio::spawn(async move {
        let mut buffer = vec![0; 1 << 20];
        let mut seen: Vec<(Instant, Vec<u8>)> = Vec::new();
        while seen.last().is_none_or(|(_, bytes)| bytes.len() < expected) {
            let length = reader.peek(&mut buffer).await.unwrap();
            seen.push((Instant::now(), buffer[..length].to_vec()));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        seen
    });
    let mut sent = Vec::new();
    for _ in 0..EVENTS {
        tokio::time::sleep(Duration::from_millis(5)).await;
        sent.push(Instant::now());
        writer.write_all(event.as_bytes()).await.unwrap();
    }
    let seen = within("the last event in the receive buffer", peeking).await.unwrap();
    let median = median(&sent, &seen);
    assert!(median > BOUND, "this kernel does not show Nagle: the median event took {median:?}");
}
