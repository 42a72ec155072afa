//! How a reader passes over a value: it is checked, and nothing is kept of it.

use super::{escapes::pass, reader::Reader};

impl Reader<'_> {
    /// Any value.
    pub fn skip(&mut self) -> Option<()> {
        // How what is open ends.
        let mut ends = Vec::new();
        loop {
            match self.next()? {
                b'"' => self.skip_string()?,
                first @ (b'{' | b'[') => {
                    self.take()?;
                    let end = if first == b'{' { b'}' } else { b']' };
                    ends.push(end);
                    if self.next()? != end {
                        self.skip_name_in(end)?;
                        continue;
                    }
                }
                first => self.skip_word(first)?,
            }
            // A value has ended, or nothing is in it; and with it perhaps what is around it.
            loop {
                let Some(end) = ends.last().copied() else { return Some(()) };
                match self.take()? {
                    b',' => {
                        self.skip_name_in(end)?;
                        break;
                    }
                    byte if byte == end => drop(ends.pop()),
                    _ => return None,
                }
            }
        }
    }

    fn skip_string(&mut self) -> Option<()> {
        self.take_one(b'"')?;
        loop {
            self.pass_plain()?;
            match self.rest.split_first()? {
                (b'"', rest) => {
                    self.rest = rest;
                    return Some(());
                }
                (b'\\', rest) => self.rest = pass(rest)?,
                _ => return None,
            }
        }
    }

    /// In an object a value has a name.
    fn skip_name_in(&mut self, end: u8) -> Option<()> {
        if end == b'}' {
            self.skip_string()?;
            self.take_one(b':')?;
        }
        Some(())
    }

    /// A number, `true`, `false` or `null`.
    fn skip_word(&mut self, first: u8) -> Option<()> {
        let word: &[u8] = match first {
            b't' => b"true",
            b'f' => b"false",
            b'n' => b"null",
            _ => return self.skip_number(),
        };
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }

    fn skip_number(&mut self) -> Option<()> {
        self.pass_one(b"-");
        let begins_with_zero = self.rest.starts_with(b"0");
        if self.digits()? > 1 && begins_with_zero {
            return None;
        }
        if self.pass_one(b".") {
            self.digits()?;
        }
        if self.pass_one(b"eE") {
            self.pass_one(b"+-");
            self.digits()?;
        }
        Some(())
    }

    fn pass_one(&mut self, any: &[u8]) -> bool {
        match self.rest.split_first() {
            Some((byte, rest)) if any.contains(byte) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// One digit or more; how many.
    fn digits(&mut self) -> Option<usize> {
        let end = self.rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(self.rest.len());
        self.rest = self.rest.get(end..)?;
        (end > 0).then_some(end)
    }
}
