//! The same answer through this decoder and through two others, cut in the same ways.

use bytes::Bytes;
use divan::{Bencher, black_box, counter::BytesCount, counter::ItemsCount};
use eventsource_stream::Eventsource;
use futures_util::{FutureExt, StreamExt, stream};
use std::{convert::Infallible, fmt};

const EVENTS: usize = 512;

/// How an answer is cut into what is read at once.
#[derive(Clone, Copy)]
enum Cut {
    /// One event in each read: what a gateway sends token by token.
    Event,
    /// Sixteen events in each read: a gateway in a hurry.
    Burst,
    /// So many bytes, wherever they end.
    Bytes(usize),
}

const CUTS: [Cut; 4] = [Cut::Event, Cut::Burst, Cut::Bytes(128), Cut::Bytes(1460)];

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event => f.write_str("one event a read"),
            Self::Burst => f.write_str("16 events a read"),
            Self::Bytes(length) => write!(f, "{length} bytes a read"),
        }
    }
}

impl Cut {
    fn pieces(self) -> Vec<Bytes> {
        let answer = answer();
        let joined = |events: &[String]| Bytes::from(events.concat());
        match self {
            Self::Event => answer.chunks(1).map(joined).collect(),
            Self::Burst => answer.chunks(16).map(joined).collect(),
            Self::Bytes(length) => {
                answer.concat().as_bytes().chunks(length).map(Bytes::copy_from_slice).collect()
            }
        }
    }
}

fn answer() -> Vec<String> {
    let words =
        [" The", " component", " is", " rendered", " again", " when", " its", " état", " 変わる", ".\\n\\n"];
    let event = |word: &&str| {
        format!(
            "data: {{\"id\":\"chatcmpl-9XyZabcdEFGH\",\"object\":\"chat.completion.chunk\",\"created\":1795305600,\
            \"model\":\"gpt-3.5-turbo-0125\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{word}\"}},\
            \"logprobs\":null,\"finish_reason\":null}}]}}\n\n"
        )
    };
    words.iter().cycle().take(EVENTS).map(event).collect()
}

/// Runs `decode` over the pieces of one cut, and holds it to finding every event.
fn bench(bencher: Bencher<'_, '_>, cut: Cut, decode: impl Fn(Vec<Bytes>) -> usize + Sync) {
    let pieces = cut.pieces();
    assert_eq!(decode(pieces.clone()), EVENTS);
    let length: usize = pieces.iter().map(Bytes::len).sum();
    bencher
        .counter(BytesCount::new(length))
        .counter(ItemsCount::new(EVENTS))
        .with_inputs(|| pieces.clone())
        .bench_values(decode);
}

#[divan::bench(args = CUTS)]
fn gptdock(bencher: Bencher<'_, '_>, cut: Cut) {
    bench(bencher, cut, |pieces| {
        let (mut decoder, mut events) = (gptdock::sse::Decoder::default(), 0);
        for piece in &pieces {
            let mut piece = &piece[..];
            while let Some(payload) = decoder.next(&mut piece).unwrap() {
                black_box(payload);
                events += 1;
            }
        }
        events
    });
}

#[divan::bench(args = CUTS)]
fn sseer(bencher: Bencher<'_, '_>, cut: Cut) {
    bench(bencher, cut, |pieces| {
        let bytes = stream::iter(pieces.into_iter().map(Ok::<_, Infallible>));
        count(sseer::event_stream::EventStream::new(bytes))
    });
}

#[divan::bench(args = CUTS)]
fn eventsource_stream(bencher: Bencher<'_, '_>, cut: Cut) {
    bench(bencher, cut, |pieces| {
        count(stream::iter(pieces.into_iter().map(Ok::<_, Infallible>)).eventsource())
    })
}

/// Reads a stream that never waits to its end.
fn count<T, E: fmt::Debug>(events: impl stream::Stream<Item = Result<T, E>>) -> usize {
    let counted = events.fold(0, |count, event| {
        black_box(event.unwrap());
        std::future::ready(count + 1)
    });
    counted.now_or_never().unwrap()
}
