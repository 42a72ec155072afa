//! The error numbers of Cloudflare AI Gateway that decide what happens next. The same table is in `docs/failures.md`.

use super::error_response::ErrorClass;

/// Number and class, from Cloudflare's pages on [authentication], [guardrails], [DLP], [rate limits] and [spend limits].
///
/// [authentication]: https://developers.cloudflare.com/ai-gateway/configuration/authentication/
/// [guardrails]: https://developers.cloudflare.com/ai-gateway/features/guardrails/
/// [DLP]: https://developers.cloudflare.com/ai-gateway/features/dlp/
/// [rate limits]: https://developers.cloudflare.com/ai-gateway/features/rate-limiting/
/// [spend limits]: https://developers.cloudflare.com/ai-gateway/features/spend-limits/
const CODES: [(u32, ErrorClass); 10] = [
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

/// The class of one of Cloudflare's numbers.
pub fn class_of(code: u32) -> Option<ErrorClass> {
    CODES.iter().find(|(known, _)| *known == code).map(|(_, class)| *class)
}
