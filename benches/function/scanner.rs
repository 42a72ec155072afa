//! Finds the numbered chunks in what a caller reads, however it is cut.

use crate::run::Run;
use memchr::memmem::Finder;
use std::sync::Arc;

const MARK: &[u8] = b"token-";
const DIGITS: usize = 7;
/// What is kept of a piece: a mark and its number may begin there.
const KEPT: usize = MARK.len() + DIGITS - 1;

/// The mark of a chunk, as it stands in its event.
pub fn mark(number: usize) -> String {
    format!("token-{number:0DIGITS$}")
}

pub struct Scanner {
    run: Arc<Run>,
    finder: Finder<'static>,
    tail: Vec<u8>,
}

impl Scanner {
    pub fn new(run: Arc<Run>) -> Self {
        Self { run, finder: Finder::new(MARK), tail: Vec::with_capacity(2 * KEPT) }
    }

    /// Notes every chunk whose number is complete with this piece, which was read `at` that moment.
    pub fn take(&mut self, at: u64, piece: &[u8]) {
        if !self.tail.is_empty() {
            self.tail.extend_from_slice(&piece[..piece.len().min(KEPT)]);
            self.note(at, &self.tail);
        }
        self.note(at, piece);
        // A piece that is shorter than a mark is already in the tail, when there is one.
        if piece.len() >= KEPT || self.tail.is_empty() {
            self.tail.clear();
            self.tail.extend_from_slice(&piece[piece.len().saturating_sub(KEPT)..]);
        } else {
            self.tail.drain(..self.tail.len().saturating_sub(KEPT));
        }
    }

    fn note(&self, at: u64, bytes: &[u8]) {
        for start in self.finder.find_iter(bytes) {
            let digits = bytes[start + MARK.len()..].get(..DIGITS);
            let number = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok());
            if let Some(moment) = number.and_then(|number| self.run.got.get(number)) {
                moment.set(at);
            }
        }
    }
}
