//! What lies behind an error: hyper's own words are "connection error" and no more.

use std::{error::Error, iter::successors};

/// The causes of an error, the nearest first.
pub fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    successors(error.source(), |cause: &&'e (dyn Error + 'static)| (*cause).source())
}

/// An error's words and those of all its causes.
pub fn told_with_causes(error: &(dyn Error + 'static)) -> String {
    causes(error).fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}
