//! The metrics line of each request. `support::function` checks for every line that CloudWatch would read it.

use crate::support::answer::{Answer, as_json, healthy, milliseconds, only};
use crate::support::event::{BOTH, Dialect, Event};
use crate::support::invocation::Treatment;
use crate::support::payload::{healthy_payloads, openai_error, token};
use crate::support::world::{Setup, World};
use serde_json::{Value, json};

const COUNTS: [&str; 9] = [
    "Requests",
    "ClientErrors",
    "GatewayErrors",
    "AuthFailures",
    "StreamsCompleted",
    "StreamsInterrupted",
    "Retries",
    "Fallbacks",
    "ColdStarts",
];

/// The metrics line of a request.
async fn metrics(world: &World, id: &str) -> Value {
    let wanted = |line: &Value| line["request_id"] == id && line.get("_aws").is_some();
    world.function.line("the request's metrics", wanted).await
}

/// The counts that are not 0.
fn counted(line: &Value) -> Vec<(&'static str, u64)> {
    let count = |name: &&'static str| Some((*name, line[*name].as_u64()?));
    COUNTS.iter().filter_map(count).filter(|(_, count)| *count > 0).collect()
}

async fn ask(world: &World, event: Event) -> Value {
    let response = world.ask(event).await;
    metrics(world, &response.request_id).await
}

#[tokio::test]
async fn a_stream_from_the_first_token_to_the_end() {
    let world = World::start().await;
    let mut cold = vec![("ColdStarts", 1)];
    for dialect in BOTH {
        let slow = Answer::stream().wait(150).events(&healthy_payloads()[..2]).wait(150);
        world.gateway.next(slow.event(&healthy_payloads()[3]).end());
        let line = ask(&world, dialect.ask()).await;
        assert_eq!((&line["Route"], &line["Model"]), (&dialect.path().into(), &"gpt-3.5-turbo".into()));
        let mut expected = vec![("Requests", 1), ("StreamsCompleted", 1)];
        expected.append(&mut cold);
        assert_eq!(counted(&line), expected);
        let time = |name: &str| line[name].as_f64().unwrap_or_else(|| panic!("no {name}: {line}"));
        assert!((0.0..140.0).contains(&time("GatewayLatency")), "{line}");
        assert!((150.0..290.0).contains(&time("TimeToFirstToken")), "{line}");
        assert!((300.0..2_000.0).contains(&time("StreamDuration")), "{line}");
    }
}

#[tokio::test]
async fn what_fails_is_counted_by_whose_doing_it_is() {
    let world = Setup::new().once().start().await;
    world.is_healthy().await;
    for dialect in BOTH {
        let line = ask(&world, Event::new("POST", dialect.path()).body("{")).await;
        assert_eq!(counted(&line), [("Requests", 1), ("ClientErrors", 1)]);
        assert!(line.get("Model").is_none() && line.get("GatewayLatency").is_none(), "{line}");

        for status in [429, 500] {
            world.gateway.next(as_json(status, &openai_error("overloaded", "server_error")));
            let line = ask(&world, dialect.ask()).await;
            assert_eq!(counted(&line), [("Requests", 1), ("GatewayErrors", 1)]);
            assert!(line["GatewayLatency"].is_number() && line["Model"].is_string(), "{line}");
            assert!(line.get("TimeToFirstToken").is_none() && line.get("StreamDuration").is_none(), "{line}");
        }

        world.gateway.next(Answer::stream().event(&token("PRIVATE")).cut());
        let line = ask(&world, dialect.ask()).await;
        assert_eq!(counted(&line), [("Requests", 1), ("GatewayErrors", 1), ("StreamsInterrupted", 1)]);
        assert!(line["TimeToFirstToken"].is_number() && line["StreamDuration"].is_number(), "{line}");

        world.gateway.next(Answer::stream().event(&token("PRIVATE")).hang());
        let mut call = world.api.invoke(dialect.ask(), Treatment::DropAfter(1));
        call.dropped().await;
        let line = metrics(&world, &call.id).await;
        assert_eq!(counted(&line), [("Requests", 1)]);
        assert!(line["TimeToFirstToken"].is_number() && line.get("StreamDuration").is_none(), "{line}");
    }
    let line = ask(&world, Event::new("GET", "/nowhere")).await;
    assert_eq!(
        (&line["Route"], counted(&line)),
        (&"none".into(), vec![("Requests", 1), ("ClientErrors", 1)])
    );
    let line = ask(&world, Event::new("GET", "/health")).await;
    assert_eq!((&line["Route"], counted(&line)), (&"/health".into(), vec![("Requests", 1)]));
}

#[tokio::test]
async fn unknown_callers_are_counted() {
    let world = Setup::new().with("AUTH_MODE", "bearer").start().await;
    let line = ask(&world, Dialect::V1.ask()).await;
    assert_eq!(counted(&line), [("Requests", 1), ("AuthFailures", 1), ("ColdStarts", 1)]);
}

#[tokio::test]
async fn retries_and_fallbacks_are_counted() {
    let setup = Setup::new().with("MAX_RETRIES", "2").with("OPENAI_FALLBACK_MODELS", "gpt-6-luna");
    let world = setup.start().await;
    world.gateway.always(|seen| match seen.model() {
        "gpt-6-luna" => healthy(),
        _ => as_json(503, &openai_error("overloaded", "server_error")),
    });
    let line = ask(&world, Dialect::Conversations.ask()).await;
    let counts =
        [("Requests", 1), ("StreamsCompleted", 1), ("Retries", 2), ("Fallbacks", 1), ("ColdStarts", 1)];
    assert_eq!(counted(&line), counts);
    assert_eq!(line["Model"], "gpt-6-luna", "a setting names it");
}

/// A stream that its comments opened fails in-band, and counts as one that was interrupted.
#[tokio::test]
async fn a_failure_behind_comments_is_an_interruption() {
    let world = Setup::new().once().with("KEEPALIVE_MS", "100").start().await;
    let mut script = as_json(500, &openai_error("server_error", "server_error"));
    script.0.insert(0, milliseconds(300));
    world.gateway.next(script);
    let line = ask(&world, Dialect::V1.ask()).await;
    let counts = [("Requests", 1), ("GatewayErrors", 1), ("StreamsInterrupted", 1), ("ColdStarts", 1)];
    assert_eq!(counted(&line), counts);
    assert!(line.get("TimeToFirstToken").is_none(), "{line}");
}

#[tokio::test]
async fn callers_create_no_metrics() {
    let world = Setup::new().with("ALLOWED_MODELS", "gpt-4o,*").start().await;
    for (wanted, model) in [("gpt-4o", "gpt-4o"), ("gpt-3.5-turbo", "gpt-3.5-turbo"), ("made-up-17", "other")]
    {
        let question = json!({"model": wanted, "messages": [{"role": "user", "content": "PRIVATE"}]});
        let line = ask(&world, Dialect::V1.post(question)).await;
        assert_eq!(line["Model"], model);
        assert!(line.get("StreamDuration").is_none(), "one JSON is no stream: {line}");
    }
}

#[tokio::test]
async fn no_answer_has_no_latency() {
    let world = Setup::new().once().with("RESPONSE_TIMEOUT_MS", "200").start().await;
    world.gateway.next(only(crate::support::answer::Step::Hang));
    let line = ask(&world, Dialect::V1.ask()).await;
    assert!(line.get("GatewayLatency").is_none() && line["Retries"] == 0, "{line}");
}
