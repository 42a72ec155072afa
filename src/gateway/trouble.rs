//! Why one ask of one target brought no answer.

use super::refusal::{Class, Refusal};
use crate::failure::{Failure, Kind};

/// The trouble with one ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// No connection: refused, no such host, TLS, or longer than the connect time-out.
    NotConnected,
    /// A pooled connection was dead before anything came over it; that says nothing about the gateway.
    StaleConnection,
    /// The connection broke before the first event.
    ConnectionLost,
    /// No response head within its time.
    NoAnswer,
    /// A response head, but no event within its time, and another target is there to ask.
    SlowFirstEvent,
    /// A response head, and then silence.
    Silent,
    /// An error answer, or an error as first event.
    Refused(Refusal),
    /// The answer makes no sense: malformed, empty, a page.
    BadAnswer,
    /// The first event is over the limit.
    TooLong,
}

impl Trouble {
    /// What the caller is told if nothing helps.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Refused(refusal) => refusal.failure(),
            Self::NoAnswer | Self::SlowFirstEvent | Self::Silent => Kind::GatewayTimeout.into(),
            Self::NotConnected
            | Self::StaleConnection
            | Self::ConnectionLost
            | Self::BadAnswer
            | Self::TooLong => Kind::Gateway.into(),
        }
    }

    /// The gateway said that there is no such model.
    pub fn is_model_not_found(&self) -> bool {
        matches!(self, Self::Refused(Refusal { class: Class::ModelNotFound, .. }))
    }
}
