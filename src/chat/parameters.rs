//! The parameters beside the messages: which are checked, which are capped, which are passed on.

use super::message::given;
use crate::failure::Failure;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::ops::RangeInclusive;

/// Declares the fields that `/v1/chat/completions` passes on as they came
/// (<https://platform.openai.com/docs/api-reference/chat/create>).
macro_rules! passed_fields {
    ($($field:ident),* $(,)?) => {
        /// The members of a request that mean something; all others are ignored, as the old route did.
        #[derive(Debug, Deserialize)]
        pub struct Fields<'a> {
            #[serde(borrow, default)] pub messages: Option<&'a RawValue>,
            #[serde(borrow, default)] pub model: Option<&'a RawValue>,
            #[serde(borrow, default)] pub stream: Option<&'a RawValue>,
            #[serde(borrow, default)] pub max_tokens: Option<&'a RawValue>,
            #[serde(borrow, default)] pub max_completion_tokens: Option<&'a RawValue>,
            #[serde(borrow, default)] pub temperature: Option<&'a RawValue>,
            #[serde(borrow, default)] pub top_p: Option<&'a RawValue>,
            #[serde(borrow, default)] pub n: Option<&'a RawValue>,
            #[serde(borrow, default)] pub stream_options: Option<&'a RawValue>,
            $(#[serde(borrow, default)] $field: Option<&'a RawValue>,)*
        }

        impl<'a> Fields<'a> {
            /// The standard fields that are passed on as they came, with their names.
            pub fn passed(&self) -> impl Iterator<Item = (&'static str, &'a RawValue)> {
                let fields = [$((stringify!($field), self.$field)),*];
                fields.into_iter().filter_map(|(name, value)| Some((name, given(value)?)))
            }
        }
    };
}

passed_fields!(
    audio,
    frequency_penalty,
    function_call,
    functions,
    logit_bias,
    logprobs,
    metadata,
    modalities,
    parallel_tool_calls,
    prediction,
    presence_penalty,
    prompt_cache_key,
    prompt_cache_retention,
    reasoning_effort,
    response_format,
    safety_identifier,
    seed,
    service_tier,
    stop,
    store,
    tool_choice,
    tools,
    top_logprobs,
    user,
    verbosity,
    web_search_options,
);

/// A member of a simple type.
///
/// # Errors
/// A failure that names the member, when it has another type.
pub fn typed<T: DeserializeOwned>(
    name: &str,
    value: Option<&RawValue>,
    what: &str,
) -> Result<Option<T>, Failure> {
    let Some(value) = given(value) else { return Ok(None) };
    serde_json::from_str(value.get()).map(Some).map_err(|_| Failure::invalid_request(name, what))
}

/// A number within its range, as the caller wrote it.
///
/// # Errors
/// A failure that names the member, when it is no number or out of range.
pub fn bounded<'a>(
    name: &str,
    value: Option<&'a RawValue>,
    range: RangeInclusive<f64>,
) -> Result<Option<&'a RawValue>, Failure> {
    let what = format!("must be a number from {} to {}", range.start(), range.end());
    match typed::<f64>(name, value, &what)? {
        Some(number) if !range.contains(&number) => Err(Failure::invalid_request(name, &what)),
        _ => Ok(given(value)),
    }
}
