//! A string that is never printed.

use std::fmt;

/// A key or a token. `Debug` prints a placeholder, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretString(String);

impl SecretString {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Wraps a value that can stand in an HTTP header: visible ASCII only, at least one character.
    /// Returns `None` for any other.
    pub fn header_value(value: &str) -> Option<Self> {
        let is_valid = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
        is_valid.then(|| Self::new(value))
    }

    /// The value itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretString(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_nothing_of_the_value() {
        assert_eq!(format!("{:?}", SecretString::new("sk-1")), "SecretString(…)");
    }

    #[test]
    fn refuses_what_no_header_can_hold() {
        assert!(SecretString::header_value("sk-1").is_some());
        for value in ["", "a b", "a\n", "é", "\u{7f}"] {
            assert_eq!(SecretString::header_value(value), None, "{value:?}");
        }
    }
}
