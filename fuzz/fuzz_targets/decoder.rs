//! Any bytes, cut anywhere, through the decoder and the judge.
//!
//! The modules are taken in by their files: the whole crate, built for fuzzing, would cost ten minutes of AWS SDK
//! for code that is not fuzzed.
#![no_main]

#[allow(dead_code)]
#[path = "../../src/sse/decoder.rs"]
mod decoder;
#[allow(dead_code)]
#[path = "../../src/sse/judge.rs"]
mod remembering;
#[allow(dead_code)]
#[path = "../../src/sse/verdict.rs"]
mod verdict;

use decoder::{Decoder, EventTooLong, MAX_EVENT_BYTES};
use libfuzzer_sys::fuzz_target;
use remembering::Judge;
use verdict::{Verdict, judge};

/// What `verdict` finds in its parent module.
const DONE: &[u8] = b"[DONE]";

fn decode(pieces: &mut dyn Iterator<Item = &[u8]>) -> Result<Vec<Vec<u8>>, EventTooLong> {
    let (mut decoder, mut events) = (Decoder::default(), Vec::new());
    for mut piece in pieces {
        while let Some(payload) = decoder.next(&mut piece)? {
            events.push(payload.to_vec());
        }
        assert!(piece.is_empty(), "all that came is taken");
    }
    events.extend(decoder.finish().map(<[u8]>::to_vec));
    Ok(events)
}

fuzz_target!(|input: (Vec<u8>, u8)| {
    let (stream, size) = input;
    let whole = decode(&mut std::iter::once(&stream[..]));
    let pieces = decode(&mut stream.chunks(usize::from(size).max(1)));
    assert_eq!(whole, pieces, "the cuts don't matter");
    let mut remembering = Judge::default();
    for payload in whole.into_iter().flatten() {
        assert!(!payload.trim_ascii().is_empty() && payload.len() <= MAX_EVENT_BYTES);
        assert!(!payload.contains(&b'\n') && !payload.contains(&b'\r'), "an event stays one line");
        assert_eq!(remembering.judge(&payload), judge(&payload), "what came before changes no verdict");
        if judge(&payload) != Verdict::Malformed {
            assert!(std::str::from_utf8(&payload).is_ok(), "only text is passed on");
        }
    }
});
