//! Events of an API Gateway REST API with response streaming (payload format 1.0) get the same answers as those of a
//! Function URL.

use crate::auth::{Shown, all_denied, connect, faceless, key_with_bearer_tokens, let_in, request_line};
use crate::support::event::{BOTH, Dialect, Event};
use crate::support::tokens::{TENANT, good};
use crate::support::world::{Setup, World};
use serde_json::{Value, json};

/// Fails unless both forms of this request get the same answer, and the gateway the same request.
async fn same(world: &World, event: Event) {
    let before = world.gateway.count();
    let url = world.ask(event.clone()).await;
    let rest = world.ask(event.clone().into_rest()).await;
    assert_eq!(faceless(&rest), faceless(&url), "{}", event.json);
    let asked = world.gateway.seen().split_off(before);
    if let [url, rest] = asked.as_slice() {
        assert_eq!(url.body, rest.body);
        assert_eq!(url.head.target, rest.head.target);
    } else {
        assert!(asked.is_empty(), "{} requests", asked.len());
    }
}

#[tokio::test]
async fn each_route_answers_as_through_a_function_url() {
    let world = World::start().await;
    let json_question = json!({"messages": [{"role": "user", "content": "日本語 PRIVATE"}]});
    let events = [
        Dialect::Conversations.ask(),
        Dialect::V1.ask(),
        Dialect::V1.post(json_question),
        Dialect::Conversations.ask().query("jwt=x&a=1&a=2"),
        Event::new("GET", "/v1/models"),
        Event::new("GET", "/health"),
        Event::new("GET", "/"),
        Event::new("POST", "/v1/nope"),
        Event::new("GET", "/prod/conversations"),
        Event::new("GET", "/conversations"),
        Event::new("DELETE", "/v1/models"),
        Event::new("OPTIONS", "/v1/chat/completions"),
    ];
    for event in events {
        same(&world, event).await;
    }
}

#[tokio::test]
async fn each_body_is_read_as_through_a_function_url() {
    let world = Setup::new().with("MAX_BODY_BYTES", "2000").start().await;
    let body = json!({"messages": [{"role": "user", "content": "日本語 👩‍💻"}], "stream": true}).to_string();
    for dialect in BOTH {
        let event = || Event::new("POST", dialect.path());
        let mut not_base64 = event().body("{not base64}");
        not_base64.json["isBase64Encoded"] = json!(true);
        let events = [
            event().body(&body),
            event().base64(body.as_bytes()),
            event(),
            event().body(""),
            event().body("{"),
            event().body("{}"),
            event().body(r#"{"messages":[{"role":"wizard","content":"x"}]}"#),
            event().body(&"[".repeat(2001)),
            event().base64(b"\xff"),
            not_base64,
        ];
        for event in events {
            same(&world, event).await;
        }
    }
}

#[tokio::test]
async fn a_stream_has_all_that_a_stream_has() {
    let world = World::start().await;
    for dialect in BOTH {
        let response = world.ask(dialect.ask().into_rest()).await;
        response.completed();
        let line = request_line(&world, &response).await;
        assert_eq!((&line["route"], &line["status"]), (&json!(dialect.path()), &json!(200)));
    }
}

#[tokio::test]
async fn a_token_in_the_query_or_the_header_lets_in() {
    let world = connect().start().await;
    let token = good();
    let ask = || Dialect::Conversations.ask();
    // A REST API hands names of headers over as the caller wrote them.
    let mut as_written = ask().into_rest();
    let value = format!("JWT {token}");
    as_written.json["headers"]["Authorization"] = json!(value);
    as_written.json["multiValueHeaders"]["Authorization"] = json!([value]);
    let events = [
        ask().jwt(&token).into_rest(),
        ask().query(&format!("a=1&jwt={token}&b=2")).into_rest(),
        ask().authorization(&value).into_rest(),
        as_written,
    ];
    for event in events {
        let response = world.ask(event).await;
        response.completed();
        assert_eq!(request_line(&world, &response).await["tenant"], TENANT);
    }
}

#[tokio::test]
async fn two_tokens_are_refused_though_both_are_good() {
    let world = connect().start().await;
    let token = good();
    let_in(&world, &Shown::jwt(&token)).await;
    let before = world.gateway.count();
    for dialect in BOTH {
        let nobody = world.ask(dialect.ask().into_rest()).await;
        nobody.refused(dialect, 401, "unauthorized");
        let twice = |values: Value| {
            let mut event = dialect.ask().jwt(&token).into_rest();
            event.json["multiValueQueryStringParameters"]["jwt"] = values;
            event
        };
        let mut two_headers = dialect.ask().into_rest();
        let value = format!("JWT {token}");
        two_headers.json["headers"]["Authorization"] = json!(value);
        two_headers.json["multiValueHeaders"]["Authorization"] = json!([value, value]);
        let events = [
            dialect.ask().query(&format!("jwt={token}&jwt={token}")).into_rest(),
            twice(json!([token, token])),
            twice(json!(["x", token])),
            twice(json!([token, ""])),
            dialect.ask().jwt("x").into_rest(),
            dialect.ask().jwt(&format!("{token}x")).into_rest(),
            two_headers,
        ];
        for event in events {
            let response = world.ask(event.clone()).await;
            assert_eq!(faceless(&response), faceless(&nobody), "{}", event.json);
        }
    }
    all_denied(&world, &[Shown::query(&format!("jwt={token}&jwt={token}"))]).await;
    assert_eq!(world.gateway.count(), before);
}

#[tokio::test]
async fn a_bearer_token_lets_in() {
    let secret = key_with_bearer_tokens(json!({"ci": "d2f8f7a1c4b94c2f"}));
    let world = Setup::new().with("AUTH_MODE", "bearer").secret(secret).start().await;
    let response = world.ask(Dialect::V1.ask().authorization("Bearer d2f8f7a1c4b94c2f").into_rest()).await;
    response.completed();
    world.ask(Dialect::V1.ask().authorization("Bearer x").into_rest()).await.refused(
        Dialect::V1,
        401,
        "unauthorized",
    );
}
