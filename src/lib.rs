//! GPTDock: one AWS Lambda function that streams AI answers to a browser.
//!
//! # Layout
//!
//! The modules in the order in which a request passes them:
//!
//! | module | owns |
//! |---|---|
//! | [`runtime`] | the loop between Lambda's Runtime API and the application, one write for one event |
//! | [`app`] | the way of one invocation through everything below |
//! | [`invocation`] | the Function URL event and the HTTP request inside it |
//! | [`route`] | which paths there are |
//! | [`auth`] | who may call |
//! | [`chat`] | what may be asked, and how the gateway is asked it |
//! | [`gateway`] | targets, retries, fallbacks; one ask of one target up to its first event |
//! | [`sse`] | bytes to events |
//! | [`relay`] | what leaves on an open stream, when, and how it ends |
//! | [`reply`] | status, headers, body |
//! | [`record`], [`log`], [`metrics`] | what the operator reads |
//!
//! Beside them: [`config`] (all settings, read once), [`secret`] and [`sources`] (the key and how it stays fresh),
//! [`failure`] (status, code and sentence of everything that can go wrong), [`dialect`] (how the two kinds of
//! callers are told).
//!
//! # One request
//!
//! `runtime` takes an [`Invocation`] and hands it to [`App::handle`]. The call is read, routed and its caller
//! identified; only then is its body looked at. A checked question goes to the gateway, target after target, until
//! the first event of an answer has come: that event decides the HTTP status. From there the [`ReplyBody`] is a
//! stream that `runtime` polls: the gateway's bytes are decoded, each complete event is judged and written on, and
//! the relay's state machine ends the stream exactly once, whole or with an error that says so.
//!
//! ```
//! use gptdock::{App, Config, Invocation};
//! use http_body_util::BodyExt;
//! use std::time::{Duration, SystemTime};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // `main.rs` looks up the environment; here nobody listens at the gateway's address, and nobody is asked.
//! let config = Config::from_lookup(|name| match name {
//!     "AUTH_MODE" => Some("none".to_owned()),
//!     "OPENAI_API_KEY" => Some("sk-example".to_owned()),
//!     "OPENAI_BASEURL" => Some("http://127.0.0.1:9/v1".to_owned()),
//!     _ => None,
//! })?;
//! let app = App::start(config).await?;
//!
//! let event = r#"{"version": "2.0", "rawPath": "/health", "headers": {}, "isBase64Encoded": false,
//!     "requestContext": {"http": {"method": "GET", "path": "/health"}, "timeEpoch": 0}}"#;
//! let reply = app
//!     .handle(Invocation {
//!         request_id: "8f5c".to_owned(),
//!         deadline: SystemTime::now() + Duration::from_secs(60),
//!         trace_id: None,
//!         event: event.into(),
//!     })
//!     .await;
//! assert_eq!((reply.status.as_u16(), &reply.headers["x-request-id"]), (200, &"8f5c".parse()?));
//! assert!(reply.body.collect().await?.to_bytes().starts_with(br#"{"status":"ok""#));
//! # Ok(())
//! # }
//! ```

pub mod app;
pub mod auth;
mod causes;
pub mod chat;
pub mod config;
pub mod dialect;
pub mod failure;
pub mod gateway;
pub mod invocation;
mod json;
pub mod log;
pub mod metrics;
mod panic_guard;
pub mod record;
pub mod relay;
pub mod reply;
pub mod route;
pub mod runtime;
pub mod secret;
pub mod sources;
pub mod sse;

pub use app::App;
pub use config::{Config, ConfigError};
pub use invocation::Invocation;
pub use reply::{Reply, ReplyBody};
