//! The gateway: which targets there are, how each is asked, and what is done when one fails.

mod answer;
mod ask;
mod attempt;
mod client;
mod headers;
mod plan;
pub mod policy;
mod preconnect;
mod purpose;
mod refusal;
mod retired;
mod trouble;
mod upstream;

pub use ask::Gateway;
pub use attempt::Answer;
pub use client::{Channel, Clients};
pub use headers::Metadata;
pub use purpose::{Asked, Head, Purpose};
pub use refusal::Refusal;
pub use upstream::{Arrival, Opened, Upstream};
