//! What the environment says, and what stands in for it on a laptop.

use std::collections::HashMap;
use std::env;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;

/// Settings of this example; the function reads its own through [`Settings::get`].
pub struct Settings {
    overrides: HashMap<&'static str, String>,
    port: u16,
    time_limit: Duration,
    demo: bool,
}

/// Short enough that a person sees each fault end; a value of the user's own wins.
const DEMO_TIMES: [(&str, &str); 3] =
    [("IDLE_TIMEOUT_MS", "8000"), ("KEEPALIVE_MS", "3000"), ("RESPONSE_TIMEOUT_MS", "5000")];

/// With the demonstration key, nothing may be sent anywhere but to the demonstration gateway.
const ELSEWHERE: [&str; 4] = ["OPENAI_BASEURL", "OPENAI_FALLBACK_BASEURL", "CF_ACCOUNT_ID", "CF_GATEWAY_ID"];

impl Settings {
    /// Reads the environment; the error is a sentence for the person who set it.
    pub fn from_environment() -> Result<Self, String> {
        let mut overrides = HashMap::new();
        if variable("AUTH_MODE").is_none() {
            overrides.insert("AUTH_MODE", "none".to_owned());
        }
        Ok(Self {
            overrides,
            port: number("PORT", 9000)?,
            time_limit: Duration::from_secs(number("LAMBDA_TIMEOUT_SECONDS", 300)?),
            demo: false,
        })
    }

    /// The port to listen on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How long one invocation may take, as the function's timeout on AWS.
    pub fn time_limit(&self) -> Duration {
        self.time_limit
    }

    /// A key was given, or a secret that holds one.
    pub fn has_key(&self) -> bool {
        variable("OPENAI_API_KEY").is_some() || variable("OPENAI_API_KEY_SECRET_ARN").is_some()
    }

    /// The demonstration gateway answers.
    pub fn is_demo(&self) -> bool {
        self.demo
    }

    /// Anyone who reaches the port may call.
    pub fn is_open(&self) -> bool {
        self.get("AUTH_MODE").is_some_and(|mode| mode.trim() == "none")
    }

    /// Sends every request to the demonstration gateway.
    pub fn use_demo_gateway(&mut self, gateway: SocketAddr) {
        self.demo = true;
        self.overrides.extend(ELSEWHERE.map(|name| (name, String::new())));
        self.overrides.insert("OPENAI_BASEURL", format!("http://{gateway}"));
        self.overrides.insert("OPENAI_API_KEY", "demonstration".to_owned());
        for (name, value) in DEMO_TIMES {
            if variable(name).is_none() {
                self.overrides.insert(name, value.to_owned());
            }
        }
    }

    /// A setting of the function: ours where we must decide, else the environment's.
    pub fn get(&self, name: &str) -> Option<String> {
        match self.overrides.get(name) {
            Some(value) => Some(value.clone()),
            None => env::var(name).ok(),
        }
    }

    /// What a person reads at start.
    pub fn welcome(&self, address: SocketAddr) -> String {
        let mut text = format!(
            "GPTDock runs on this machine.\n\n  page   http://{address}/\n  try    {}\n\n",
            example(address)
        );
        text.push_str(if self.demo {
            "A demonstration gateway answers, inside this process: no key, no account, nothing leaves the machine.\n\
             Ask it /help to see how it can fail. Set OPENAI_API_KEY to talk to the real one.\n"
        } else {
            "The real gateway answers, with your key.\n"
        });
        let unused: Vec<_> =
            ELSEWHERE.into_iter().filter(|name| self.demo && variable(name).is_some()).collect();
        if !unused.is_empty() {
            let _ = writeln!(text, "Not used without OPENAI_API_KEY: {}.", unused.join(", "));
        }
        if self.is_open() {
            text.push_str(
                "AUTH_MODE is none: whoever can reach this port may call, and only this machine can reach it.\n",
            );
        }
        text.push_str("Stop it with Ctrl-C.\n");
        text
    }
}

fn example(address: SocketAddr) -> String {
    let content = json!({"content_type": "text", "parts": ["Say hello in five languages"]});
    let message = json!({"id": "1", "author": {"role": "user"}, "role": "user", "content": content});
    let request = json!({
        "action": "next", "messages": [message], "parent_message_id": "0", "model": "text-davinci-002",
    });
    format!("curl -N http://{address}/conversations -H 'content-type: application/json' -d '{request}'")
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn number<T: std::str::FromStr>(name: &str, default: T) -> Result<T, String> {
    match variable(name) {
        None => Ok(default),
        Some(value) => value.parse().map_err(|_| format!("{name} is not a number that can be used: {value}")),
    }
}
