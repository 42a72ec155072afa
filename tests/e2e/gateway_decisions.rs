//! A decision of Cloudflare AI Gateway is final: no retry, no other base, no other model. The log has
//! Cloudflare's code, the response does not.

use crate::auth::request_line;
use crate::gateway_fallback::{NEXT, counts, refused};
use crate::support::answer::{Answer, Script, as_json, plain, usual};
use crate::support::event::{BOTH, Dialect, Event};
use crate::support::payload::{cloudflare_error, healthy_payloads, openai_error};
use crate::support::secrets;
use crate::support::world::{Setup, World};
use serde_json::{Value, json};

/// Cloudflare's status and code, then the caller's.
const DECISIONS: [(u16, u32, u16, &str); 11] = [
    // The gateway is not set up.
    (400, 2001, 502, "gateway_misconfigured"),
    // The gateway refuses our token.
    (401, 2009, 502, "gateway_misconfigured"),
    // A guardrail blocks the prompt, or the answer.
    (424, 2016, 400, "content_filter"),
    (424, 2017, 400, "content_filter"),
    (400, 2016, 400, "content_filter"),
    // A spend limit is reached.
    (429, 2021, 429, "insufficient_quota"),
    (403, 2040, 429, "insufficient_quota"),
    // DLP blocks the prompt, or the answer.
    (424, 2029, 400, "content_filter"),
    (424, 2030, 400, "content_filter"),
    // A guardrail is down and set to block.
    (503, 7013, 502, "gateway_error"),
    // Any other policy.
    (403, 2999, 400, "request_refused"),
];

/// A world with everything that must not be asked.
async fn start() -> World {
    Setup::new().with("OPENAI_FALLBACK_MODELS", NEXT).fallback().start().await
}

/// The forms in which Cloudflare writes one error.
fn forms(code: u32) -> Vec<Value> {
    let one = json!({"code": code, "message": "PRIVATE words of a policy"});
    let as_text = json!({"code": code.to_string(), "message": "PRIVATE"});
    vec![
        cloudflare_error(code, "PRIVATE words of a policy"),
        json!({"success": false, "result": null, "messages": [], "errors": [one]}),
        json!({"success": false, "error": [as_text]}),
        json!([one]),
        json!({"error": one}),
    ]
}

fn json_question() -> Event {
    Dialect::V1.post(json!({"messages": [{"role": "user", "content": "x"}]}))
}

/// Fails unless this answer is the end of the request.
async fn is_final(
    world: &World,
    event: Event,
    dialect: Dialect,
    script: Script,
    told: (u16, &str),
    number: u32,
) {
    let before = counts(world);
    world.gateway.next(script);
    let response = world.ask(event).await;
    response.refused(dialect, told.0, told.1);
    assert_eq!(counts(world), (before.0 + 1, before.1), "{number}: it was asked again or elsewhere");
    let all = format!("{:?} {}", response.headers, response.text()).replace(&response.request_id, "");
    assert!(!all.contains(&number.to_string()), "{number} is told: {all}");
    let line = request_line(world, &response).await;
    assert_eq!(line["gateway_code"], number, "{line}");
    assert_eq!((&line["code"], &line["attempts"]), (&json!(told.1), &json!(1)), "{line}");
}

#[tokio::test]
async fn each_decision_is_final_and_has_its_own_error() {
    for (status, number, answered, code) in DECISIONS {
        let world = start().await;
        // A number that is not in the table says Cloudflare only in a form of Cloudflare's.
        let known = if number == 2999 { 4 } else { 5 };
        for body in forms(number).into_iter().take(known) {
            let script = || as_json(status, &body);
            for dialect in BOTH {
                is_final(&world, dialect.ask(), dialect, script(), (answered, code), number).await;
            }
            is_final(&world, json_question(), Dialect::V1, script(), (answered, code), number).await;
        }
        world.is_healthy().await;
    }
}

#[tokio::test]
async fn a_decision_that_asks_for_another_try_is_final_as_well() {
    let world = start().await;
    for (status, number, answered, code) in DECISIONS {
        let headers =
            [("content-type", "application/json"), ("x-should-retry", "true"), ("retry-after-ms", "1")];
        let script = plain(status, &headers, &cloudflare_error(number, "no").to_string());
        is_final(&world, Dialect::V1.ask(), Dialect::V1, script, (answered, code), number).await;
    }
}

#[tokio::test]
async fn a_decision_inside_a_stream_is_final() {
    for (number, answered, code) in [
        (2016, 400, "content_filter"),
        (2017, 400, "content_filter"),
        (2029, 400, "content_filter"),
        (2040, 429, "insufficient_quota"),
    ] {
        let world = start().await;
        let event = cloudflare_error(number, "no").to_string();
        for dialect in BOTH {
            let script = Answer::stream().event(&event).close();
            is_final(&world, dialect.ask(), dialect, script, (answered, code), number).await;
        }
    }
}

#[tokio::test]
async fn a_decision_about_the_next_model_is_final() {
    let world = start().await;
    world.gateway.always(|seen| match seen.model() {
        NEXT => as_json(403, &cloudflare_error(2040, "Spend limit exceeded")),
        _ => refused(404, "model_not_found"),
    });
    for asks in [2, 3] {
        world.ask(Dialect::V1.ask()).await.refused(Dialect::V1, 429, "insufficient_quota");
        assert_eq!(counts(&world), (asks, 0));
    }
}

/// Other gateways write their refusals as OpenAI does.
#[tokio::test]
async fn a_403_in_json_goes_nowhere_else() {
    for body in [
        openai_error("blocked_by_policy", "invalid_request_error"),
        openai_error("unsupported_country_region_territory", "request_forbidden"),
        json!({"error": {"message": "denied", "type": "permission_error", "code": null}}),
        json!({"error": "denied"}),
        json!({"success": false}),
    ] {
        let world = start().await;
        for dialect in BOTH {
            let before = counts(&world);
            world.gateway.next(as_json(403, &body));
            let response = world.ask(dialect.ask()).await;
            assert!([400, 502].contains(&response.status), "{body}: {}", response.text());
            assert_eq!(counts(&world), (before.0 + 1, before.1), "{body}");
        }
    }
}

/// What the gateway cannot do, another base may.
#[tokio::test]
async fn an_inability_of_the_gateway_goes_to_the_fallback_base() {
    let page = [("content-type", "text/html; charset=UTF-8")];
    for script in [
        as_json(500, &cloudflare_error(2002, "Internal server error")),
        as_json(503, &openai_error("overloaded", "server_error")),
        as_json(429, &cloudflare_error(2003, "Rate limited")),
        plain(408, &[], ""),
        plain(403, &page, "<html><title>Attention Required! | Cloudflare</title></html>"),
        refused(401, "invalid_api_key"),
        refused(404, "not_found"),
    ] {
        let world = Setup::new().once().fallback().start().await;
        world.gateway.next(script);
        assert_eq!(world.ask(Dialect::V1.ask()).await.completed(), healthy_payloads());
        assert_eq!(counts(&world), (1, 1));
    }
}

#[tokio::test]
async fn a_rotated_gateway_token_costs_no_request() {
    let secret = |token| {
        let secret = json!({"OPENAI_API_KEY": "sk-test-first", "CF_AIG_TOKEN": token});
        secrets::Answer::Value(secret.to_string())
    };
    let world = Setup::new().secret(secret("sk-test-old")).fallback().start().await;
    world.gateway.always(|seen| match seen.header("cf-aig-authorization") {
        Some("Bearer sk-test-new") => usual(&seen.body),
        _ => as_json(401, &cloudflare_error(2009, "Unauthorized")),
    });
    world.secrets.set(secret("sk-test-new"));
    world.is_healthy().await;
    assert_eq!(counts(&world), (2, 0));
}
