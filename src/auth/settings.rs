//! `AUTH_MODE` and the variables that belong to it: which modes are on, and what is missing for them.

use http::Uri;
use std::net::{Ipv4Addr, Ipv6Addr};

/// One way to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Everybody may call. Stands alone, and must be said.
    None,
    /// Atlassian Connect context tokens.
    Connect,
    /// Fixed tokens with names.
    Bearer,
    /// JWTs of one issuer that publishes its keys.
    Jwks(JwksSettings),
}

/// The issuer that `jwks` trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwksSettings {
    /// `JWKS_URL`: where its keys are; `https`, or `http` to this machine.
    pub url: Uri,
    /// `JWT_ISSUER`: what `iss` must be.
    pub issuer: String,
    /// `JWT_AUDIENCE`: what `aud` must be, or hold.
    pub audience: String,
}

/// Who may call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthSettings {
    /// The modes that are on, each once. None at all: nobody gets in.
    pub modes: Vec<Mode>,
    /// `CONNECT_TENANTS_SECRET_ARN`, when `connect` is on: the ARN or name of the tenants' secret.
    pub tenants_secret: Option<String>,
}

impl AuthSettings {
    /// Reads `AUTH_MODE` and the variables of the modes that it lists, through `lookup`. Empty means unset;
    /// unset means `connect`: what stands on the open internet is locked unless somebody said otherwise.
    /// Each bad value adds one sentence to `problems`; settings with problems let nobody in by guess, but
    /// are not meant to be used.
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>, problems: &mut Vec<String>) -> Self {
        let lookup = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let list = lookup("AUTH_MODE").unwrap_or_else(|| "connect".to_owned());
        let mut names: Vec<&str> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            problems.push("AUTH_MODE names no mode; use connect, bearer, jwks, or none.".to_owned());
        }
        if names.contains(&"none") {
            if names.len() == 1 {
                return Self { modes: vec![Mode::None], tenants_secret: None };
            }
            problems.push("AUTH_MODE lists none beside another mode; none stands alone.".to_owned());
        }
        let mut settings = Self::default();
        for name in names {
            match name {
                "connect" => settings.add_connect(&lookup, problems),
                "bearer" => settings.add_bearer(&lookup, problems),
                "jwks" => settings.modes.extend(jwks(&lookup, problems).map(Mode::Jwks)),
                "none" => {}
                _ => problems.push(format!(
                    "AUTH_MODE has an unknown mode {name:?}; use connect, bearer, jwks, or none."
                )),
            }
        }
        settings
    }

    /// The issuer that is trusted, when `jwks` is on.
    pub fn jwks(&self) -> Option<&JwksSettings> {
        self.modes.iter().find_map(|mode| if let Mode::Jwks(jwks) = mode { Some(jwks) } else { None })
    }

    fn add_connect(&mut self, lookup: &dyn Fn(&str) -> Option<String>, problems: &mut Vec<String>) {
        self.tenants_secret = lookup("CONNECT_TENANTS_SECRET_ARN");
        if self.tenants_secret.is_none() {
            problems.push(
                "CONNECT_TENANTS_SECRET_ARN is not set; AUTH_MODE connect (the default) needs the tenants' secret.".to_owned(),
            );
        }
        self.modes.push(Mode::Connect);
    }

    fn add_bearer(&mut self, lookup: &dyn Fn(&str) -> Option<String>, problems: &mut Vec<String>) {
        if lookup("OPENAI_API_KEY_SECRET_ARN").is_none() {
            problems.push(
                "OPENAI_API_KEY_SECRET_ARN is not set; AUTH_MODE bearer reads BEARER_TOKENS from that secret.".to_owned(),
            );
        }
        self.modes.push(Mode::Bearer);
    }
}

fn jwks(lookup: &dyn Fn(&str) -> Option<String>, problems: &mut Vec<String>) -> Option<JwksSettings> {
    let mut required = |name: &str| {
        let value = lookup(name);
        if value.is_none() {
            problems.push(format!("{name} is not set; AUTH_MODE jwks needs it."));
        }
        value
    };
    let (url, issuer, audience) = (required("JWKS_URL"), required("JWT_ISSUER"), required("JWT_AUDIENCE"));
    let url = url?;
    let trustworthy = url.parse().ok().filter(is_trustworthy);
    if trustworthy.is_none() {
        // The value is not told: somebody may have put a password into it.
        problems.push(
            "JWKS_URL must be an https URL without a user name, or http to a loopback host.".to_owned(),
        );
        return None;
    }
    Some(JwksSettings { url: trustworthy?, issuer: issuer?, audience: audience? })
}

/// What came in the clear could be anybody's: `https`, or `http` that never leaves the machine.
pub(crate) fn is_trustworthy(uri: &Uri) -> bool {
    let Some(authority) = uri.authority().filter(|authority| !authority.as_str().contains('@')) else {
        return false;
    };
    let host = authority.host();
    match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => is_loopback(host),
        _ => false,
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || bare.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
