//! Stand-ins for everything the function talks to, and the function itself as a child process.
//! Nothing here shares code with the crate: what the two must agree on is what the tests check.

pub mod answer;
pub mod call;
pub mod emf;
pub mod event;
pub mod frontend;
pub mod function;
pub mod gateway;
pub mod invocation;
pub mod key_host;
pub mod patience;
pub mod payload;
pub mod response;
pub mod rest_event;
pub mod runtime_api;
pub mod schema;
pub mod secrets;
pub mod tokens;
pub mod wire;
pub mod world;
