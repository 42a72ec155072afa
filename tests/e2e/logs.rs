//! The process's log. `support::function` checks for every function that each line is JSON with a time and
//! holds no key, prompt or answer.

use crate::support::answer::as_json;
use crate::support::event::{BOTH, Event};
use crate::support::payload::openai_error;
use crate::support::world::Setup;
use serde_json::Value;

fn holds(line: &Value, text: &str) -> bool {
    line.as_object().is_some_and(|fields| fields.values().any(|value| value == text))
}

#[tokio::test]
async fn each_request_is_one_line() {
    let world = Setup::new().once().start().await;
    let mut answered = Vec::new();
    for dialect in BOTH {
        let fine = world.ask(dialect.ask()).await;
        answered.push((fine.request_id, dialect.path(), 200));
        world.gateway.next(as_json(500, &openai_error("server_error", "server_error")));
        let failed = world.ask(dialect.ask()).await;
        answered.push((failed.request_id, dialect.path(), 502));
        let refused = world.ask(Event::new("POST", dialect.path()).body("{")).await;
        answered.push((refused.request_id, dialect.path(), 400));
    }
    for (id, route, status) in &answered {
        let request = |line: &Value| holds(line, id) && line.get("_aws").is_none();
        let line = world.function.line("the request's line", request).await;
        assert!(line.as_object().unwrap().values().any(|value| value == status), "{line}");
        assert!(line.to_string().contains(route), "{line}");
    }
    let lines = world.function.lines();
    let parsed: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (id, ..) in &answered {
        let count = parsed.iter().filter(|line| holds(line, id) && line.get("_aws").is_none()).count();
        assert_eq!(count, 1, "{lines:#?}");
    }
}
