//! Why a request is refused, in words for the log. All refusals look the same to the caller.

/// No `?jwt=` and no `Authorization`.
pub const NO_CREDENTIALS: &str = "no_credentials";
/// A credential of a mode that `AUTH_MODE` does not list, or of an unknown scheme.
pub const MODE_OFF: &str = "mode_off";
/// More than one `jwt` parameter.
pub const TWO_JWT_PARAMETERS: &str = "two_jwt_parameters";
/// More than one `Authorization` header.
pub const TWO_HEADERS: &str = "two_authorization_headers";
/// An `Authorization` header that is not a scheme and a token.
pub const MALFORMED_HEADER: &str = "malformed_authorization_header";
/// Over 8 KiB, and therefore not read.
pub const TOO_LARGE: &str = "token_too_large";
/// Not three parts of unpadded base64url around JSON objects, or a claim that is there twice.
pub const MALFORMED_TOKEN: &str = "malformed_token";
/// The header has `crit`: extensions that must be understood, and none is (RFC 7515, 4.1.11).
pub const CRITICAL_HEADER: &str = "critical_header";
/// The header's `alg` is not the mode's.
pub const ALGORITHM: &str = "algorithm";
/// No `iss`, or one that is not text.
pub const ISSUER_MISSING: &str = "issuer_missing";
/// `iss` cannot be a Connect client key.
pub const ISSUER_MALFORMED: &str = "issuer_malformed";
/// `iss` is not `JWT_ISSUER`.
pub const ISSUER_MISMATCH: &str = "issuer_mismatch";
/// No `exp`.
pub const EXPIRY_MISSING: &str = "expiry_missing";
/// `exp` is not a number.
pub const EXPIRY_NOT_A_NUMBER: &str = "expiry_not_a_number";
/// `exp` is now or earlier.
pub const EXPIRED: &str = "expired";
/// `nbf` is not a number.
pub const NOT_BEFORE_NOT_A_NUMBER: &str = "not_before_not_a_number";
/// `nbf` is in the future.
pub const NOT_YET_VALID: &str = "not_yet_valid";
/// A Connect token with an `aud`: it is for lifecycle calls.
pub const AUDIENCE_PRESENT: &str = "audience_present";
/// `JWT_AUDIENCE` is not in `aud`.
pub const AUDIENCE_MISMATCH: &str = "audience_mismatch";
/// A Connect token for one URL only: `qsh` is there and is not `context-qsh`.
pub const QUERY_HASH: &str = "query_hash";
/// The token names no user.
pub const USER_MISSING: &str = "user_missing";
/// No tenant with a secret has this client key.
pub const TENANT_UNKNOWN: &str = "tenant_unknown";
/// The signature is wrong.
pub const SIGNATURE: &str = "signature";
/// None of `BEARER_TOKENS`.
pub const BEARER_UNKNOWN: &str = "bearer_unknown";
/// The header names no key.
pub const KEY_ID_MISSING: &str = "key_id_missing";
/// The header names a key that `JWKS_URL` does not list for its algorithm.
pub const KEY_UNKNOWN: &str = "key_unknown";
