//! The members of a request beside its messages, and those that a model may refuse.

use super::message::Messages;
use crate::error::ApiError;
use serde::{Deserialize, de::value::StrDeserializer};
use serde_json::value::RawValue;
use std::{collections::BTreeSet, ops::RangeInclusive, str::FromStr};

/// Members inside the members of a request, as OpenAI names them.
const INNER_MEMBERS: &str = "arguments content description detail enum function id image_url include_usage items \
    json_schema name parameters properties required role schema strict text tool_call_id tool_calls type url";

/// Declares the members that `/v1/chat/completions` passes on as they came
/// (<https://platform.openai.com/docs/api-reference/chat/create>).
macro_rules! passed_members {
    ($($member:ident)*) => {
        /// The members of a request that mean something. All others are ignored.
        #[derive(Deserialize)]
        pub struct Members<'a> {
            #[serde(borrow)] pub messages: Option<Messages<'a>>,
            #[serde(borrow)] pub model: Option<&'a RawValue>,
            #[serde(borrow)] pub stream: Option<&'a RawValue>,
            #[serde(borrow)] pub max_tokens: Option<&'a RawValue>,
            #[serde(borrow)] pub max_completion_tokens: Option<&'a RawValue>,
            #[serde(borrow)] pub temperature: Option<&'a RawValue>,
            #[serde(borrow)] pub top_p: Option<&'a RawValue>,
            #[serde(borrow)] pub n: Option<&'a RawValue>,
            #[serde(borrow)] pub stream_options: Option<&'a RawValue>,
            $(#[serde(borrow)] $member: Option<&'a RawValue>,)*
        }

        impl<'a> Members<'a> {
            /// The members that are passed on as they came, with their names. An absent one is `None`.
            pub fn passed(&self) -> impl Iterator<Item = (&'static str, Option<&'a RawValue>)> {
                [$((stringify!($member), self.$member)),*].into_iter()
            }
        }
    };
}

passed_members! {
    audio frequency_penalty function_call functions logit_bias logprobs metadata modalities parallel_tool_calls
    prediction presence_penalty prompt_cache_key prompt_cache_retention reasoning_effort response_format
    safety_identifier seed service_tier stop store tool_choice tools top_logprobs user verbosity
    web_search_options
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

impl Parameter {
    /// The parameter of this name that may be left out.
    pub fn named(name: &str) -> Option<Self> {
        Self::deserialize(StrDeserializer::<serde_json::Error>::new(name)).ok()
    }
}

/// The parameters that a model was found to refuse.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adjustments(BTreeSet<Parameter>);

impl Adjustments {
    /// Whether the model refused this parameter.
    pub fn contains(&self, parameter: Parameter) -> bool {
        self.0.contains(&parameter)
    }

    /// Adds a parameter that the model refused.
    pub fn insert(&mut self, parameter: Parameter) {
        self.0.insert(parameter);
    }

    /// Whether the model refused nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many parameters the model refused.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Whether all segments are indexes or names of OpenAI's, so that no text of a caller or a gateway can be in them.
pub fn are_known<'a>(mut segments: impl Iterator<Item = &'a str>) -> bool {
    let is_index =
        |segment: &str| matches!(segment.len(), 1..=5) && segment.bytes().all(|byte| byte.is_ascii_digit());
    segments.all(|segment| is_index(segment) || INNER_MEMBERS.split(' ').any(|name| name == segment))
}
