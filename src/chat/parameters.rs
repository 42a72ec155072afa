//! The parameters beside the messages: which are checked, which are capped, which are passed on.

use crate::failure::Failure;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::ops::RangeInclusive;

/// Declares the fields that `/v1/chat/completions` passes on as they came
/// (<https://platform.openai.com/docs/api-reference/chat/create>).
macro_rules! passed_fields {
    ($($field:ident),* $(,)?) => {
        /// The members of a request that mean something, its messages read or unread; all others are ignored, as the
        /// old route did.
        #[derive(Deserialize)]
        pub struct Fields<'a, M> {
            pub messages: Option<M>,
            #[serde(borrow)] pub model: Option<&'a RawValue>,
            #[serde(borrow)] pub stream: Option<&'a RawValue>,
            #[serde(borrow)] pub max_tokens: Option<&'a RawValue>,
            #[serde(borrow)] pub max_completion_tokens: Option<&'a RawValue>,
            #[serde(borrow)] pub temperature: Option<&'a RawValue>,
            #[serde(borrow)] pub top_p: Option<&'a RawValue>,
            #[serde(borrow)] pub n: Option<&'a RawValue>,
            #[serde(borrow)] pub stream_options: Option<&'a RawValue>,
            $(#[serde(borrow)] $field: Option<&'a RawValue>,)*
        }

        impl<'a, M> Fields<'a, M> {
            /// The standard fields that are passed on as they came, with their names.
            pub fn passed(&self) -> impl Iterator<Item = (&'static str, &'a RawValue)> {
                let fields = [$((stringify!($field), self.$field)),*];
                fields.into_iter().filter_map(|(name, value)| Some((name, value?)))
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
pub fn typed<'a, T: Deserialize<'a>>(
    name: &str,
    value: Option<&'a RawValue>,
    what: &str,
) -> Result<Option<T>, Failure> {
    let Some(value) = value else { return Ok(None) };
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
    let Some(number) = value else { return Ok(None) };
    if serde_json::from_str::<f64>(number.get()).is_ok_and(|number| range.contains(&number)) {
        return Ok(value);
    }
    let what = format!("must be a number from {} to {}", range.start(), range.end());
    Err(Failure::invalid_request(name, &what))
}
