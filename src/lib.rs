//! x
pub mod auth;
