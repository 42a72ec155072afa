//! Secrets: what they hold, how they are read, and how they stay fresh. Knows no request and no gateway.

mod cache;
mod container;
mod credentials;
mod openai;
mod reader;
mod sdk_http;
mod text;

pub use cache::{Cached, Unavailable};
pub use container::{ContainerCredentials, ContainerToken};
pub use credentials::{AwsCredentials, AwsKeys};
pub use openai::OpenAiSecret;
pub use reader::{AwsEnvironment, ReadError, SecretReader};
pub use text::SecretText;
