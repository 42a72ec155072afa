//! What the operator looks at holds together: the code's metrics, the template's alarms and dashboard, CloudWatch's
//! rules for metric lines, and the lines of a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "../support/emf.rs"]
mod emf;
#[path = "../support/schema.rs"]
mod schema;

mod lines;
mod panics;
mod template;
mod template_text;
