//! The credential of a request: where it is, and which one counts.

use super::{AuthError, reason};
use http::{HeaderMap, header::AUTHORIZATION};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// Longer tokens are refused unread. No issuer makes them, and hashing a megabyte for a stranger is work.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The parts of a request that can hold a credential. There is no `Debug`, so nothing prints them.
pub struct Credentials<'a> {
    /// The raw query string, without the question mark and still percent-encoded.
    pub query: &'a str,
    /// All headers, with every value of a repeated one.
    pub headers: &'a HeaderMap,
}

/// The credential that counts, by its form.
pub enum Presented<'a> {
    /// `?jwt=` or `Authorization: JWT`.
    Jwt(Cow<'a, str>),
    /// `Authorization: Bearer`.
    Bearer(&'a str),
}

impl Credentials<'_> {
    /// Picks the credential. `?jwt=` wins over the header, even when it is empty or malformed.
    pub fn in_query_or_header(&self) -> Result<Presented<'_>, AuthError> {
        let Some(value) = jwt_parameter(self.query)? else { return self.in_header() };
        let token = limited(value).and_then(|value| percent_decoded(value).ok_or(reason::MALFORMED_TOKEN));
        token.map(Presented::Jwt).map_err(AuthError::Denied)
    }

    /// The credential of the header, for when no mode reads `?jwt=`.
    pub fn in_header(&self) -> Result<Presented<'_>, AuthError> {
        self.parse_header().map_err(AuthError::Denied)
    }

    fn parse_header(&self) -> Result<Presented<'_>, &'static str> {
        let mut values = self.headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(reason::NO_CREDENTIALS)?;
        if values.next().is_some() {
            return Err(reason::TWO_HEADERS);
        }
        let text = value.to_str().map_err(|_| reason::MALFORMED_HEADER)?;
        let (scheme, token) = text.trim().split_once(' ').ok_or(reason::MALFORMED_HEADER)?;
        let token = limited(token.trim_start())?;
        if scheme.eq_ignore_ascii_case("jwt") {
            Ok(Presented::Jwt(token.into()))
        } else if scheme.eq_ignore_ascii_case("bearer") {
            Ok(Presented::Bearer(token))
        } else {
            Err(reason::MODE_OFF)
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

/// Decodes percent-encoding. Returns `None` when the result is not UTF-8. An invalid `%` and a `+` stay as they are.
fn percent_decoded(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok()
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
