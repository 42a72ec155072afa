//! Paths and methods.

use crate::support::event::{Dialect, Event};
use crate::support::response::Response;
use crate::support::secrets::Answer;
use crate::support::world::{Setup, World};
use serde_json::{Value, json};

#[tokio::test]
async fn health_needs_nothing() {
    let setup = Setup::new().secret(Answer::Error("AccessDeniedException"));
    let world = setup.start().await;
    let response = world.ask(Event::new("GET", "/health")).await;
    assert_eq!(response.status, 200);
    assert!(response.header("content-type").unwrap().starts_with("application/json"));
    assert_eq!(response.json(), json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}));
    assert_eq!(world.gateway.count(), 0);
}

#[tokio::test]
async fn unknown_paths_are_404() {
    let world = World::start().await;
    for path in ["/", "/nope", "/conversations/", "/conversations/x", "/v1", "/Conversations", "/healthz"] {
        for method in ["GET", "POST", "OPTIONS"] {
            let response = world.ask(Event::new(method, path).body("{}")).await;
            assert_eq!(response.status, 404, "{method} {path}");
            assert_eq!(code(&response), "not_found", "{method} {path}");
        }
    }
    for path in ["/v1/nope", "/v1/chat", "/v1/models/gpt-3.5-turbo"] {
        world.ask(Event::new("GET", path)).await.refused(Dialect::V1, 404, "not_found");
    }
    assert_eq!(world.gateway.count(), 0);
}

#[tokio::test]
async fn known_paths_tell_their_methods() {
    let world = World::start().await;
    let routes = [
        ("/conversations", "POST"),
        ("/v1/chat/completions", "POST"),
        ("/v1/models", "GET"),
        ("/health", "GET"),
    ];
    for (path, allowed) in routes {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            if method == allowed {
                continue;
            }
            let response = world.ask(Event::new(method, path).body("{}")).await;
            assert_eq!(response.status, 405, "{method} {path}");
            assert_eq!(code(&response), "method_not_allowed", "{method} {path}");
            let allow = response.header("allow").unwrap();
            assert!(allow.split(',').any(|one| one.trim() == allowed), "{method} {path}: {allow}");
            assert!(!allow.contains(method), "{method} {path}: {allow}");
        }
    }
    assert_eq!(world.gateway.count(), 0);
}

#[tokio::test]
async fn cors_is_left_to_the_function_url() {
    let world = World::start().await;
    let mut event = Dialect::Conversations.ask();
    event.json["headers"]["origin"] = json!("https://example.atlassian.net");
    let response = world.ask(event).await;
    response.completed();
    assert!(
        !response.headers.keys().any(|name| name.starts_with("access-control-")),
        "{:?}",
        response.headers
    );
}

/// The error's code in either API format.
fn code(response: &Response) -> Value {
    let body = response.json();
    body.get("code").unwrap_or(&body["error"]["code"]).clone()
}

/// Lambda hands paths on decoded.
#[tokio::test]
async fn odd_paths_and_queries_are_answered() {
    let world = World::start().await;
    for path in ["/hello world", "/日本語", "/a\"b\n{\"fake\":1}", "/%zz", "//", "/..", "/a?b#c", "", "*"]
    {
        let response = world.ask(Event::new("GET", path)).await;
        assert_eq!(response.status, 404, "{path:?}");
    }
    for query in ["jwt=%zz", "q=日本語", "a b", "&&==", "q=\"\n"] {
        let mut event = Dialect::Conversations.ask();
        event.json["rawQueryString"] = json!(query);
        world.ask(event).await.completed();
    }
}
