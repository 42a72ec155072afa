//! The base URL of a gateway.

use super::reader::Reader;
use http::{Uri, uri::PathAndQuery};

const OPENAI: &str = "https://api.openai.com/v1";
const OPENAI_CHAT_COMPLETIONS: &str = "https://api.openai.com/v1/chat/completions";
const CLOUDFLARE_HOST: &str = "gateway.ai.cloudflare.com";

/// Where `/chat/completions` is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// `{base}/chat/completions`.
    pub chat_completions: Uri,
    /// The host is Cloudflare AI Gateway's.
    pub is_cloudflare: bool,
}

impl Base {
    /// Reads a base URL: `https` or `http`, a host in ASCII, a path, and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        // `Uri` takes a fragment off without a word.
        let plain = !text.contains(['?', '#', '@']);
        let mut parts = text.parse::<Uri>().ok().filter(|_| plain)?.into_parts();
        let host_and_port = parts.authority.as_ref()?;
        // `Uri` takes whatever stands behind the colon for a port.
        let has_good_port = match host_and_port.as_str().strip_prefix(host_and_port.host())? {
            "" => true,
            port => port.strip_prefix(':')?.parse::<u16>().is_ok(),
        };
        let has_host = !host_and_port.host().is_empty();
        let is_http = parts.scheme.as_ref().is_some_and(|scheme| matches!(scheme.as_str(), "https" | "http"));
        if !is_http || !has_host || !has_good_port {
            return None;
        }
        let is_cloudflare = host_and_port.host().eq_ignore_ascii_case(CLOUDFLARE_HOST);
        let path = parts.path_and_query.as_ref().map_or("", PathAndQuery::path);
        let path = path.strip_suffix('/').unwrap_or(path);
        parts.path_and_query = Some(format!("{path}/chat/completions").parse().ok()?);
        Some(Self { chat_completions: Uri::from_parts(parts).ok()?, is_cloudflare })
    }

    fn openai() -> Self {
        Self { chat_completions: Uri::from_static(OPENAI_CHAT_COMPLETIONS), is_cloudflare: false }
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
