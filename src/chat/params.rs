//! The members of a request, and those that a model may refuse.

use super::{body::Only, message::Messages};
use crate::error::ApiError;
use serde::{Deserialize, de::value::StrDeserializer};
use serde_json::value::RawValue;
use std::{collections::BTreeSet, ops::RangeInclusive, str::FromStr};

/// Declares the members that are read, and those that are passed on as they came
/// (<https://platform.openai.com/docs/api-reference/chat/create>).
macro_rules! members {
    (read: $($read:ident)*, passed: $($passed:ident)*) => {
        /// The members of a request that mean something. All others are ignored.
        #[derive(Default, Deserialize)]
        #[serde(bound(deserialize = "'de: 'a"))]
        pub struct Members<'a> {
            pub messages: Option<Only<'[', Messages<'a>>>,
            $(pub $read: Option<&'a RawValue>,)*
            $(pub $passed: Option<&'a RawValue>,)*
        }

        impl<'a> Members<'a> {
            /// The members that are passed on, with their names. An absent one is `None`.
            pub fn passed(&self) -> impl Iterator<Item = (&'static str, Option<&'a RawValue>)> {
                [$((stringify!($passed), self.$passed)),*].into_iter()
            }
        }
    };
}

members! {
    read: model stream max_tokens max_completion_tokens temperature stream_options,
    passed: top_p n audio frequency_penalty function_call functions logit_bias logprobs metadata modalities
        parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_retention reasoning_effort
        response_format safety_identifier seed service_tier stop store tool_choice tools top_logprobs user
        verbosity web_search_options
}

/// The value of a member. Fails when it is not in `range`, with an error that says `what` it must be.
pub fn checked<T: FromStr + PartialOrd>(
    name: &str,
    value: Option<&RawValue>,
    range: RangeInclusive<T>,
    what: &str,
) -> Result<Option<T>, ApiError> {
    let Some(value) = value else { return Ok(None) };
    let parsed = value.get().parse().ok().filter(|parsed| range.contains(parsed));
    parsed.map(Some).ok_or_else(|| ApiError::invalid_request(name, what))
}

/// A parameter that some models refuse. `TokenLimitName` is sent under its other name, the others are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each variant has OpenAI's name")]
pub enum Parameter {
    #[serde(skip)]
    TokenLimitName,
    Temperature,
    TopP,
    PresencePenalty,
    FrequencyPenalty,
    ReasoningEffort,
    Stop,
    Logprobs,
    TopLogprobs,
    LogitBias,
    Seed,
}

/// The parameters that a model was found to refuse.
pub type Adjustments = BTreeSet<Parameter>;

impl Parameter {
    /// The parameter of this name that may be left out.
    pub fn named(name: &str) -> Option<Self> {
        Self::deserialize(StrDeserializer::<serde_json::Error>::new(name)).ok()
    }
}
