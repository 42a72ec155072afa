//! The built binary, end to end: a Runtime API, a gateway and a Secrets Manager of the tests' own
//! on loopback, exact bytes in and out. `support` holds the stand-ins, each module here one matter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod auth;
mod auth_bearer;
mod auth_connect;
mod auth_jwks;
mod auth_limits;
mod auth_modes;
mod auth_privacy;
mod auth_refusals;
mod auth_tenants;
mod aws;
mod bad_requests;
mod concurrency;
mod config;
mod conversations;
mod deadline;
mod endings;
mod events_files;
mod faults_before;
mod faults_first_event;
mod faults_midway;
mod faults_size;
mod frontend;
mod gateway_cloudflare;
mod gateway_connections;
mod gateway_fallback;
mod gateway_keys;
mod gateway_models;
mod gateway_retries;
mod headers;
mod keepalive;
mod logs;
mod metrics;
mod nodelay;
mod privacy;
mod routes;
mod runtime_gone;
mod secret;
mod trace;
mod v1;
