//! Authentication through the library's public API: vectors made with Atlassian's own library, an issuer whose
//! keys rotate and whose host fails, junk of every length, and the recipe that builds the tenants' secret.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod connect_vectors;
mod junk;
mod jwks_vectors;
mod key_host;
mod key_rotation;
mod modes;
mod support;
mod tenants_recipe;
