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

pub mod app;
pub mod auth;
pub mod chat;
pub mod config;
pub mod dialect;
pub mod failure;
pub mod gateway;
pub mod invocation;
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
