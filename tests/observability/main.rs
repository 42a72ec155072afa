//! What the operator looks at: metric lines that CloudWatch accepts, a dashboard and alarms that name what the code
//! emits, and the line of a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "../support/emf.rs"]
mod emf;
#[path = "../support/schema.rs"]
mod schema;

mod metrics;
mod panics;
