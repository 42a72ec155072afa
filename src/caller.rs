//! The authenticated caller.

use aws_lc_rs::digest::{SHA256, digest};

/// The caller, as far as logs and gateway metadata may know it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The Connect client key, the bearer token's name, or the `context.cloudId` or `iss` of a `jwks` token.
    /// Outside `connect` it may have any length and alphabet.
    pub tenant: Option<String>,
    /// SHA-256 of the user id in lower-case hex: it tells users apart without naming them.
    pub user_hash: Option<String>,
}

impl Caller {
    /// A user of a tenant.
    pub fn user(tenant: &str, user: &str) -> Self {
        let hash = digest(&SHA256, user.as_bytes());
        let hex = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { tenant: Some(tenant.to_owned()), user_hash: Some(hex) }
    }

    /// A caller whose user is unknown.
    pub fn tenant(tenant: &str) -> Self {
        Self { tenant: Some(tenant.to_owned()), user_hash: None }
    }
}

#[cfg(test)]
mod tests {
    use super::Caller;

    #[test]
    fn hashes_the_user_id_with_sha_256() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Caller::user("t", "abc").user_hash.as_deref(), Some(expected), "FIPS 180-2, appendix B.1");
    }
}
