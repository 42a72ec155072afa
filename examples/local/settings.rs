//! The environment variables, with defaults for a laptop.

use std::{collections::HashMap, env, ffi::OsString, str::FromStr};

/// The demonstration key must go to the demonstration gateway only.
const GATEWAYS: [&str; 4] = ["OPENAI_BASEURL", "OPENAI_FALLBACK_BASEURL", "CF_ACCOUNT_ID", "CF_GATEWAY_ID"];

/// Short time-outs for the demonstration: a person waits for each of them.
const DEMO_DEFAULTS: [(&str, &str); 3] =
    [("IDLE_TIMEOUT_MS", "8000"), ("KEEPALIVE_MS", "3000"), ("RESPONSE_TIMEOUT_MS", "5000")];

pub struct Settings(HashMap<String, String>);

impl Settings {
    pub fn from_environment() -> Self {
        let text = |text: OsString| text.to_string_lossy().into_owned();
        let mut settings = Self(env::vars_os().map(|(name, value)| (text(name), text(value))).collect());
        settings.default("AUTH_MODE", "none");
        settings
    }

    pub fn has_key(&self) -> bool {
        self.is_set("OPENAI_API_KEY") || self.is_set("OPENAI_API_KEY_SECRET_ARN")
    }

    /// Sends every request to the demonstration gateway. Returns the names of the settings that this overrides.
    pub fn use_demo_gateway(&mut self, base: String) -> Vec<&'static str> {
        let unused = GATEWAYS.into_iter().filter(|name| self.is_set(name)).collect();
        for name in GATEWAYS {
            self.0.remove(name);
        }
        self.0.insert("OPENAI_BASEURL".to_owned(), base);
        self.0.insert("OPENAI_API_KEY".to_owned(), "demonstration".to_owned());
        for (name, value) in DEMO_DEFAULTS {
            self.default(name, value);
        }
        unused
    }

    pub fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn is_set(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Empty means unset.
    fn value(&self, name: &str) -> Option<&String> {
        self.0.get(name).filter(|value| !value.is_empty())
    }

    fn default(&mut self, name: &str, value: &str) {
        if !self.is_set(name) {
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }

    pub fn number<T: FromStr>(&self, name: &str, default: T) -> Result<T, String> {
        match self.value(name) {
            None => Ok(default),
            Some(value) => value.parse().map_err(|_| format!("{name} must be a whole number, not {value}.")),
        }
    }
}
