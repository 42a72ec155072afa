//! How callers prove who they are, and what the function reads at its start to check it.

pub struct Access {
    /// `AUTH_MODE`.
    pub mode: &'static str,
    pub variables: &'static [(&'static str, &'static str)],
    /// Signed once for this file; it expires in the year 2100.
    pub token: &'static str,
}

/// What Secrets Manager answers, and the key host.
pub const KEY: &str = r#"{"SecretString":"{\"OPENAI_API_KEY\":\"sk-bench\"}"}"#;
pub const TENANTS: &str =
    r#"{"SecretString":"{\"bench\":{\"sharedSecret\":\"the-shared-secret-of-the-benchmark\"}}"}"#;
pub const KEY_SET: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"bench",
    "x":"Glqgrqx-XTMENz9YUthnIg2B2GCR3ZVoQKK_7rr1zSk","y":"ArcdaSBXNv2yaQCxbDxi8BUMQcapSpNJDZOQlxHACPU"}]}"#;

pub static OPEN: Access = Access { mode: "none", variables: &[], token: "" };
/// The function reads the tenants' secret.
pub static CONNECT: Access = Access {
    mode: "connect",
    variables: &[("CONNECT_TENANTS_SECRET_ARN", "tenants")],
    token: "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJiZW5jaCIsInN1YiI6ImJlbmNoIiwiZXhwIjo0MTAyNDQ0ODAwfQ.\
        7Pp4s_5MrI2T3sMUL-mVWdmw4nmnaPDJgocgMUpliTE",
};
/// The function reads the key set of an identity provider.
pub static JWKS: Access = Access {
    mode: "jwks",
    variables: &[
        ("JWKS_URL", "http://localhost:{port}/keys"),
        ("JWT_ISSUER", "bench"),
        ("JWT_AUDIENCE", "bench"),
    ],
    token: "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImJlbmNoIn0.\
        eyJpc3MiOiJiZW5jaCIsImF1ZCI6ImJlbmNoIiwic3ViIjoiYmVuY2giLCJleHAiOjQxMDI0NDQ4MDB9.\
        4VUlBpW1-6C1iGFg83x3uVmZVDY6K_zUicUplQke7AGYfhmFcw-9O6ZlxIL0onyRaDxQFqUORPO5CNF4OSLJUA",
};
