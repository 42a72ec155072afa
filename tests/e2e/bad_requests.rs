//! Requests that are refused before the gateway is asked, in both API formats.

use crate::support::event::{BOTH, Dialect, Event, chatgpt};
use crate::support::world::{Setup, World};
use serde_json::{Value, json};

const NO_MESSAGES: &str = "Messages array is required";

fn user(content: Value) -> Value {
    json!({"messages": [{"role": "user", "content": content}]})
}

fn with(name: &str, value: Value) -> Value {
    let mut body = user(json!("PRIVATE question?"));
    body[name] = value;
    body
}

/// Fails unless each body gets this error and none reaches the gateway.
async fn all_refused(world: &World, dialect: Dialect, status: u16, code: &str, bodies: &[Value]) {
    let before = world.gateway.count();
    for body in bodies {
        let response = world.ask(dialect.post(body.clone())).await;
        assert_eq!(response.status, status, "{body} got {}", response.text());
        response.refused(dialect, status, code);
    }
    assert_eq!(world.gateway.count(), before);
    world.is_healthy().await;
}

#[tokio::test]
async fn what_is_not_json_is_400() {
    let world = World::start().await;
    for dialect in BOTH {
        let event = || Event::new("POST", dialect.path());
        let events = [
            event(),
            event().body(""),
            event().body(" \n"),
            event().body("{\"messages\": [PRIVATE"),
            event().body("messages=PRIVATE"),
            event().body("{} {}"),
            event().base64(b""),
            event().base64(b"{\"messages\": \"\xff\"}"),
            event().base64(b"not json"),
        ];
        for event in events {
            world.ask(event).await.refused(dialect, 400, "invalid_json");
        }
    }
    assert_eq!(world.gateway.count(), 0);
    world.is_healthy().await;
}

#[tokio::test]
async fn broken_base64_is_400() {
    let world = World::start().await;
    for dialect in BOTH {
        let mut event = dialect.ask();
        event.json["isBase64Encoded"] = json!(true);
        event.json["body"] = json!("{not base64}");
        world.ask(event).await.refused(dialect, 400, "invalid_json");
    }
    assert_eq!(world.gateway.count(), 0);
    world.is_healthy().await;
}

#[tokio::test]
async fn rejects_a_missing_messages_array() {
    let world = World::start().await;
    let bodies = [
        json!({}),
        json!({"model": "gpt-3.5-turbo"}),
        json!({"messages": null}),
        json!({"messages": "PRIVATE"}),
        json!({"messages": {}}),
        json!({"messages": []}),
    ];
    for dialect in BOTH {
        for body in &bodies {
            let response = world.ask(dialect.post(body.clone())).await;
            assert_eq!(response.refused(dialect, 422, "invalid_request"), NO_MESSAGES, "{body}");
        }
    }
    assert_eq!(world.gateway.count(), 0);
}

#[tokio::test]
async fn the_wrong_shape_is_422() {
    let world = World::start().await;
    let bodies = [
        json!([]),
        json!("text"),
        json!(42),
        json!(null),
        json!({"messages": [42]}),
        json!({"messages": ["text"]}),
        json!({"messages": [null]}),
        user(json!(42)),
        user(json!([42])),
        user(json!({"content_type": "text", "parts": "text"})),
        json!({"messages": [{"role": 7, "content": "x"}]}),
        json!({"messages": [{"role": "wizard", "content": "x"}]}),
        json!({"messages": [chatgpt("user", &[json!("")])]}),
        json!({"messages": [{"role": "user", "content": ""}, {"role": "assistant"}]}),
    ];
    for dialect in BOTH {
        all_refused(&world, dialect, 422, "invalid_request", &bodies).await;
    }
    let roles = ["system", "developer", "tool", "function"];
    let bodies = roles.map(|role| json!({"messages": [{"role": role, "content": "x"}]}));
    all_refused(&world, Dialect::Conversations, 422, "invalid_request", &bodies).await;
}

#[tokio::test]
async fn a_refused_part_is_named_by_its_place() {
    let world = World::start().await;
    let audio = json!({"type": "input_audio", "input_audio": {"data": "UFJJVkFURQ==", "format": "wav"}});
    let image = json!({"content_type": "image_asset_pointer", "asset_pointer": "file-service://PRIVATE"});
    for (dialect, part) in BOTH.into_iter().flat_map(|dialect| [(dialect, &audio), (dialect, &image)]) {
        for content in [
            json!({"content_type": "text", "parts": ["x", "y", part]}),
            json!([{"type": "text", "text": "x"}, {"type": "text", "text": "y"}, part]),
        ] {
            let messages = json!([{"role": "user", "content": "x"}, {"role": "user", "content": content}]);
            let response = world.ask(dialect.post(json!({"messages": messages}))).await;
            let sentence = response.refused(dialect, 422, "invalid_request");
            let place = sentence.find("messages").and_then(|at| sentence[at..].find('1').map(|one| at + one));
            let place = place.unwrap_or_else(|| panic!("no message is named: {sentence}"));
            assert!(sentence[place..].contains('2'), "no part is named: {sentence}");
        }
    }
    assert_eq!(world.gateway.count(), 0);
}

#[tokio::test]
async fn parameters_out_of_range_are_422() {
    let world = World::start().await;
    let both = [
        with("temperature", json!(2.01)),
        with("temperature", json!(-0.1)),
        with("temperature", json!("0.5")),
        with("top_p", json!(1.5)),
        with("top_p", json!(-1)),
        with("top_p", json!([1])),
    ];
    for dialect in BOTH {
        all_refused(&world, dialect, 422, "invalid_request", &both).await;
    }
    let v1 = [
        with("stream", json!("yes")),
        with("model", json!(7)),
        with("max_tokens", json!("many")),
        with("max_tokens", json!(-1)),
        with("max_completion_tokens", json!(0.5)),
    ];
    all_refused(&world, Dialect::V1, 422, "invalid_request", &v1).await;
}

#[tokio::test]
async fn valid_parameters_at_the_edges_are_passed() {
    let world = World::start().await;
    for dialect in BOTH {
        for (name, value) in
            [("temperature", json!(0)), ("temperature", json!(2)), ("top_p", json!(0)), ("top_p", json!(1.0))]
        {
            let before = world.gateway.count();
            let mut body = with(name, value.clone());
            body["stream"] = json!(true);
            world.ask(dialect.post(body)).await.completed();
            assert_eq!(world.gateway.request(before).await.body[name], value);
        }
    }
}

#[tokio::test]
async fn too_large_is_413_and_exactly_large_enough_is_not() {
    let world = Setup::new().with("MAX_BODY_BYTES", "2000").start().await;
    let sized = |bytes: usize| {
        let empty = user(json!("")).to_string().len();
        user(json!("x".repeat(bytes - empty))).to_string()
    };
    let event = |dialect: Dialect| Event::new("POST", dialect.path());
    for dialect in BOTH {
        for over in [
            event(dialect).body(&sized(2001)),
            event(dialect).base64(sized(2001).as_bytes()),
            event(dialect).body(&"[".repeat(2001)),
        ] {
            world.ask(over).await.refused(dialect, 413, "request_too_large");
        }
    }
    assert_eq!(world.gateway.count(), 0);
    // Characters are not bytes: 1,000 of these are 3,000.
    let wide = user(json!("語".repeat(1000))).to_string();
    world.ask(event(Dialect::V1).body(&wide)).await.refused(Dialect::V1, 413, "request_too_large");
    for event in [
        event(Dialect::Conversations).body(&sized(2000)),
        event(Dialect::Conversations).base64(sized(2000).as_bytes()),
    ] {
        world.ask(event).await.completed();
    }
}

#[tokio::test]
async fn deeply_nested_json_is_refused_and_harmless() {
    let world = World::start().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for dialect in BOTH {
        let response = world.ask(Event::new("POST", dialect.path()).body(&deep)).await;
        assert!([400, 422].contains(&response.status), "{}", response.text());
    }
    world.is_healthy().await;
}
