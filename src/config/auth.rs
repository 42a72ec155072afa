//! `AUTH_MODE` and the settings of each mode.

use super::{
    base_url::absolute_url,
    env::{Env, elements},
};
use reqwest::Url;
use std::net::IpAddr;

/// One way to authenticate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthMode {
    /// Everybody may call. It stands alone and must be set explicitly.
    None,
    /// Atlassian Connect context tokens.
    Connect,
    /// Fixed tokens with names.
    Bearer,
    /// JWTs of one issuer that publishes its keys.
    Jwks(JwksConfig),
}

/// The issuer of `jwks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwksConfig {
    /// `JWKS_URL`: `https`, or `http` to this machine.
    pub url: Url,
    /// `JWT_ISSUER`: the value of `iss`.
    pub issuer: String,
    /// `JWT_AUDIENCE`: the value of `aud`, or one of its values.
    pub audience: String,
}

/// Who may call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthConfig {
    /// The modes, each once. With none at all every request is refused.
    pub modes: Vec<AuthMode>,
    /// `CONNECT_TENANTS_SECRET_ARN`, when `connect` is on: the ARN or name of the tenants' secret.
    pub tenants_secret: Option<String>,
}

impl AuthConfig {
    /// Reads `AUTH_MODE` and the settings of its modes. Unset means `connect`: a function on the open internet
    /// is locked by default.
    pub(super) fn read(env: &mut Env) -> Self {
        let mut names = elements(env.text("AUTH_MODE").as_deref().unwrap_or("connect"));
        names.sort_unstable();
        names.dedup();
        let is_known = |name: &String| matches!(name.as_str(), "connect" | "bearer" | "jwks" | "none");
        if names.is_empty() || !names.iter().all(is_known) {
            env.problem("AUTH_MODE must be a comma-separated list of connect, bearer and jwks, or none");
        }
        if names.len() > 1 && names.iter().any(|name| name == "none") {
            env.problem("AUTH_MODE lists none beside another mode, but none must stand alone");
        }
        let mut config = Self::default();
        for name in &names {
            match name.as_str() {
                "none" if names.len() == 1 => config.modes.push(AuthMode::None),
                "connect" => {
                    config.tenants_secret =
                        env.required("CONNECT_TENANTS_SECRET_ARN", "AUTH_MODE connect (the default)");
                    config.modes.push(AuthMode::Connect);
                }
                "bearer" => {
                    env.required("OPENAI_API_KEY_SECRET_ARN", "AUTH_MODE bearer (for BEARER_TOKENS)");
                    config.modes.push(AuthMode::Bearer);
                }
                "jwks" => config.modes.extend(jwks(env).map(AuthMode::Jwks)),
                _ => {}
            }
        }
        config
    }

    /// The issuer of `jwks`, when that mode is on.
    pub fn jwks(&self) -> Option<&JwksConfig> {
        self.modes.iter().find_map(|mode| if let AuthMode::Jwks(jwks) = mode { Some(jwks) } else { None })
    }
}

fn jwks(env: &mut Env) -> Option<JwksConfig> {
    let mut required = |name| env.required(name, "AUTH_MODE jwks");
    let (url, issuer, audience) = (required("JWKS_URL"), required("JWT_ISSUER"), required("JWT_AUDIENCE"));
    let url = absolute_url(&url?).filter(is_trustworthy);
    if url.is_none() {
        env.problem("JWKS_URL must be an https URL without a user name, or http to a loopback host");
    }
    Some(JwksConfig { url: url?, issuer: issuer?, audience: audience? })
}

/// Keys must arrive over `https`, or over `http` without leaving the machine.
fn is_trustworthy(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    url.scheme() == "https" || host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
