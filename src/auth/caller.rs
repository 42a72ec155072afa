//! Who called, and how much of that may be told.

use aws_lc_rs::digest::{SHA256, digest};
use std::fmt::Write;

/// Who called, as far as logs and gateway metadata may know.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The Connect client key, the bearer token's name, or the `context.cloudId` or `iss` of a `jwks` token.
    /// Text from a checked credential, but of any length and alphabet outside `connect`.
    pub tenant: Option<String>,
    /// Lower-case hex SHA-256 of the user id: tells users apart without naming them.
    pub user_hash: Option<String>,
}

impl Caller {
    /// A caller who is a known user of a tenant.
    pub(super) fn user(tenant: &str, user: &str) -> Self {
        Self {
            tenant: Some(tenant.to_owned()),
            user_hash: Some(hex(digest(&SHA256, user.as_bytes()).as_ref())),
        }
    }

    /// A caller of whom only the tenant is known.
    pub(super) fn tenant(tenant: &str) -> Self {
        Self { tenant: Some(tenant.to_owned()), user_hash: None }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a `String` has no way to fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::Caller;

    #[test]
    fn the_user_hash_is_the_hex_sha256_of_the_id() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Caller::user("t", "abc").user_hash.as_deref(), Some(expected), "FIPS 180-2, appendix B.1");
    }
}
