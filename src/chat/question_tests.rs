#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use serde_json::{Value, json};

fn config() -> ChatConfig {
    ChatConfig {
        model: "gpt-4o".to_owned(),
        allowed_models: vec!["o3".to_owned()],
        any_model: false,
        max_tokens: 100,
        system_prompt: "Be \"kind\".\n".to_owned(),
    }
}

fn parse(dialect: Dialect, body: &str) -> Result<Question, Failure> {
    Question::parse(body.as_bytes(), dialect, &config(), &Models::new(&config()))
}

fn rendered(dialect: Dialect, body: &Value) -> Value {
    let question = parse(dialect, &body.to_string()).unwrap();
    serde_json::from_slice(&question.render(&question.model, Adjustments::default())).unwrap()
}

fn messages(dialect: Dialect, messages: Value) -> Value {
    let mut body = rendered(dialect, &json!({"messages": messages}));
    let messages = body["messages"].as_array_mut().unwrap();
    assert_eq!(messages.remove(0), json!({"role": "system", "content": "Be \"kind\".\n"}));
    messages.clone().into()
}

#[test]
fn the_whole_body_byte_for_byte() {
    let body = r#"{"action":"next","messages":[{"id":"x","author":{"role":"user"},"role":"user","content":{"content_type":"text","parts":["日本語 \"q\" \u00e9\n"]}}],"parent_message_id":"p","model":"text-davinci-002"}"#;
    let question = parse(Dialect::Web, body).unwrap();
    assert_eq!(
        std::str::from_utf8(&question.render("gpt-4o", Adjustments::default())).unwrap(),
        r#"{"model":"gpt-4o","messages":[{"role":"system","content":"Be \"kind\".\n"},{"role":"user","content":"日本語 \"q\" é\n"}],"max_tokens":100,"stream":true}"#
    );
    assert_eq!(
        std::str::from_utf8(&question.render("gpt-6-luna", Adjustments::default())).unwrap(),
        r#"{"model":"gpt-6-luna","messages":[{"role":"system","content":"Be \"kind\".\n"},{"role":"user","content":"日本語 \"q\" é\n"}],"max_completion_tokens":100,"stream":true}"#
    );
}

#[test]
fn contents() {
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
    ] {
        let read = messages(Dialect::Web, json!([{"content": content}]));
        assert_eq!(read, json!([{"role": "user", "content": expected}]), "{content}");
    }
}

#[test]
fn roles_and_messages_that_say_nothing() {
    let web = messages(
        Dialect::Web,
        json!([
            {"author": {"role": "system"}, "content": {"parts": [""]}},
            {"author": {"role": "system"}, "content": {"parts": ["", ""]}},
            {"role": "whatever", "content": null},
            {"author": {"role": "assistant"}, "role": "user", "content": "1"},
            {"author": {"name": "x"}, "role": "assistant", "content": "2"},
            {"author": null, "content": "3"},
            {"role": "assistant", "content": "", "tool_calls": [{"id": "t"}]},
            {"content": {"content_type": "text"}},
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
    assert_eq!(messages(Dialect::OpenAi, openai.clone()), openai);
}

#[test]
fn what_is_refused_and_where() {
    for (dialect, body, place) in [
        (Dialect::Web, json!({"messages": [{"role": "system", "content": "x"}]}), "messages[0].role"),
        (Dialect::Web, json!({"messages": [{"role": "tool", "content": ""}]}), "messages[0].role"),
        (Dialect::OpenAi, json!({"messages": [{"role": "function", "content": "x"}]}), "messages[0].role"),
        (Dialect::Web, json!({"messages": [{"role": 1, "content": "x"}]}), "messages[0].role"),
        (Dialect::Web, json!({"messages": ["x"]}), "messages[0]"),
        (Dialect::Web, json!({"messages": [null]}), "messages[0]"),
        (Dialect::Web, json!({"messages": [[null, "user", "x"]]}), "messages[0]"),
        (Dialect::Web, json!({"messages": [{"author": ["user"], "content": "x"}]}), "messages[0].author"),
        (Dialect::Web, json!({"messages": [{"author": "user", "content": "x"}]}), "messages[0].author"),
        (Dialect::Web, json!({"messages": [{"content": "x"}, {"content": 7}]}), "messages[1].content"),
        (Dialect::Web, json!({"messages": [{"content": {"parts": "x"}}]}), "messages[0].content.parts"),
        (
            Dialect::Web,
            json!({"messages": [{"content": {"parts": ["a", {"type": "audio"}]}}]}),
            "messages[0].content.parts[1]",
        ),
        (
            Dialect::Web,
            json!({"messages": [{"content": {"parts": [{"type": "text"}]}}]}),
            "messages[0].content.parts[0]",
        ),
        (
            Dialect::Web,
            json!({"messages": [{"content": [{"type": "text", "text": 1}]}]}),
            "messages[0].content[0]",
        ),
        (Dialect::Web, json!({"messages": [{"content": [null]}]}), "messages[0].content[0]"),
        (Dialect::Web, json!({"messages": [{"content": "x"}], "temperature": 2.1}), "temperature"),
        (Dialect::Web, json!({"messages": [{"content": "x"}], "temperature": "1"}), "temperature"),
        (Dialect::Web, json!({"messages": [{"content": "x"}], "top_p": -0.1}), "top_p"),
        (Dialect::Web, json!({"messages": [{"content": "x"}], "model": 5}), "model"),
        (Dialect::OpenAi, json!({"messages": [{"content": "x"}], "stream": "yes"}), "stream"),
        (Dialect::OpenAi, json!({"messages": [{"content": "x"}], "max_tokens": 0}), "max_tokens"),
        (
            Dialect::OpenAi,
            json!({"messages": [{"content": "x"}], "max_completion_tokens": 1.5}),
            "max_completion_tokens",
        ),
        (Dialect::OpenAi, json!({"messages": [{"content": "x"}], "n": 0}), "n"),
    ] {
        let failure = parse(dialect, &body.to_string()).unwrap_err();
        assert_eq!((failure.kind, failure.param.as_deref()), (Kind::InvalidRequest, Some(place)), "{body}");
        assert!(failure.message.starts_with(&format!("{place}: ")), "{}", failure.message);
    }
}

#[test]
fn of_two_faults_the_first_step_s_is_told() {
    for (body, message) in [
        (r#"{"messages":[{"content":7}],"model":1}"#, "model: must be a string"),
        (
            r#"{"temperature":9,"messages":[{"content":7}]}"#,
            "messages[0].content: must be a string, an array or an object with parts",
        ),
        (
            r#"{"messages":[{"content":7,"author":[]}]}"#,
            "messages[0].author: must be an object of the right shape",
        ),
        (r#"{"messages":[{"content":7,"role":1}]}"#, "messages[0].role: must be a string"),
        (
            r#"{"messages":[{"role":"wizard","content":{"parts":7}}]}"#,
            "messages[0].content.parts: must be an array",
        ),
        (
            r#"{"messages":[{"role":"tool","content":"x"},7]}"#,
            "messages[0].role: the role must be one of user, assistant",
        ),
        (r#"{"messages":[{"content":["x","\ud800"]},7]}"#, "messages[0].content[1]: must be a string"),
        (
            r#"{"messages":[{"content":{"parts":1,"parts":[]}}]}"#,
            "messages[0].content: must be an object of the right shape",
        ),
        (r#"{"messages":[7],"messages":[]}"#, "The request must be one JSON object."),
        (r#"{"messages":[7],"model":1"#, "The request body is not JSON."),
    ] {
        assert_eq!(parse(Dialect::Web, body).unwrap_err().message, message, "{body}");
    }
    let unread = r#"{"messages":[{"author":{"role":"user"},"role":1,"content":"x"}],"x":"\ud800"}"#;
    assert!(parse(Dialect::Web, unread).is_ok(), "a role beside the author's is not read");
}

#[test]
fn no_messages() {
    for body in
        [r#"{}"#, r#"{"messages":null}"#, r#"{"messages":"x"}"#, r#"{"messages":{}}"#, r#"{"messages":[ ]}"#]
    {
        let failure = parse(Dialect::Web, body).unwrap_err();
        assert_eq!(
            (failure.kind, failure.message.as_ref()),
            (Kind::InvalidRequest, "Messages array is required"),
            "{body}"
        );
    }
    let failure = parse(Dialect::Web, r#"{"messages":[{"content":""}]}"#).unwrap_err();
    assert_eq!(failure.kind, Kind::InvalidRequest);
    for body in ["", "{", "text", "{} {}", "\u{1}"] {
        assert_eq!(parse(Dialect::Web, body).unwrap_err().kind, Kind::InvalidJson, "{body:?}");
    }
    for body in ["[]", "1", "null", "\"x\"", r#"[["messages"]]"#] {
        assert_eq!(parse(Dialect::Web, body).unwrap_err().kind, Kind::InvalidRequest, "{body}");
    }
}

#[test]
fn parameters() {
    let asked = json!({
        "messages": [{"content": "x"}], "model": "o3", "temperature": 0.5, "top_p": 1, "stop": ["a"], "seed": 7, "tools": [{"type": "function"}],
        "tool_choice": "auto", "response_format": {"type": "json_object"}, "presence_penalty": 1e-1, "user": "u", "max_tokens": 50,
        "stream_options": {"include_usage": true}, "unknown": 1, "n": 2, "logprobs": null
    });
    let mut web = rendered(Dialect::Web, &asked);
    web.as_object_mut().unwrap().remove("messages");
    assert_eq!(
        web,
        json!({"model": "o3", "max_completion_tokens": 100, "stream": true, "temperature": 0.5, "top_p": 1})
    );
    let mut openai = rendered(Dialect::OpenAi, &asked);
    openai.as_object_mut().unwrap().remove("messages");
    assert_eq!(
        openai,
        json!({"model": "o3", "max_completion_tokens": 50, "temperature": 0.5, "top_p": 1, "n": 2, "stop": ["a"], "seed": 7,
            "tools": [{"type": "function"}], "tool_choice": "auto", "response_format": {"type": "json_object"}, "presence_penalty": 1e-1, "user": "u"})
    );
    let streamed = parse(Dialect::OpenAi, r#"{"messages":[{"content":"x"}],"stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":1000,"temperature":1}"#).unwrap();
    assert!(streamed.stream && streamed.wants_usage && streamed.choices == 1);
    let adjusted = streamed.render("gpt-4o", Adjustments { other_token_limit: true, no_temperature: true });
    let adjusted: Value = serde_json::from_slice(&adjusted).unwrap();
    assert_eq!((&adjusted["max_completion_tokens"], adjusted.get("temperature")), (&json!(100), None));
    assert_eq!(
        (adjusted.get("max_tokens"), &adjusted["stream_options"]),
        (None, &json!({"include_usage": true}))
    );
}

#[test]
fn large_and_deep_bodies_are_bounded() {
    let nested = format!("{}{}", "[".repeat(2_500_000), "]".repeat(2_500_000));
    for body in [
        nested.clone(),
        format!(r#"{{"messages":{nested}}}"#),
        format!(r#"{{"messages":[{{"content":{nested}}}]}}"#),
    ] {
        assert_eq!(parse(Dialect::Web, &body).unwrap_err().kind, Kind::InvalidRequest);
    }
    let many = format!(r#"{{"messages":[{}]}}"#, vec![r#"{"content":"x"}"#; 100_000].join(","));
    assert_eq!(parse(Dialect::Web, &many).unwrap_err().param.as_deref(), Some("messages"));
    let huge = json!({"messages": [{"content": "é".repeat(2_500_000)}]}).to_string();
    assert!(parse(Dialect::Web, &huge).is_ok());
}
