//! Judges the events of one stream, and remembers what a token looks like: the next one differs in a text or two, and
//! needs no parsing to be known.

use super::verdict::{Verdict, judge};
use memchr::memmem;
use std::fmt;

/// The ends of the names whose values differ from token to token. None decides a verdict.
const TEXTS: [&[u8]; 3] = [b"content", b"arguments", b"obfuscation"];

/// No token is longer, and what is longer takes its time anyway.
const LONGEST: usize = 4096;

/// The verdict of a token that is passed on and finishes nothing.
const TOKEN: Verdict = Verdict::Chunk { finished: 0 };

/// A judge who gives each event the verdict that [`judge`] gives it. `Debug` prints nothing of the stream.
///
/// ```
/// use gptdock::sse::{Judge, Verdict};
///
/// let mut judge = Judge::default();
/// for word in ["Loads", " and", " unloads"] {
///     let event = format!(r#"{{"choices":[{{"delta":{{"content":"{word}"}},"finish_reason":null}}]}}"#);
///     assert_eq!(judge.judge(event.as_bytes()), Verdict::Chunk { finished: 0 });
/// }
/// assert_eq!(judge.judge(br#"{"choices":[{"delta":{"content":"a"b"}}]}"#), Verdict::Malformed);
/// ```
#[derive(Default)]
pub struct Judge {
    /// The last token that was parsed, cut where its texts were.
    pieces: Vec<Vec<u8>>,
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge").finish_non_exhaustive()
    }
}

impl Judge {
    /// What an event is.
    pub fn judge(&mut self, payload: &[u8]) -> Verdict {
        if self.is_like_the_last(payload).is_some() {
            return TOKEN;
        }
        let verdict = judge(payload);
        if verdict == TOKEN && payload.len() <= LONGEST {
            self.pieces = pieces(payload);
        }
        verdict
    }

    /// Whether `payload` is the last token with other texts: JSON stays JSON when one text in it becomes another.
    fn is_like_the_last(&self, payload: &[u8]) -> Option<()> {
        let (last, pieces) = self.pieces.split_last()?;
        let mut rest = payload;
        for piece in pieces {
            rest = after_text(rest.strip_prefix(piece.as_slice())?)?;
        }
        (rest == last).then_some(())
    }
}

/// Cuts JSON at its texts, which are left out. Behind `content":` a value begins: where a quote follows a letter, it
/// ends a string, and a string before a colon is a name.
fn pieces(payload: &[u8]) -> Vec<Vec<u8>> {
    let (mut pieces, mut rest) = (Vec::new(), payload);
    for colon in memmem::find_iter(payload, b"\":") {
        let Some(value) = payload.get(colon + 2..).filter(|_| is_text(&payload[..colon])) else { continue };
        let Some(text) = value.strip_prefix(b" ").unwrap_or(value).strip_prefix(b"\"") else { continue };
        if let Some(after) = after_text(text)
            && text.len() < rest.len()
        {
            pieces.push(rest[..rest.len() - text.len()].to_vec());
            rest = after;
        }
    }
    pieces.push(rest.to_vec());
    pieces
}

fn is_text(before: &[u8]) -> bool {
    TEXTS.iter().any(|name| before.ends_with(name))
}

/// What follows the inside of a JSON string, from its last quote on. `None` when it has to be looked at more closely.
fn after_text(text: &[u8]) -> Option<&[u8]> {
    let (mut at, mut is_ascii) = (0, true);
    loop {
        match text.get(at)? {
            b'"' => break,
            b'\\' if matches!(text.get(at + 1)?, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                at += 2
            }
            b'\\' | 0..b' ' => return None,
            byte => {
                is_ascii &= byte.is_ascii();
                at += 1;
            }
        }
    }
    let (inside, after) = text.split_at(at);
    (is_ascii || std::str::from_utf8(inside).is_ok()).then_some(after)
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
