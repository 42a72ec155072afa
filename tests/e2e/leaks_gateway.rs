//! A gateway can put a key or a prompt into any field. The function shows and logs only known words, names of
//! fields in the request, and ids in Cloudflare's form.

use crate::auth::request_line;
use crate::support::answer::{Answer, as_json, plain};
use crate::support::event::{BOTH, Dialect};
use crate::support::payload::{chunk, finish, healthy_payloads, openai_error, token};
use crate::support::response::Response;
use crate::support::world::{Setup, World};
use serde_json::{Value, json};

/// Values that are no words. Each holds `LEAKED` or `leaked`.
const NO_WORDS: [&str; 9] = [
    "sk-LEAKED",
    "LEAKED",
    "sk_live_leaked51",
    "leaked-word",
    "leaked word",
    "leaked.word",
    "leaked_wörd",
    "leaked\n",
    "leaked_leaked_leaked_leaked_leaked_leaked_leaked_x",
];

async fn once() -> World {
    Setup::new().once().start().await
}

/// Fails when a header, the body, or any line holds one of these values.
fn silent(world: &World, response: &Response) {
    let told = format!("{:?} {}", response.headers, response.text());
    for text in world.function.lines().into_iter().chain([told]) {
        assert!(!text.to_ascii_lowercase().contains("leaked"), "{text}");
    }
}

fn error(code: Value, kind: Value, param: Value) -> Value {
    json!({"error": {"message": "LEAKED", "type": kind, "param": param, "code": code}})
}

#[tokio::test]
async fn hides_unknown_codes_and_types() {
    let world = once().await;
    for value in NO_WORDS {
        for body in [
            error(json!(value), json!(value), Value::Null),
            error(json!(value), json!("invalid_request_error"), json!(value)),
            error(Value::Null, json!(value), json!(value)),
        ] {
            for dialect in BOTH {
                for (status, answered, code) in [
                    (400, 400, "request_refused"),
                    (429, 429, "rate_limited"),
                    (402, 429, "insufficient_quota"),
                    (500, 502, "gateway_error"),
                ] {
                    world.gateway.next(as_json(status, &body));
                    let response = world.ask(dialect.ask()).await;
                    response.refused(dialect, answered, code);
                    request_line(&world, &response).await;
                    silent(&world, &response);
                }
            }
        }
    }
}

#[tokio::test]
async fn hides_unknown_codes_inside_a_stream() {
    let world = once().await;
    for value in NO_WORDS {
        let event = error(json!(value), json!(value), json!(value)).to_string();
        for dialect in BOTH {
            world.gateway.next(Answer::stream().event(&token("PRIVATE")).event(&event).end());
            let response = world.ask(dialect.ask()).await;
            assert_eq!(response.interrupted(dialect), (vec![token("PRIVATE")], "gateway_error".to_owned()));
            request_line(&world, &response).await;
            silent(&world, &response);
        }
    }
}

#[tokio::test]
async fn shows_known_words() {
    let world = once().await;
    for word in ["invalid_value", "odd", "some_new_code_of_a_gateway"] {
        world.gateway.next(as_json(400, &openai_error(word, "invalid_request_error")));
        let response = world.ask(Dialect::V1.ask()).await;
        response.refused(Dialect::V1, 400, word);
        assert_eq!(request_line(&world, &response).await["code"], word);
    }
}

#[tokio::test]
async fn shows_a_param_that_names_a_field_of_the_request() {
    let world = once().await;
    let places = ["messages", "messages[1].content", "model", "max_tokens", "stop"];
    let others =
        ["leaked", "sk-test-LEAKED", "messages[1].leaked", "leaked[0]", "messages LEAKED", "leaked.content"];
    let told = places.iter().map(|place| (*place, json!(place)));
    for (param, told) in told.chain(others.iter().map(|other| (*other, Value::Null))) {
        let body = error(json!("invalid_value"), json!("invalid_request_error"), json!(param));
        world.gateway.next(as_json(400, &body));
        let asked = json!({"messages": [{"role": "user", "content": "x"}], "stop": "END"});
        let response = world.ask(Dialect::V1.post(asked)).await;
        response.refused(Dialect::V1, 400, "invalid_value");
        assert_eq!(response.json()["error"]["param"], told, "{param}");
        request_line(&world, &response).await;
        silent(&world, &response);
    }
}

/// The events are passed on as they came, so only the log is looked at.
#[tokio::test]
async fn hides_unknown_finish_reasons_from_the_log() {
    let world = once().await;
    for value in NO_WORDS {
        world.gateway.next(Answer::stream().event(&chunk(json!({}), Some(value))).end());
        let response = world.ask(Dialect::V1.ask()).await;
        response.completed();
        let line = request_line(&world, &response).await;
        assert_eq!(line["finish_reason"], Value::Null, "{value}: {line}");
        for line in world.function.lines() {
            assert!(!line.to_ascii_lowercase().contains("leaked"), "{line}");
        }
    }
    for word in ["stop", "length", "tool_calls", "content_filter"] {
        world.gateway.next(Answer::stream().event(&chunk(json!({}), Some(word))).end());
        let response = world.ask(Dialect::V1.ask()).await;
        assert_eq!(request_line(&world, &response).await["finish_reason"], word);
    }
}

#[tokio::test]
async fn hides_headers_with_unexpected_content() {
    let world = once().await;
    for value in NO_WORDS.into_iter().filter(|value| value.is_ascii() && !value.contains('\n')) {
        let headers = [
            ("cf-aig-log-id", value),
            ("cf-aig-cache-status", value),
            ("x-ratelimit-limit-requests", value),
            ("x-ratelimit-reset-tokens", value),
            ("retry-after", value),
            ("x-should-retry", value),
            ("cf-ray", value),
            ("x-request-id", value),
        ];
        for dialect in BOTH {
            world.gateway.next(Answer::with(&headers).events(&healthy_payloads()).end());
            let response = world.ask(dialect.ask()).await;
            response.completed();
            request_line(&world, &response).await;
            silent(&world, &response);
            world.gateway.next(plain(429, &headers, "{}"));
            let response = world.ask(dialect.ask()).await;
            response.refused(dialect, 429, "rate_limited");
            request_line(&world, &response).await;
            silent(&world, &response);
        }
    }
}

#[tokio::test]
async fn ignores_log_ids_in_another_form_than_cloudflares() {
    let world = once().await;
    let ulid = "01JADMCQQQBWH3NXZ5GCRN98DP";
    let others =
        ["01JADMCQQQBWH3NXZ5GCRN98D", "01JADMCQQQBWH3NXZ5GCRN98DPP", "01JADMCQQQBWH3NXZ5GCRN98D-", "1"];
    let all = [(ulid, Some(ulid))].into_iter().chain(others.map(|other| (other, None)));
    for (id, told) in all {
        world.gateway.next(Answer::with(&[("cf-aig-log-id", id)]).event(&finish()).end());
        let response = world.ask(Dialect::V1.ask()).await;
        assert_eq!(response.header("cf-aig-log-id"), told);
        assert_eq!(request_line(&world, &response).await["cf_aig_log_id"], json!(told), "{id}");
    }
}
