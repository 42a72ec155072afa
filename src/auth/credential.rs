//! The credential of a request: where it stands, and which one counts.

use super::{AuthError, reason};
use http::{HeaderMap, header::AUTHORIZATION};
use std::borrow::Cow;

/// Tokens over 8 KiB are refused unread: no issuer makes them, and hashing a megabyte for a stranger is work.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The credentials of a request, as they came. Has no `Debug`: nothing may print them.
/// [`Authenticator::identify`](super::Authenticator::identify) has an example.
pub struct Credentials<'a> {
    /// The raw query string, without the question mark, still percent-encoded.
    pub query: &'a str,
    /// All headers, with every value of a repeated one.
    pub headers: &'a HeaderMap,
}

/// The one credential that counts, by its form.
pub(super) enum Presented<'a> {
    /// `?jwt=` or `Authorization: JWT`.
    Jwt(Cow<'a, str>),
    /// `Authorization: Bearer`.
    Bearer(&'a str),
}

impl Credentials<'_> {
    /// Picks the credential: `?jwt=` wins over the header, even when it is empty or nonsense, for a second
    /// credential never saves a bad first one.
    pub(super) fn presented(&self) -> Result<Presented<'_>, AuthError> {
        let Some(value) = jwt_parameter(self.query)? else { return self.presented_in_header() };
        let token = limited(value).and_then(|value| percent_decoded(value).ok_or(reason::MALFORMED_TOKEN));
        token.map(Presented::Jwt).map_err(AuthError::Denied)
    }

    /// The credential of the header, for when no mode reads `?jwt=`.
    pub(super) fn presented_in_header(&self) -> Result<Presented<'_>, AuthError> {
        let mut values = self.headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(AuthError::Denied(reason::NO_CREDENTIALS))?;
        if values.next().is_some() {
            return Err(AuthError::Denied(reason::TWO_HEADERS));
        }
        let (scheme, token) = value
            .to_str()
            .ok()
            .and_then(|value| value.trim().split_once(' '))
            .ok_or(AuthError::Denied(reason::MALFORMED_HEADER))?;
        let token = limited(token.trim_start()).map_err(AuthError::Denied)?;
        match scheme {
            _ if scheme.eq_ignore_ascii_case("jwt") => Ok(Presented::Jwt(Cow::Borrowed(token))),
            _ if scheme.eq_ignore_ascii_case("bearer") => Ok(Presented::Bearer(token)),
            _ => Err(AuthError::Denied(reason::MODE_OFF)),
        }
    }
}

fn limited(token: &str) -> Result<&str, &'static str> {
    if token.len() > MAX_TOKEN_BYTES { Err(reason::TOO_LARGE) } else { Ok(token) }
}

/// The raw value of the only `jwt` parameter, if there is one.
fn jwt_parameter(query: &str) -> Result<Option<&str>, AuthError> {
    let mut found = query.split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // A name may be percent-encoded too: `%6Awt` must not hide a second parameter.
        percent_decoded(name).is_some_and(|name| name == "jwt").then_some(value)
    });
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(AuthError::Denied(reason::TWO_JWT_PARAMETERS)),
        (only, None) => Ok(only),
    }
}

/// Undoes percent-encoding; `None` when that leaves no UTF-8. A `%` without two hex digits stands for itself,
/// as in the URL standard, and `+` stays `+`: neither occurs in a token.
fn percent_decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        let code = if *byte == b'%' { tail.get(..2).and_then(hex_pair) } else { None };
        decoded.push(code.unwrap_or(*byte));
        rest = if code.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

fn hex_pair(digits: &[u8]) -> Option<u8> {
    // `from_str_radix` would take a sign, too.
    let digits = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
#[path = "credential_tests.rs"]
mod tests;
