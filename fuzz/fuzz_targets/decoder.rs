//! Any bytes, cut anywhere, through the decoder and the classification of its events.
//!
//! The target includes the modules by their files. The whole crate would compile the AWS SDK for code that is not fuzzed.
#![no_main]

#[allow(dead_code)]
#[path = "../../src/sse/chunk.rs"]
mod chunk;
#[allow(dead_code)]
#[path = "../../src/sse/decoder.rs"]
mod decoder;
#[allow(dead_code)]
#[path = "../../src/json.rs"]
mod json;

use chunk::{ChunkKind, classify, trim_json};
use decoder::{Decoder, EventTooLong, MAX_EVENT_BYTES};
use libfuzzer_sys::fuzz_target;

/// The included modules find it in their parent module.
const DONE: &[u8] = b"[DONE]";

fn decode(pieces: &mut dyn Iterator<Item = &[u8]>) -> Result<Vec<Vec<u8>>, EventTooLong> {
    let (mut decoder, mut events) = (Decoder::default(), Vec::new());
    for mut piece in pieces {
        while let Some(payload) = decoder.next(&mut piece)? {
            events.push(payload.to_vec());
        }
        assert!(piece.is_empty(), "the decoder takes every byte");
    }
    events.extend(decoder.finish().map(<[u8]>::to_vec));
    Ok(events)
}

fuzz_target!(|input: (Vec<u8>, u8)| {
    let (stream, size) = input;
    let whole = decode(&mut std::iter::once(&stream[..]));
    let pieces = decode(&mut stream.chunks(usize::from(size).max(1)));
    assert_eq!(whole, pieces, "the cuts change nothing");
    for payload in whole.into_iter().flatten() {
        assert!(!trim_json(&payload).is_empty() && payload.len() <= MAX_EVENT_BYTES);
        assert!(!payload.contains(&b'\n') && !payload.contains(&b'\r'), "an event is one line");
        if classify(&payload) != ChunkKind::Malformed {
            assert!(std::str::from_utf8(&payload).is_ok(), "only UTF-8 is passed on");
        }
    }
});
