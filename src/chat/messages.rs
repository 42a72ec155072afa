//! The messages of a request.

use super::{MAX_MESSAGES, message::Whole};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use std::fmt;

/// No more messages than are taken: the rest of a longer list is not even read.
pub struct Messages<'a>(pub Vec<Whole<'a>>);

impl<'de> Deserialize<'de> for Messages<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(MessagesVisitor)
    }
}

struct MessagesVisitor;

impl<'de> Visitor<'de> for MessagesVisitor {
    type Value = Messages<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut messages: A) -> Result<Self::Value, A::Error> {
        let mut read = Vec::new();
        while let Some(message) = messages.next_element()? {
            if read.len() == MAX_MESSAGES {
                return Err(A::Error::custom("too many messages"));
            }
            read.push(message);
        }
        Ok(Messages(read))
    }
}
