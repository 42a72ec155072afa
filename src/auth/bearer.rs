//! `bearer`: fixed tokens with names ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)), for callers that
//! are not a browser. Compares; where the tokens come from is [`BearerTokens`]' matter.

use super::{AuthError, BoxFuture, Caller, Unavailable, reason};
use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{Digest, SHA256, digest},
};
use std::{fmt, sync::Arc};

/// Where the bearer tokens come from. Caching is the source's matter; an unknown token never causes a read.
pub trait BearerTokens: Send + Sync {
    /// The tokens as they are known, read first when they are not known yet or too old.
    fn current(&self) -> BoxFuture<'_, Result<Arc<BearerSet>, Unavailable>>;
}

/// Names and tokens of callers. Holds hashes only, and prints as a number.
///
/// ```
/// use gptdock::auth::BearerSet;
///
/// let tokens = BearerSet::new([("ci", "a-long-random-token"), ("nobody", "")]);
/// assert_eq!(format!("{tokens:?}"), "BearerSet { tokens: 1, .. }");
/// assert_eq!(tokens, BearerSet::new([("ci", "a-long-random-token")]));
/// ```
#[derive(Default)]
pub struct BearerSet {
    entries: Vec<(String, Digest)>,
}

impl BearerSet {
    /// The set of these names and tokens. An empty token is left out: it would let everybody in.
    pub fn new<N: Into<String>, T: AsRef<[u8]>>(tokens: impl IntoIterator<Item = (N, T)>) -> Self {
        let filled = tokens.into_iter().filter(|(_, token)| !token.as_ref().is_empty());
        Self { entries: filled.map(|(name, token)| (name.into(), digest(&SHA256, token.as_ref()))).collect() }
    }

    /// The name of a token. Every entry is compared, each in constant time and by hashes of one length, so
    /// that the time taken tells neither how much of a token is right nor which one it is.
    fn name(&self, token: &str) -> Option<&str> {
        let presented = digest(&SHA256, token.as_bytes());
        self.entries.iter().fold(None, |found, (name, stored)| {
            let same = verify_slices_are_equal(stored.as_ref(), presented.as_ref()).is_ok();
            if same { Some(name.as_str()) } else { found }
        })
    }
}

/// Equal when the same tokens have the same names, in the same order.
impl PartialEq for BearerSet {
    fn eq(&self, other: &Self) -> bool {
        let mut pairs = self.entries.iter().zip(&other.entries);
        self.entries.len() == other.entries.len()
            && pairs.all(|(one, two)| one.0 == two.0 && one.1.as_ref() == two.1.as_ref())
    }
}

impl fmt::Debug for BearerSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BearerSet").field("tokens", &self.entries.len()).finish_non_exhaustive()
    }
}

/// Judges bearer tokens.
pub(super) struct Bearer {
    tokens: Option<Arc<dyn BearerTokens>>,
}

impl Bearer {
    pub fn new(tokens: Option<Arc<dyn BearerTokens>>) -> Self {
        Self { tokens }
    }

    /// Whose token this is.
    pub async fn identify(&self, token: &str) -> Result<Caller, AuthError> {
        let source = self.tokens.as_deref().ok_or(AuthError::SecretUnavailable)?;
        let known = source.current().await.map_err(|_| AuthError::SecretUnavailable)?;
        known.name(token).map(Caller::tenant).ok_or(AuthError::Denied(reason::BEARER_UNKNOWN))
    }
}

#[cfg(test)]
mod tests {
    use super::BearerSet;

    #[test]
    fn a_token_has_its_name_and_no_other_has_one() {
        let set = BearerSet::new([("ci", "alpha-token"), ("ops", "beta-token"), ("nobody", "")]);
        assert_eq!(set.name("alpha-token"), Some("ci"));
        assert_eq!(set.name("beta-token"), Some("ops"));
        for wrong in ["", "alpha", "alpha-token ", "ALPHA-TOKEN", "alpha-tokenbeta-token", "ci"] {
            assert_eq!(set.name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_empty_set_knows_nobody() {
        assert_eq!(BearerSet::default().name(""), None);
        assert_eq!(BearerSet::new([("nobody", "")]).name(""), None);
    }

    #[test]
    fn sets_of_the_same_tokens_are_equal() {
        let [one, same, other, renamed] =
            [("n", "t"), ("n", "t"), ("n", "u"), ("m", "t")].map(|pair| BearerSet::new([pair]));
        assert!(one == same && one != other && one != renamed && one != BearerSet::default());
    }

    #[test]
    fn debug_prints_no_token_and_no_name() {
        let set = BearerSet::new([("the-name", "the-token")]);
        assert_eq!(format!("{set:?}"), "BearerSet { tokens: 1, .. }");
    }
}
