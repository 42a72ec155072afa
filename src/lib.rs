//! GPTDock
pub mod api_format;
pub mod caller;
pub mod config;
pub mod error;
pub mod json;
pub mod routes;
pub mod secret_string;
pub use config::{Config, ConfigError};
