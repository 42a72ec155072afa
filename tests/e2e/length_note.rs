//! The old frontend does not read `finish_reason`: an answer that the model's limit or a filter cut ends with
//! a sentence that says so. OpenAI's clients get the answer as it came.

use crate::faults_before::once;
use crate::support::answer::{Answer, Script, as_json};
use crate::support::event::{BOTH, Dialect};
use crate::support::payload::{ANSWERING, chunk, completion, token};
use crate::support::response::Response;
use crate::support::world::World;
use serde_json::{Value, json};

const REASONS: [&str; 2] = ["length", "content_filter"];

fn ended(reason: &str) -> [String; 2] {
    [token("PRIVATE"), chunk(json!({}), Some(reason))]
}

/// Takes the last event of a finished answer, which must be the sentence.
fn sentence(response: &Response) -> (Vec<String>, String) {
    let mut payloads = response.completed();
    let last = payloads.pop().unwrap();
    let event: Value = serde_json::from_str(&last).unwrap();
    assert_eq!(event["object"], "chat.completion.chunk", "{last}");
    assert_eq!(
        (&event["id"], &event["model"]),
        (&json!("chatcmpl-7RyNSW2BZkOQQh7NlBc65j5kX8AjC"), &json!(ANSWERING))
    );
    assert!(event["created"].is_u64(), "{last}");
    assert_eq!(event["choices"][0]["index"], 0);
    assert_eq!(event["choices"].as_array().unwrap().len(), 1);
    let told = event["choices"][0]["delta"]["content"].as_str().unwrap_or_else(|| panic!("{last}"));
    assert!(told.starts_with("\n\n*") && told.ends_with('*') && told.len() > 20, "{told:?}");
    assert!(response.shown().ends_with(told), "{:?}", response.shown());
    (payloads, told.to_owned())
}

async fn conversation(world: &World, script: Script) -> Response {
    world.gateway.next(script);
    world.ask(Dialect::Conversations.ask()).await
}

#[tokio::test]
async fn a_cut_conversation_ends_with_the_reason() {
    let world = World::start().await;
    let mut sentences = Vec::new();
    for reason in REASONS {
        let answer = || Answer::stream().events(&ended(reason));
        for script in [answer().end(), answer().close(), answer().cut()] {
            let (payloads, told) = sentence(&conversation(&world, script).await);
            assert_eq!(payloads, ended(reason));
            sentences.push(told);
        }
    }
    assert_ne!(sentences[0], sentences[3], "two reasons, two sentences");
}

#[tokio::test]
async fn usage_comes_before_the_sentence() {
    let world = World::start().await;
    let usage = json!({"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": {"total_tokens": 3}}).to_string();
    let events = [ended("length").to_vec(), vec![usage]].concat();
    let (payloads, _) = sentence(&conversation(&world, Answer::stream().events(&events).end()).await);
    assert_eq!(payloads, events);
}

#[tokio::test]
async fn an_answer_in_plain_json_says_it_as_well() {
    let world = once().await;
    for reason in REASONS {
        let mut answer = completion("PRIVATE");
        answer["choices"][0]["finish_reason"] = json!(reason);
        let response = conversation(&world, as_json(200, &answer)).await;
        assert!(response.shown().starts_with("PRIVATE\n\n*"), "{:?}", response.shown());
        sentence(&response);
    }
}

#[tokio::test]
async fn no_other_answer_gets_a_sentence() {
    let world = World::start().await;
    for reason in ["stop", "tool_calls", "function_call", "odd"] {
        let response = conversation(&world, Answer::stream().events(&ended(reason)).end()).await;
        assert_eq!(response.completed(), ended(reason));
    }
    for reason in REASONS {
        world.gateway.next(Answer::stream().events(&ended(reason)).end());
        assert_eq!(world.ask(Dialect::V1.ask()).await.completed(), ended(reason), "{reason}");
    }
    // One that broke says that alone.
    for dialect in BOTH {
        world.gateway.next(Answer::stream().event(&token("PRIVATE")).cut());
        assert_eq!(world.ask(dialect.ask()).await.interrupted(dialect).0, [token("PRIVATE")]);
    }
}
