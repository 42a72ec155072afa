//! Bodies that are unusual but unambiguous: half a surrogate pair, a byte order mark, a repeated member.

use crate::support::event::{BOTH, Dialect, Event};
use crate::support::world::World;
use serde_json::{Value, json};

const BOM: &str = "\u{feff}";

/// The ways in which one body reaches the function.
fn events(dialect: Dialect, body: &str) -> [Event; 2] {
    let event = || Event::new("POST", dialect.path());
    [event().body(body), event().base64(body.as_bytes())]
}

/// What the gateway gets as the text of the one message.
async fn text_sent(world: &World, event: Event) -> Value {
    let before = world.gateway.count();
    let response = world.ask(event).await;
    assert_eq!(response.status, 200, "{}", response.text());
    world.gateway.request(before).await.body["messages"][1]["content"].clone()
}

#[tokio::test]
async fn half_a_surrogate_pair_becomes_a_replacement_character() {
    let world = World::start().await;
    let texts = [
        (r"\ud83d", "\u{fffd}"),
        (r"\ude00", "\u{fffd}"),
        (r"a\uD83Db", "a\u{fffd}b"),
        (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
        (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
        (r"\ud83d\n\ude00", "\u{fffd}\n\u{fffd}"),
        (r"\ud83d\ude00", "😀"),
        (r"\\ud83d", r"\ud83d"),
        (r"日本\ud83d語", "日本\u{fffd}語"),
    ];
    for (written, read) in texts {
        for dialect in BOTH {
            let messages = [
                format!(r#"{{"role":"user","content":"{written}"}}"#),
                format!(
                    r#"{{"author":{{"role":"user"}},"content":{{"content_type":"text","parts":["{written}"]}}}}"#
                ),
                format!(
                    r#"{{"author":{{"role":"user"}},"content":{{"parts":[{{"type":"text","text":"{written}"}}]}}}}"#
                ),
            ];
            for message in messages {
                let body = format!(r#"{{"messages":[{message}],"stream":true}}"#);
                for event in events(dialect, &body) {
                    assert_eq!(text_sent(&world, event).await, read, "{message}");
                }
            }
        }
    }
}

/// A page that is cut in the middle of an emoji sends the half of it somewhere else, too.
#[tokio::test]
async fn accepts_half_a_surrogate_pair_elsewhere() {
    let world = World::start().await;
    for dialect in BOTH {
        let body =
            r#"{"action":"\ud83d","messages":[{"id":"\ude00","role":"user","content":"x"}],"\ud83d":1}"#;
        for event in events(dialect, body) {
            assert_eq!(text_sent(&world, event).await, "x");
        }
    }
}

#[tokio::test]
async fn a_byte_order_mark_before_the_body_is_skipped() {
    let world = World::start().await;
    for dialect in BOTH {
        let body = json!({"messages": [{"role": "user", "content": format!("{BOM}x")}]}).to_string();
        for event in events(dialect, &format!("{BOM}{body}")) {
            assert_eq!(text_sent(&world, event).await, format!("{BOM}x"), "the one in the text stays");
        }
        for event in [events(dialect, BOM), events(dialect, &format!("{BOM} "))].concat() {
            world.ask(event).await.refused(dialect, 400, "invalid_json");
        }
    }
}

/// Either an error that names the duplicate, or the last member counts, as in most JSON parsers.
#[tokio::test]
async fn a_member_that_comes_twice_is_clear() {
    let world = World::start().await;
    let (first, last) = (r#"[{"role":"user","content":"first"}]"#, r#"[{"role":"user","content":"last"}]"#);
    let bodies = [
        format!(r#"{{"messages":{first},"messages":{last}}}"#),
        format!(r#"{{"temperature":1,"messages":{last},"temperature":1}}"#),
        r#"{"messages":[{"role":"user","content":"first","content":"last"}]}"#.to_owned(),
        r#"{"messages":[{"role":"assistant","role":"user","content":"last"}]}"#.to_owned(),
        r#"{"messages":[{"role":"user","content":[{"type":"text","text":"first","text":"last"}]}]}"#
            .to_owned(),
    ];
    for body in bodies {
        for dialect in BOTH {
            let before = world.gateway.count();
            let response = world.ask(Event::new("POST", dialect.path()).body(&body)).await;
            if response.status == 200 {
                let sent = world.gateway.request(before).await.body["messages"][1]["content"].to_string();
                assert!(sent.contains("last") && !sent.contains("first"), "{body}: {sent}");
                continue;
            }
            let sentence = response.refused(dialect, 422, "invalid_request");
            assert!(sentence.contains("twice") || sentence.contains("uplicate"), "{body}: {sentence}");
            assert_eq!(world.gateway.count(), before);
        }
    }
}
