#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use crate::json;
use proptest::prelude::*;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Pieces of a JSON string. They are escapes, parts of escapes when a backslash comes before, or plain text.
const PIECES: [&str; 12] = [
    r"\ud83d", r"\uDE00", r"\uD83D", r"\udfff", r"\\", r"\u0041", r"\ud7ff", r"\n", "ud83d", r"\ue000", "é",
    r"\/",
];

/// Reads the escapes of a JSON string one character after the other.
fn unescaped(json: &str) -> String {
    let mut units = Vec::new();
    let mut rest = json.chars();
    while let Some(next) = rest.next() {
        match (next, (next == '\\').then(|| rest.next().unwrap())) {
            (_, Some('u')) => {
                let digits: String = rest.by_ref().take(4).collect();
                units.push(u16::from_str_radix(&digits, 16).unwrap());
            }
            (_, Some('n')) => units.push(10),
            (_, Some(escaped)) => units.push(escaped as u16),
            (plain, None) => units.extend(plain.encode_utf16(&mut [0; 2]).iter()),
        }
    }
    String::from_utf16_lossy(&units)
}

fn assert_replaces(string: &str) {
    let json = format!("\"{string}\"");
    let body = Bytes::from(json.clone());
    let before = body.as_ptr();
    let replaced = replace_half_pairs(body);
    assert_eq!(replaced.len(), json.len());
    assert_eq!(replaced.as_ptr(), before, "copied {json}");
    assert_eq!(serde_json::from_slice::<String>(&replaced).unwrap(), unescaped(string), "{json}");
    if serde_json::from_str::<String>(&json).is_ok() {
        assert_eq!(replaced, json, "changed valid JSON");
    }
}

#[test]
fn replaces_half_pairs_in_all_short_strings() {
    for length in 0..=4_u32 {
        for number in 0..PIECES.len().pow(length) {
            let piece = |place| PIECES[number / PIECES.len().pow(place) % PIECES.len()];
            assert_replaces(&(0..length).map(piece).collect::<String>());
        }
    }
}

proptest! {
    #[test]
    fn replaces_half_pairs_in_long_strings(pieces in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        assert_replaces(&pieces.into_iter().map(|piece| PIECES[piece]).collect::<String>());
    }

    #[test]
    fn takes_any_bytes(body: Vec<u8>) {
        let length = body.len();
        prop_assert_eq!(replace_half_pairs(body.into()).len(), length);
    }
}

#[test]
fn keeps_backslashes_that_start_no_escape() {
    for body in [r#""\\ud83d""#, r#""\\\\ud83d""#, r"\ud8", r"\u", r"\", r"\ud83", r"\ud8zz", r"\u+d83", ""] {
        assert_eq!(replace_half_pairs(body.into()), body);
    }
    assert_eq!(replace_half_pairs(r"\ud83d\ude".into()), r"\ufffd\ude");
}

#[test]
fn replaces_in_a_copy_when_the_body_is_shared() {
    let body = Bytes::from_static(br#""\\\ud83d""#);
    assert_eq!(replace_half_pairs(body.clone()), r#""\\\ufffd""#);
    assert_eq!(body, r#""\\\ud83d""#);
}

#[test]
fn skips_one_byte_order_mark() {
    let text = |body| read::<&RawValue>(body).map(RawValue::get).map_err(|error| error.kind);
    assert_eq!(text(b"\xef\xbb\xbf{}"), Ok("{}"));
    assert_eq!(text("\u{feff}\u{feff}{}".as_bytes()), Err(ApiErrorKind::InvalidJson));
    assert_eq!(text(b"{\xff}"), Err(ApiErrorKind::InvalidJson));
}

#[test]
fn reads_strings_and_copies_only_escapes() {
    let text = |json: &'static str| json::text(serde_json::from_str::<&RawValue>(json).unwrap());
    assert!(matches!(text("\"日本\""), Some(Cow::Borrowed("日本"))));
    assert!(matches!(text(r#""\u65e5\n""#), Some(Cow::Owned(text)) if text == "日\n"));
    for other in ["1", "null", "[\"a\"]", "{}"] {
        assert_eq!(text(other), None, "{other}");
    }
}

#[test]
fn an_object_is_no_array() {
    #[derive(serde::Deserialize)]
    struct Named {
        name: String,
    }
    assert!(read::<Only<'{', Named>>(br#"{"x":[],"name":"a"}"#).is_ok_and(|Only(named)| named.name == "a"));
    assert!(serde_json::from_str::<Named>(r#"["a"]"#).is_ok());
    for other in [r#"["a"]"#, "null", "1", r#""a""#] {
        assert!(read::<Only<'{', Named>>(other.as_bytes()).is_err(), "{other}");
    }
}
