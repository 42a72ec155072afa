//! Why a body was refused, and where.
//!
//! Almost all bodies are good. So reading one goes through it once, keeps no places (`messages[0].content.parts[1]`) and
//! only fails; what failed is found here, step by step, and the first fault is told.

use super::{
    MAX_MESSAGES,
    message::{Incoming, Message, Whole, role},
    parameters::{Fields, typed},
    parts,
};
use crate::{
    dialect::Dialect,
    failure::{Failure, Kind},
    json::{Object, Text},
};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// What is said of anything that should be an object of ours.
pub const NO_OBJECT: &str = "must be an object of the right shape";

/// Why this text is no question, up to its messages.
pub fn find(text: &str, dialect: Dialect) -> Failure {
    let Ok(Object(fields)) = serde_json::from_str::<Object<Fields<'_, &RawValue>>>(text) else {
        return unreadable(text);
    };
    let model = typed::<Text<'_>>("model", fields.model, "must be a string");
    let found = model.and_then(|_| check(fields.messages, dialect));
    found.err().unwrap_or_else(|| Kind::InvalidRequest.into())
}

/// A failure of all messages together.
pub fn of_messages(message: &'static str) -> Failure {
    Failure { param: Some("messages".to_owned()), ..Kind::InvalidRequest.into() }.with_message(message)
}

fn unreadable(text: &str) -> Failure {
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Kind::InvalidJson.into();
    }
    Failure::new(Kind::InvalidRequest).with_message("The request must be one JSON object.")
}

fn check(messages: Option<&RawValue>, dialect: Dialect) -> Result<(), Failure> {
    let messages = messages.and_then(|messages| serde_json::from_str::<Vec<&RawValue>>(messages.get()).ok());
    let messages = messages.filter(|messages| !messages.is_empty());
    let messages = messages.ok_or_else(|| of_messages("Messages array is required"))?;
    if messages.len() > MAX_MESSAGES {
        let what = format!("holds more than {MAX_MESSAGES} messages");
        return Err(Failure::invalid_request("messages", &what));
    }
    for (index, message) in messages.into_iter().enumerate() {
        let Ok(message) = serde_json::from_str::<Whole<'_>>(message.get()) else {
            return Err(misshapen(message, &format!("messages[{index}]")));
        };
        Message::new(message, dialect)
            .map_err(|what| Failure::invalid_request(&format!("messages[{index}].role"), &what))?;
    }
    Ok(())
}

/// What is wrong with a message that cannot be read.
fn misshapen(message: &RawValue, place: &str) -> Failure {
    type Unread<'a> = Object<Incoming<'a, &'a RawValue, &'a RawValue>>;
    let Ok(Object(message)) = serde_json::from_str::<Unread<'_>>(message.get()) else {
        return Failure::invalid_request(place, NO_OBJECT);
    };
    let Ok(author) = message.author.map(|author| serde_json::from_str(author.get())).transpose() else {
        return Failure::invalid_request(&format!("{place}.author"), NO_OBJECT);
    };
    match (role(author, message.role), message.content) {
        (Err(what), _) => Failure::invalid_request(&format!("{place}.role"), what),
        (_, Some(content)) => parts::misshapen(content, &format!("{place}.content")),
        (_, None) => Failure::invalid_request(place, NO_OBJECT),
    }
}
