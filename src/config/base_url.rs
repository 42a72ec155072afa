//! The base URL of a gateway.

use super::env::Env;
use reqwest::Url;

const OPENAI: &str = "https://api.openai.com/v1";
const CLOUDFLARE_GATEWAY_HOST: &str = "gateway.ai.cloudflare.com";
const CLOUDFLARE_API_HOST: &str = "api.cloudflare.com";

/// A base URL: `http` or `https`, a host and a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// `{base}/chat/completions`.
    pub chat_completions: Url,
}

impl BaseUrl {
    /// Parses a base URL. Returns `None` for another scheme, and for a URL with credentials, query or fragment.
    pub fn parse(text: &str) -> Option<Self> {
        let mut url = absolute_url(text)?;
        if url.query().is_some() || url.fragment().is_some() {
            return None;
        }
        url.set_path(&format!("{}/chat/completions", url.path().trim_end_matches('/')));
        Some(Self { chat_completions: url })
    }

    /// The origin's root. It names no account.
    pub fn root(&self) -> Url {
        let mut url = self.chat_completions.clone();
        url.set_path("/");
        url
    }

    /// The host is Cloudflare AI Gateway's.
    pub fn is_cloudflare_gateway(&self) -> bool {
        self.chat_completions.host_str() == Some(CLOUDFLARE_GATEWAY_HOST)
    }

    /// The host is Cloudflare's REST API, which reaches a gateway through a header.
    pub fn is_cloudflare_api(&self) -> bool {
        self.chat_completions.host_str() == Some(CLOUDFLARE_API_HOST)
    }
}

/// Parses an `http` or `https` URL with a host and without credentials. Rejects what [`Url::parse`] would repair,
/// such as `https:///v1`: a typing error must not become another host.
pub(super) fn absolute_url(text: &str) -> Option<Url> {
    let after_scheme = text.trim().split_once("://")?.1;
    if after_scheme.starts_with('/') || after_scheme.contains(['\\', ' ', '\t', '\r', '\n']) {
        return None;
    }
    let url = Url::parse(text.trim()).ok()?;
    let has_credentials = !url.username().is_empty() || url.password().is_some();
    (matches!(url.scheme(), "http" | "https") && url.has_host() && !has_credentials).then_some(url)
}

/// `OPENAI_BASEURL`, else Cloudflare's account and gateway, else OpenAI.
pub fn primary(env: &mut Env) -> BaseUrl {
    let [account, gateway] = ["CF_ACCOUNT_ID", "CF_GATEWAY_ID"].map(|name| {
        let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let id = env.text(name);
        if id.as_ref().is_some_and(|id| !id.bytes().all(is_valid)) {
            env.problem(format!("{name} must be letters, digits, - and _"));
        }
        id
    });
    match (env.text("OPENAI_BASEURL"), account, gateway) {
        (Some(_), _, _) => return named(env, "OPENAI_BASEURL"),
        (None, Some(account), Some(gateway)) => {
            let text = format!("https://{CLOUDFLARE_GATEWAY_HOST}/v1/{account}/{gateway}/openai");
            return BaseUrl::parse(&text).unwrap_or_else(openai);
        }
        (None, Some(_), None) => env.problem("CF_GATEWAY_ID is not set, but CF_ACCOUNT_ID is"),
        (None, None, Some(_)) => env.problem("CF_ACCOUNT_ID is not set, but CF_GATEWAY_ID is"),
        (None, None, None) => {}
    }
    openai()
}

/// `OPENAI_FALLBACK_BASEURL`. Empty turns it off; unset means OpenAI behind Cloudflare's gateway, else none.
pub fn fallback(env: &mut Env, primary: &BaseUrl) -> Option<BaseUrl> {
    let fallback = match env.raw("OPENAI_FALLBACK_BASEURL") {
        Some(text) if text.trim().is_empty() => return None,
        Some(_) => named(env, "OPENAI_FALLBACK_BASEURL"),
        None if primary.is_cloudflare_gateway() => openai(),
        None => return None,
    };
    (fallback != *primary).then_some(fallback)
}

#[allow(clippy::expect_used, reason = "the text is a constant, and a test parses it")]
fn openai() -> BaseUrl {
    BaseUrl::parse(OPENAI).expect("OPENAI is a base URL")
}

fn named(env: &mut Env, name: &str) -> BaseUrl {
    let parsed = env.text(name).and_then(|text| BaseUrl::parse(&text));
    if parsed.is_none() {
        env.problem(format!("{name} must be an https or http URL without credentials, query or fragment"));
    }
    parsed.unwrap_or_else(openai)
}
