//! The gateway: which targets there are, how each is asked, and what is done when one fails.
//!
//! It owns every request up to the first event of its answer, and the connections for it; it may not know the caller's
//! connection, nor what becomes of the events. [`policy`] decides, `ask` obeys, `attempt` is one ask of one target,
//! `refusal` reads what an error answer means. It follows [OpenAI's API reference][openai] and
//! [Cloudflare's headers of AI Gateway][cloudflare].
//!
//! [openai]: https://platform.openai.com/docs/api-reference/chat/create
//! [cloudflare]: https://developers.cloudflare.com/ai-gateway/glossary/

mod answer;
mod ask;
mod attempt;
mod client;
mod connector;
mod headers;
mod plan;
pub mod policy;
mod purpose;
mod refusal;
mod retired;
mod send_error;
mod trouble;
mod upstream;

pub use ask::Gateway;
pub use attempt::Answer;
pub use client::{Client, Clients};
pub use connector::Connector;
pub use headers::Metadata;
pub use purpose::{Asked, Head, Purpose};
pub use refusal::{Class, Refusal};
pub use send_error::SendError;
pub use trouble::Trouble;
pub use upstream::{Arrival, Opened, Upstream};
