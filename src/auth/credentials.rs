//! The credential of a request: where it is, and which one counts.

use super::jwt::require;
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
    /// Picks the credential. When `reads_query`, `?jwt=` wins over the header, even when it is empty or malformed.
    pub fn presented(&self, reads_query: bool) -> Result<Presented<'_>, &'static str> {
        if reads_query && let Some(value) = jwt_parameter(self.query)? {
            return percent_decoded(limited(value)?).map(Presented::Jwt).ok_or("malformed_token");
        }
        let mut values = self.headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or("no_credentials")?;
        require(values.next().is_none(), "two_authorization_headers")?;
        let text = value.to_str().map_err(|_| "malformed_authorization_header")?;
        let (scheme, token) = text.trim().split_once(' ').ok_or("malformed_authorization_header")?;
        let token = limited(token.trim_start())?;
        match scheme.to_ascii_lowercase().as_str() {
            "jwt" => Ok(Presented::Jwt(token.into())),
            "bearer" => Ok(Presented::Bearer(token)),
            _ => Err("mode_off"),
        }
    }
}

fn limited(token: &str) -> Result<&str, &'static str> {
    require(token.len() <= MAX_TOKEN_BYTES, "token_too_large").map(|()| token)
}

/// The raw value of the only `jwt` parameter, if there is one.
fn jwt_parameter(query: &str) -> Result<Option<&str>, &'static str> {
    let mut found = query.split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // A name may be percent-encoded too: `%6Awt` must not hide a second parameter.
        percent_decoded(name).is_some_and(|name| name == "jwt").then_some(value)
    });
    let only = found.next();
    require(found.next().is_none(), "two_jwt_parameters").map(|()| only)
}

/// Decodes percent-encoding. Returns `None` when the result is not UTF-8. An invalid `%` and a `+` stay as they are.
fn percent_decoded(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok()
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
