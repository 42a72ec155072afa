//! End-to-end tests of the built binary against a Runtime API, a gateway and a Secrets Manager on loopback.
//! They assert exact bytes. `support` holds these servers; each module covers one subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod api_gateway;
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
mod cloudflare_keys;
mod concurrency;
mod config;
mod conversations;
mod cut_short;
mod deadline;
mod endings;
mod events_files;
mod fallback_parameters;
mod faults_before;
mod faults_first_event;
mod faults_midway;
mod faults_size;
mod first_events;
mod frontend;
mod gateway_cloudflare;
mod gateway_connections;
mod gateway_decisions;
mod gateway_fallback;
mod gateway_keys;
mod gateway_models;
mod gateway_retries;
mod headers;
mod keepalive;
mod leaks_gateway;
mod leaks_secrets;
mod leaks_settings;
mod length_note;
mod logs;
mod manners;
mod memory_answers;
mod memory_bounds;
mod memory_secrets;
mod metrics;
mod nodelay;
mod odd_bodies;
mod plain_json;
mod privacy;
mod reasoning_effort;
mod refused_parameters;
mod remembered_models;
mod routes;
mod runtime_gone;
mod secret;
mod slow_targets;
mod trace;
mod v1;
