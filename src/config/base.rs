//! The base URL of a gateway.

use super::reader::Reader;
use reqwest::Url;

const OPENAI: &str = "https://api.openai.com/v1";
const CLOUDFLARE_HOST: &str = "gateway.ai.cloudflare.com";

/// Where `/chat/completions` is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// `{base}/chat/completions`.
    pub chat_completions: String,
    /// The host is Cloudflare AI Gateway's.
    pub is_cloudflare: bool,
}

impl Base {
    /// Reads a base URL: `https` or `http`, a host, a path, and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut url = Url::parse(text).ok()?;
        let plain = url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() || !plain || !anonymous {
            return None;
        }
        let is_cloudflare = url.host_str() == Some(CLOUDFLARE_HOST);
        url.path_segments_mut().ok()?.pop_if_empty().extend(["chat", "completions"]);
        Some(Self { chat_completions: url.into(), is_cloudflare })
    }

    fn openai() -> Self {
        Self { chat_completions: format!("{OPENAI}/chat/completions"), is_cloudflare: false }
    }
}

/// `OPENAI_BASEURL`, else Cloudflare's account and gateway, else OpenAI.
pub fn primary(reader: &mut Reader) -> Base {
    let account = reader.text("CF_ACCOUNT_ID");
    let gateway = reader.text("CF_GATEWAY_ID");
    let text = match (reader.text("OPENAI_BASEURL"), account, gateway) {
        (Some(base), _, _) => return named(reader, "OPENAI_BASEURL", &base),
        (None, Some(account), Some(gateway)) => {
            for (name, id) in [("CF_ACCOUNT_ID", &account), ("CF_GATEWAY_ID", &gateway)] {
                if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
                    reader.problem(format!("{name} must be letters, digits, - and _, not {id:?}"));
                }
            }
            format!("https://{CLOUDFLARE_HOST}/v1/{account}/{gateway}/openai")
        }
        (None, None, None) => OPENAI.to_owned(),
        (None, Some(_), None) => missing(reader, "CF_GATEWAY_ID", "CF_ACCOUNT_ID"),
        (None, None, Some(_)) => missing(reader, "CF_ACCOUNT_ID", "CF_GATEWAY_ID"),
    };
    Base::parse(&text).unwrap_or_else(Base::openai)
}

/// `OPENAI_FALLBACK_BASEURL`; empty turns it off, unset means OpenAI behind Cloudflare and none otherwise.
pub fn fallback(reader: &mut Reader, primary: &Base) -> Option<Base> {
    let fallback = match reader.raw("OPENAI_FALLBACK_BASEURL") {
        Some(text) if text.is_empty() => return None,
        Some(text) => named(reader, "OPENAI_FALLBACK_BASEURL", &text),
        None if primary.is_cloudflare => Base::openai(),
        None => return None,
    };
    (fallback != *primary).then_some(fallback)
}

fn named(reader: &mut Reader, name: &str, text: &str) -> Base {
    Base::parse(text).unwrap_or_else(|| {
        reader.problem(format!("{name} must be an https or http URL without credentials, query or fragment"));
        Base::openai()
    })
}

fn missing(reader: &mut Reader, missing: &str, given: &str) -> String {
    reader.problem(format!("{missing} is not set, but {given} is"));
    OPENAI.to_owned()
}
