//! What an error response means for the next step, and Cloudflare AI Gateway's error numbers. `docs/failures.md` has
//! the same table.

/// What an error response means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// The request itself is refused.
    Refused,
    /// A content filter, a guardrail or data loss prevention blocks the request.
    ContentFilter,
    /// A policy of the gateway denies the request.
    Denied,
    /// The conversation is too long for this model.
    ContextLength,
    /// The model does not take the parameter that `param` names.
    UnsupportedParameter,
    /// Too many requests.
    RateLimited,
    /// Out of quota, credit or budget.
    Quota,
    /// The key is refused.
    Key,
    /// The gateway's own token is missing or refused.
    GatewayToken,
    /// The gateway does not exist.
    GatewayNotSetUp,
    /// The key may not do this.
    Forbidden,
    /// Something on the way to the model is set up wrongly.
    Misconfigured,
    /// The model does not exist, or no longer.
    ModelNotFound,
    /// The gateway's own time-out.
    Timeout,
    /// A guardrail is down and set to block.
    GuardrailDown,
    /// The gateway or the provider failed.
    Fault,
    /// Another 4xx.
    Other,
}

/// Number and class, from Cloudflare's pages on [authentication], [guardrails], [DLP], [rate limits] and [spend limits].
///
/// [authentication]: https://developers.cloudflare.com/ai-gateway/configuration/authentication/
/// [guardrails]: https://developers.cloudflare.com/ai-gateway/features/guardrails/
/// [DLP]: https://developers.cloudflare.com/ai-gateway/features/dlp/
/// [rate limits]: https://developers.cloudflare.com/ai-gateway/features/rate-limiting/
/// [spend limits]: https://developers.cloudflare.com/ai-gateway/features/spend-limits/
const CLOUDFLARE_CODES: [(u32, ErrorClass); 10] = [
    // The gateway does not exist.
    (2001, ErrorClass::GatewayNotSetUp),
    // The rate limit is reached.
    (2003, ErrorClass::RateLimited),
    // The gateway's own token is missing or wrong.
    (2009, ErrorClass::GatewayToken),
    // A guardrail blocks the prompt.
    (2016, ErrorClass::ContentFilter),
    // A guardrail blocks the answer.
    (2017, ErrorClass::ContentFilter),
    // The spend limit is reached.
    (2021, ErrorClass::Quota),
    // Data loss prevention blocks the prompt.
    (2029, ErrorClass::ContentFilter),
    // Data loss prevention blocks the answer.
    (2030, ErrorClass::ContentFilter),
    // The budget of a spend limit is used up.
    (2040, ErrorClass::Quota),
    // A guardrail is down and set to block.
    (7013, ErrorClass::GuardrailDown),
];

impl ErrorClass {
    /// The class of one of Cloudflare's numbers.
    pub fn of_cloudflare_code(code: u32) -> Option<Self> {
        CLOUDFLARE_CODES.iter().find(|(known, _)| *known == code).map(|(_, class)| *class)
    }
}
