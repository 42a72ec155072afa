//! The fixed tokens of callers that are not a browser.

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{Digest, SHA256, digest},
};
use std::fmt;

/// Names and tokens of callers. It holds hashes only, and prints their number.
///
/// ```
/// use gptdock::secrets::BearerTokens;
///
/// let tokens = BearerTokens::new([("ci", "a-long-random-token"), ("nobody", "")]);
/// assert_eq!(tokens.name("a-long-random-token"), Some("ci"));
/// assert_eq!(format!("{tokens:?}"), "BearerTokens(1)");
/// ```
#[derive(Clone, Default)]
pub struct BearerTokens(Vec<(String, Digest)>);

impl BearerTokens {
    /// The tokens by name. Empty tokens are left out: they would admit everybody.
    pub fn new<N: Into<String>, T: AsRef<str>>(tokens: impl IntoIterator<Item = (N, T)>) -> Self {
        let filled = tokens.into_iter().filter(|(_, token)| !token.as_ref().is_empty());
        Self(filled.map(|(name, token)| (name.into(), hash(token.as_ref()))).collect())
    }

    /// The name of a token. All entries are compared, each in constant time and by hashes of one length. The time
    /// taken reveals neither which token it is nor how much of it is right.
    pub fn name(&self, token: &str) -> Option<&str> {
        let presented = hash(token);
        self.0.iter().fold(None, |found, (name, stored)| {
            let is_equal = verify_slices_are_equal(stored.as_ref(), presented.as_ref()).is_ok();
            if is_equal { Some(name) } else { found }
        })
    }
}

fn hash(token: &str) -> Digest {
    digest(&SHA256, token.as_bytes())
}

impl fmt::Debug for BearerTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BearerTokens({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::BearerTokens;

    #[test]
    fn each_token_has_its_name() {
        let tokens = BearerTokens::new([("ci", "alpha-token"), ("ops", "beta-token"), ("nobody", "")]);
        assert_eq!(tokens.name("alpha-token"), Some("ci"));
        assert_eq!(tokens.name("beta-token"), Some("ops"));
        for wrong in ["", "alpha", "alpha-token ", "ALPHA-TOKEN", "alpha-tokenbeta-token", "ci"] {
            assert_eq!(tokens.name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn without_tokens_nothing_has_a_name() {
        assert_eq!(BearerTokens::default().name(""), None);
        assert_eq!(BearerTokens::new([("nobody", "")]).name(""), None);
    }

    #[test]
    fn prints_no_token_and_no_name() {
        let tokens = BearerTokens::new([("the-name", "the-token")]);
        assert_eq!(format!("{tokens:?}"), "BearerTokens(1)");
    }
}
