//! The chat page and its assets, embedded so that nothing has to be found at run time.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};

const HTML: &str = include_str!("page.html");
const SCRIPT: &str = "text/javascript; charset=utf-8";
const ASSETS: [(&str, &str, &str); 6] = [
    ("/page.css", "text/css; charset=utf-8", include_str!("page.css")),
    ("/page.js", SCRIPT, include_str!("page.js")),
    ("/answer.js", SCRIPT, include_str!("answer.js")),
    ("/conversation.js", SCRIPT, include_str!("conversation.js")),
    ("/events.js", SCRIPT, include_str!("events.js")),
    ("/markdown.js", SCRIPT, include_str!("markdown.js")),
];

/// Answers of a model are shown here: whatever they hold, no script but the page's own may run.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page as this process serves it.
pub struct Page {
    html: String,
}

impl Page {
    /// The page knows which gateway answers, so that it offers the demonstration's commands only where they work.
    pub fn new(demo: bool) -> Self {
        let gateway = if demo { "demonstration" } else { "real" };
        Self { html: HTML.replace("{{gateway}}", gateway) }
    }

    /// The response to a path of the page's own; every other path is the function's.
    pub fn get(&self, path: &str) -> Option<Response<Bytes>> {
        match path {
            "/" => Some(response("text/html; charset=utf-8", self.html.clone())),
            "/favicon.ico" => {
                let mut nothing = Response::default();
                *nothing.status_mut() = StatusCode::NO_CONTENT;
                Some(nothing)
            }
            _ => ASSETS.iter().find(|(name, ..)| *name == path).map(|(_, kind, text)| response(kind, *text)),
        }
    }
}

fn response(kind: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    for (name, value) in
        [(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, "no-store")]
    {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
