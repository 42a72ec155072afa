//! A reader of JSON ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)) that builds nothing: a caller takes the members
//! that count, and the rest is checked and passed over. It takes what `serde_json` takes.
//!
//! Every request waits for its event to be read, and most of an event is its body: JSON within JSON, an escape for each
//! of its quotes. `serde_json` takes twice the instructions for one.
//!
//! Nothing recurses but what a caller reads by name, so a deep value costs neither stack nor time.

use super::{escapes::unescape, word};
use std::borrow::Cow;

/// What a text with escapes gets for a start; a long one grows.
const USUAL_TEXT_BYTES: usize = 16 * 1024;

/// A text, and what of it has not been read. Everything returns `None` for what is no JSON.
pub struct Reader<'a> {
    text: &'a str,
    pub(super) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader at the start of a text.
    pub fn new(text: &'a str) -> Self {
        Self { text, rest: text.as_bytes() }
    }

    /// Nothing but white space may be left.
    pub fn end(mut self) -> Option<()> {
        self.next().is_none().then_some(())
    }

    /// The byte with which the next value begins.
    pub fn next(&mut self) -> Option<u8> {
        loop {
            let (first, rest) = self.rest.split_first()?;
            match first {
                b' ' | b'\n' | b'\r' | b'\t' => self.rest = rest,
                _ => return Some(*first),
            }
        }
    }

    /// An object; `member` has to take the value of each name.
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, Cow<'a, str>) -> Option<()>) -> Option<()> {
        self.take_one(b'{')?;
        if self.next()? == b'}' {
            return self.take_one(b'}');
        }
        loop {
            let name = self.string()?;
            self.take_one(b':')?;
            member(self, name)?;
            match self.take()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// An array; `element` has to take each of its values.
    pub fn array(&mut self, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take_one(b'[')?;
        if self.next()? == b']' {
            return self.take_one(b']');
        }
        loop {
            element(self)?;
            match self.take()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    /// A string, borrowed when it holds no escapes.
    pub fn string(&mut self) -> Option<Cow<'a, str>> {
        self.take_one(b'"')?;
        let start = self.place();
        self.pass_plain()?;
        let plain = self.text.get(start..self.place())?;
        match self.rest.split_first()? {
            (b'"', rest) => {
                self.rest = rest;
                Some(plain.into())
            }
            _ => self.string_after(plain).map(Cow::Owned),
        }
    }

    /// The rest of a string that begins with `plain`.
    fn string_after(&mut self, plain: &str) -> Option<String> {
        let mut text = Vec::with_capacity(plain.len() + self.rest.len().min(USUAL_TEXT_BYTES));
        text.extend_from_slice(plain.as_bytes());
        loop {
            match self.rest.split_first()? {
                (b'"', rest) => {
                    self.rest = rest;
                    return String::from_utf8(text).ok();
                }
                (b'\\', rest) => self.rest = unescape(rest, &mut text)?,
                (0..b' ', _) => return None,
                (byte, rest) => {
                    text.push(*byte);
                    self.rest = rest;
                }
            }
            // A word is taken over whole, and cut at what does not stand for itself.
            while let Some((bytes, rest)) = self.rest.split_first_chunk() {
                let length = text.len();
                text.extend_from_slice(bytes);
                let Some(place) = word::special(*bytes) else {
                    self.rest = rest;
                    continue;
                };
                text.truncate(length + place);
                self.rest = self.rest.get(place..)?;
                break;
            }
        }
    }

    /// Any value, as it stands there.
    pub fn raw(&mut self) -> Option<&'a str> {
        self.next()?;
        let start = self.place();
        self.skip()?;
        self.text.get(start..self.place())
    }

    /// How far it has been read.
    fn place(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    /// The next byte that is no white space.
    pub(super) fn take(&mut self) -> Option<u8> {
        let byte = self.next()?;
        self.rest = self.rest.split_first()?.1;
        Some(byte)
    }

    pub(super) fn take_one(&mut self, wanted: u8) -> Option<()> {
        (self.take()? == wanted).then_some(())
    }

    /// Passes over what stands for itself in a string.
    pub(super) fn pass_plain(&mut self) -> Option<()> {
        while let Some((bytes, rest)) = self.rest.split_first_chunk() {
            let Some(place) = word::special(*bytes) else {
                self.rest = rest;
                continue;
            };
            self.rest = self.rest.get(place..)?;
            return Some(());
        }
        let is_special = |byte: &u8| matches!(byte, 0..b' ' | b'"' | b'\\');
        self.rest = self.rest.get(self.rest.iter().position(is_special)?..)?;
        Some(())
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
