#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use ApiFormat::{ChatGptWeb, OpenAi};
use serde_json::{Value, json};

#[path = "adjust_tests.rs"]
mod adjust;
#[path = "rejects_tests.rs"]
mod rejects;

fn config() -> ChatConfig {
    ChatConfig {
        model: "gpt-4o".to_owned(),
        allowed_models: vec!["o3".to_owned()],
        any_model: false,
        max_tokens: 100,
        system_prompt: "Be \"kind\".\n".to_owned(),
        reasoning_effort: Some("none".to_owned()),
    }
}

fn parse(format: ApiFormat, body: &str) -> Result<ChatRequest, ApiError> {
    ChatRequest::parse(Bytes::from(body.to_owned()), format, &config())
}

fn render(request: &ChatRequest, model: &str) -> String {
    String::from_utf8(request.render(model, &Adjustments::default()).into()).unwrap()
}

fn rendered(format: ApiFormat, body: &Value) -> Value {
    let request = parse(format, &body.to_string()).unwrap();
    serde_json::from_str(&render(&request, &request.model)).unwrap()
}

fn messages(format: ApiFormat, messages: Value) -> Value {
    let mut body = rendered(format, &json!({"messages": messages}));
    let messages = body["messages"].as_array_mut().unwrap();
    assert_eq!(messages.remove(0), json!({"role": "system", "content": "Be \"kind\".\n"}));
    messages.clone().into()
}

#[test]
fn renders_the_whole_body_byte_for_byte() {
    let body = r#"{"action":"next","messages":[{"id":"x","author":{"role":"user"},"role":"user","content":{"content_type":"text","parts":["日本語 \"q\" \u00e9\n"]}}],"parent_message_id":"p","model":"text-davinci-002","temperature":1.0,"top_p":0.5}"#;
    let messages = r#""messages":[{"role":"system","content":"Be \"kind\".\n"},{"role":"user","content":"日本語 \"q\" é\n"}]"#;
    let request = parse(ChatGptWeb, body).unwrap();
    assert_eq!(
        render(&request, "gpt-4o"),
        format!(
            r#"{{"model":"gpt-4o",{messages},"max_tokens":100,"stream":true,"temperature":1.0,"top_p":0.5}}"#
        )
    );
    assert_eq!(
        render(&request, "gpt-6-luna"),
        format!(
            r#"{{"model":"gpt-6-luna",{messages},"max_completion_tokens":100,"stream":true,"temperature":1.0,"reasoning_effort":"none","top_p":0.5}}"#
        )
    );
}

#[test]
fn joins_texts_and_passes_images() {
    let image =
        json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}});
    for (content, expected) in [
        (json!("a"), json!("a")),
        (json!({"content_type": "text", "parts": ["a", "", {"type": "text", "text": "b"}]}), json!("a\n\nb")),
        (json!({"parts": ["\n"]}), json!("\n")),
        (json!([{"type": "text", "text": "a"}]), json!("a")),
        (json!({"parts": ["look", image]}), json!([{"type": "text", "text": "look"}, image])),
        (
            json!([image, "a", {"type": "text", "text": "b"}, image]),
            json!([image, {"type": "text", "text": "a\nb"}, image]),
        ),
        (json!({"parts": ["", image]}), json!([image])),
        (json!({"parts": [image, ""]}), json!([image])),
        (json!({"parts": [image, "", image, "", ""]}), json!([image, image, {"type": "text", "text": "\n"}])),
        (json!({"parts": ["", "a"]}), json!("\na")),
    ] {
        let read = messages(ChatGptWeb, json!([{"content": content}]));
        assert_eq!(read, json!([{"role": "user", "content": expected}]), "{content}");
    }
}

#[test]
fn passes_images_and_tool_calls_as_the_bytes_that_came() {
    let body = r#"{"messages":[{"content":[{ "image_url":{"url":"\u0068","x":1e2},"type":"image_url" }]},{"role":"assistant","tool_calls":[ {"id":"\u0074"} ]}],"tools":[ 1.0 ]}"#;
    let rendered = render(&parse(OpenAi, body).unwrap(), "gpt-4o");
    for raw in [
        r#"[{ "image_url":{"url":"\u0068","x":1e2},"type":"image_url" }]"#,
        r#"[ {"id":"\u0074"} ]"#,
        "[ 1.0 ]",
    ] {
        assert!(rendered.contains(raw), "{rendered}");
    }
}

#[test]
fn reads_roles_and_drops_messages_that_say_nothing() {
    let web = messages(
        ChatGptWeb,
        json!([
            {"author": {"role": "system"}, "content": {"parts": [""]}},
            {"author": {"role": "system"}, "content": {"parts": ["", ""]}},
            {"role": "whatever", "content": null},
            {"author": {"role": "assistant"}, "role": "user", "content": "1"},
            {"author": {"name": "x"}, "role": "assistant", "content": "2"},
            {"author": null, "content": "3"},
            {"role": "assistant", "content": "", "tool_calls": [{"id": "t"}]},
            {"content": {"content_type": "text"}},
            {"content": {"parts": null}},
            {"content": []},
        ]),
    );
    assert_eq!(
        web,
        json!([{"role": "assistant", "content": "1"}, {"role": "assistant", "content": "2"}, {"role": "user", "content": "3"}])
    );
    let openai = json!([
        {"role": "system", "content": "s"},
        {"role": "developer", "content": "d"},
        {"role": "user", "name": "ann", "content": "u"},
        {"role": "assistant", "content": null, "tool_calls": [{"id": "t", "type": "function"}]},
        {"role": "tool", "content": "", "tool_call_id": "t"},
    ]);
    assert_eq!(messages(OpenAi, openai.clone()), openai);
    let no_calls = json!([{"content": "x"}, {"role": "assistant", "content": "", "tool_calls": []}]);
    assert_eq!(messages(OpenAi, no_calls), json!([{"role": "user", "content": "x"}]));
}

#[test]
fn reads_half_pairs_and_a_byte_order_mark() {
    let body = "\u{feff}{\"messages\":[{\"content\":[\"a\\ud83d\",{\"type\":\"image_url\",\"image_url\":\"\\ude00\\\\ud83d\"}],\"role\":\"user\"}],\"user\":\"\\uD83D\\ude00\\uD83D\"}";
    let body: Value = serde_json::from_str(&render(&parse(OpenAi, body).unwrap(), "gpt-4o")).unwrap();
    assert_eq!(body["messages"][1]["content"][0]["text"], "a\u{fffd}");
    assert_eq!(body["messages"][1]["content"][1]["image_url"], "\u{fffd}\\ud83d");
    assert_eq!(body["user"], "😀\u{fffd}");
}

#[test]
fn passes_parameters_by_format() {
    let asked = json!({
        "messages": [{"content": "x"}], "model": "o3", "temperature": 0.5, "top_p": 1, "stop": ["a"], "seed": 7, "tools": [{"type": "function"}],
        "tool_choice": "auto", "response_format": {"type": "json_object"}, "presence_penalty": 1e-1, "user": "u", "max_tokens": 50,
        "stream_options": {"include_usage": true}, "unknown": 1, "n": 2, "logprobs": null
    });
    let mut web = rendered(ChatGptWeb, &asked);
    web.as_object_mut().unwrap().remove("messages");
    assert_eq!(
        web,
        json!({"model": "o3", "max_completion_tokens": 100, "stream": true, "temperature": 0.5, "reasoning_effort": "none", "top_p": 1})
    );
    let mut openai = rendered(OpenAi, &asked);
    openai.as_object_mut().unwrap().remove("messages");
    assert_eq!(
        openai,
        json!({"model": "o3", "max_completion_tokens": 50, "temperature": 0.5, "top_p": 1, "n": 2, "stop": ["a"], "seed": 7,
            "tools": [{"type": "function"}], "tool_choice": "auto", "response_format": {"type": "json_object"}, "presence_penalty": 1e-1, "user": "u"})
    );
    assert_eq!(parse(OpenAi, &asked.to_string()).unwrap().choices, 2);
}

#[test]
fn passes_stream_options_only_while_streaming() {
    let body = r#"{"messages":[{"content":"x"}],"stream":true,"stream_options":{ "include_usage":true },"max_completion_tokens":1000}"#;
    let streamed = parse(OpenAi, body).unwrap();
    assert!(streamed.stream && streamed.include_usage && streamed.choices == 1);
    let rendered = render(&streamed, "gpt-4o");
    assert!(
        rendered.ends_with(r#""max_tokens":100,"stream":true,"stream_options":{ "include_usage":true }}"#)
    );
    for (stream, options) in [("true", "null"), ("true", r#"{"include_usage":1}"#), ("false", "[]")] {
        let body =
            format!(r#"{{"messages":[{{"content":"x"}}],"stream":{stream},"stream_options":{options}}}"#);
        assert!(!parse(OpenAi, &body).unwrap().include_usage, "{body}");
    }
}

#[test]
fn debug_prints_only_the_model() {
    let request = parse(ChatGptWeb, r#"{"messages":[{"content":"PRIVATE"}],"top_p":1}"#).unwrap();
    assert_eq!(format!("{request:?}"), r#"ChatRequest { model: "gpt-4o", .. }"#);
}
