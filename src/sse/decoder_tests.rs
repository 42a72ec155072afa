#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use crate::sse::write_event;
use proptest::prelude::*;

fn decode(pieces: &[&[u8]]) -> Result<Vec<String>, EventTooLong> {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while let Some(payload) = decoder.next(&mut rest)? {
            events.push(String::from_utf8_lossy(payload).into_owned());
        }
        assert!(rest.is_empty());
    }
    if let Some(payload) = decoder.finish() {
        events.push(String::from_utf8_lossy(payload).into_owned());
    }
    Ok(events)
}

#[test]
fn every_legal_form() {
    for (stream, events) in [
        ("data: a\n\n", vec!["a"]),
        ("data:a\n\n", vec!["a"]),
        ("data:  a\n\n", vec![" a"]),
        ("data: a\r\n\r\n", vec!["a"]),
        ("data: a\r\r", vec!["a"]),
        ("data: a\r\ndata: b\n\r", vec!["a b"]),
        ("data: a\ndata\ndata: b\n\n", vec!["a  b"]),
        ("\u{FEFF}data: a\n\n", vec!["a"]),
        ("\u{FEFF}\u{FEFF}data: a\n\n", vec![]),
        (": note\n\ndata: a\n: note\n\n", vec!["a"]),
        ("event: x\nid: 1\nretry: 5\ndata: a\n\n", vec!["a"]),
        ("data:\n\ndata: \n\ndata\n\ndata: a\n\n", vec!["a"]),
        ("database: a\n\ndata : a\n\nDATA: a\n\n", vec![]),
        ("\n\n\r\n\rdata: a\n\n\n\n", vec!["a"]),
        ("data: a\n\ndata: [DONE]", vec!["a", "[DONE]"]),
        ("data: a\n\ndata: [DONE]\n", vec!["a", "[DONE]"]),
        ("", vec![]),
    ] {
        assert_eq!(decode(&[stream.as_bytes()]).unwrap(), events, "{stream:?}");
    }
}

#[test]
fn every_split_into_three_of_a_stream_with_multi_byte_characters() {
    let stream = "\u{FEFF}data: 日本語\r\n\r\n: ключ\rdata:👩‍💻\rdata: é\r\revent: x\ndata: z\n\n".as_bytes();
    for first in 0..=stream.len() {
        for second in first..=stream.len() {
            let pieces = [&stream[..first], &stream[first..second], &stream[second..]];
            assert_eq!(decode(&pieces).unwrap(), ["日本語", "👩‍💻 é", "z"], "{first} {second}");
        }
    }
}

#[test]
fn an_event_is_complete_with_the_first_byte_of_its_blank_line() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.next(&mut &b"data: a\r\n\r"[..]), Ok(Some(&b"a"[..])));
    assert_eq!(decoder.next(&mut &b"\ndata: b\n\n"[..]), Ok(Some(&b"b"[..])));
}

#[test]
fn the_limit_is_exact_and_bounds_every_form() {
    let largest = vec![b'x'; MAX_EVENT_BYTES];
    let mut whole = Vec::new();
    write_event(&largest, &mut whole);
    let halves = whole.split_at(MAX_EVENT_BYTES / 2);
    assert_eq!(decode(&[halves.0, halves.1]).unwrap()[0].len(), MAX_EVENT_BYTES);

    whole.insert(6, b'x');
    assert_eq!(decode(&[&whole]), Err(EventTooLong));
    let endless = vec![b'x'; 64 * 1024];
    for start in [&b"data: "[..], b": ", b"event: ", b""] {
        let mut pieces = vec![start];
        pieces.resize(40, &endless);
        assert_eq!(decode(&pieces), Err(EventTooLong));
    }
    let lines = b"data: 0123456789\n".repeat(200_000);
    assert_eq!(decode(&[&lines]), Err(EventTooLong));
}

/// One event in a form that the grammar allows, beside the payload that it carries.
fn legal_event() -> impl Strategy<Value = (Vec<u8>, Option<String>)> {
    let line = "[ -~é日👩]{0,12}".prop_filter("a field's value", |text| !text.starts_with(' '));
    let ending = prop_oneof![Just("\n"), Just("\r\n"), Just("\r")];
    let noise = prop_oneof![Just(""), Just(": note"), Just("event: x"), Just("id: 7"), Just("retry: 1")];
    (prop::collection::vec(line, 0..4), ending, noise, any::<bool>()).prop_map(
        |(lines, ending, noise, space)| {
            let mut bytes = String::new();
            if !noise.is_empty() {
                bytes += noise;
                bytes += ending;
            }
            for line in &lines {
                bytes += if space { "data: " } else { "data:" };
                bytes += line;
                bytes += ending;
            }
            bytes += ending;
            let payload = lines.join(" ");
            (bytes.into_bytes(), (!payload.trim_ascii().is_empty()).then_some(payload))
        },
    )
}

proptest! {
    #[test]
    fn any_split_of_any_legal_stream(
        events in prop::collection::vec(legal_event(), 0..8),
        cuts in prop::collection::vec(0usize..400, 0..12),
    ) {
        // A CR that ends one event must not meet an LF that begins the next: that pair is one line end.
        let mut stream = Vec::new();
        for (bytes, _) in &events {
            if stream.last() == Some(&b'\r') && bytes.first() == Some(&b'\n') {
                stream.push(b'\n');
            }
            stream.extend_from_slice(bytes);
        }
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &stream[ends[0]..ends[1]]).collect();
        let expected: Vec<String> = events.into_iter().filter_map(|(_, payload)| payload).collect();
        prop_assert_eq!(decode(&pieces).unwrap(), expected);
    }

    #[test]
    fn any_bytes_in_any_pieces_decode_alike(stream in prop::collection::vec(any::<u8>(), 0..300), size in 1usize..40) {
        let pieces: Vec<&[u8]> = stream.chunks(size).collect();
        prop_assert_eq!(decode(&pieces), decode(&[&stream]));
    }
}
