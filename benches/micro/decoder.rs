//! The decoder on one answer, cut in different ways.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use gptdock::sse::Decoder;

const EVENTS: usize = 512;

fn answer() -> Vec<String> {
    let words = [" The", " component", " is", " rendered", " état", " 変わる", ".\\n\\n"];
    let event = |word: &&str| {
        format!(
            "data: {{\"id\":\"chatcmpl-9XyZabcdEFGH\",\"object\":\"chat.completion.chunk\",\"created\":1795305600,\
            \"model\":\"gpt-3.5-turbo-0125\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{word}\"}},\
            \"logprobs\":null,\"finish_reason\":null}}]}}\n\n"
        )
    };
    words.iter().cycle().take(EVENTS).map(event).collect()
}

/// As a gateway sends token by token, and in a hurry.
#[divan::bench(args = [1, 16])]
fn events_in_a_read(bencher: Bencher<'_, '_>, events: usize) {
    decode(bencher, &answer().chunks(events).map(|events| events.concat().into_bytes()).collect::<Vec<_>>());
}

/// Wherever they end.
#[divan::bench(args = [128, 1460])]
fn bytes_in_a_read(bencher: Bencher<'_, '_>, bytes: usize) {
    decode(bencher, &answer().concat().as_bytes().chunks(bytes).map(<[u8]>::to_vec).collect::<Vec<_>>());
}

fn decode(bencher: Bencher<'_, '_>, pieces: &[Vec<u8>]) {
    let length: usize = pieces.iter().map(Vec::len).sum();
    bencher.counter(BytesCount::new(length)).counter(ItemsCount::new(EVENTS)).bench(|| {
        let (mut decoder, mut events) = (Decoder::default(), 0);
        for piece in pieces {
            let mut piece = &piece[..];
            while let Some(payload) = decoder.next(&mut piece).unwrap() {
                black_box(payload);
                events += 1;
            }
        }
        assert_eq!(events, EVENTS);
    });
}
