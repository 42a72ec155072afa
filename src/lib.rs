//! GPTDock: one AWS Lambda function that streams AI answers to a browser.
//!
//! # Layout
//!
//! The modules in the order in which a request passes them. A module uses only those below it.
//!
//! | module | owns |
//! |---|---|
//! | [`lambda`] | Lambda's events and its Runtime API |
//! | [`app`] | the order of all steps for one request |
//! | [`response`] | status, headers and body |
//! | [`stream`] | what an open stream writes, when, and how it ends |
//! | [`gateway`] | targets, attempts, retries and fallbacks |
//! | [`auth`] | who may call |
//! | [`secrets`] | what Secrets Manager holds, and how it stays fresh |
//! | [`http_client`] | the one HTTP client |
//! | [`chat`] | what callers ask, and what the gateway is asked |
//! | [`telemetry`] | log lines and metrics |
//! | [`sse`] | bytes to events |
//! | [`routes`], [`config`], [`caller`] | paths, settings, the authenticated caller |
//! | [`api_format`], [`error`] | how the two kinds of callers read errors, and which there are |
//! | [`json`], [`secret_string`] | a few members of a large JSON, strings that are never printed |
//!
//! # One request
//!
//! `lambda` turns an event into an HTTP request for [`App::handle`]. The request is routed and its caller
//! authenticated; only then is its body parsed. The gateway module asks target after target until the first event of
//! an answer arrives, which decides the HTTP status. From then on the response body decodes the gateway's bytes, passes
//! on each complete event, and ends the stream exactly once: completely, or with an error that says so.
//!
//! ```
//! use gptdock::{App, Config, app::RequestContext};
//! use http::Request;
//! use http_body_util::BodyExt;
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! // `main.rs` looks the settings up in the environment. Here the gateway's address has no server, and is not asked.
//! let set = [("AUTH_MODE", "none"), ("OPENAI_API_KEY", "sk-example"), ("OPENAI_BASEURL", "http://127.0.0.1:9/v1")];
//! let config = Config::from_lookup(|name| Some(set.iter().find(|set| set.0 == name)?.1.to_owned()))?;
//! let app = App::start(config).await?;
//!
//! let context =
//!     RequestContext { request_id: "8f5c".to_owned(), trace_id: None, time_left: Duration::from_secs(60) };
//! let response = app.handle(Request::get("/health").body(Ok("".into()))?, &context).await;
//! assert_eq!((response.status().as_u16(), &response.headers()["x-request-id"]), (200, &"8f5c".parse()?));
//! assert!(response.into_body().collect().await?.to_bytes().starts_with(br#"{"status":"ok""#));
//! # Ok(())
//! # }
//! ```

pub mod api_format;
pub mod app;
pub mod auth;
pub mod caller;
pub mod chat;
pub mod config;
pub mod error;
pub mod gateway;
pub mod http_client;
pub mod json;
pub mod lambda;
pub mod response;
pub mod routes;
pub mod secret_string;
pub mod secrets;
pub mod sse;
pub mod stream;
pub mod telemetry;

pub use app::App;
pub use config::{Config, ConfigError};

#[cfg(test)]
mod memory_tests;
