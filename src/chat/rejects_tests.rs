//! Requests that are refused, and the sentence that names the place.

use super::*;
use crate::error::ApiErrorKind;

fn error(format: ApiFormat, body: &str) -> ApiError {
    parse(format, body).unwrap_err()
}

#[test]
fn rejects_wrong_shapes_and_names_their_place() {
    for (format, body, place) in [
        (ChatGptWeb, json!({"messages": [{"role": "system", "content": "x"}]}), "messages[0].role"),
        (ChatGptWeb, json!({"messages": [{"role": "tool", "content": ""}]}), "messages[0].role"),
        (OpenAi, json!({"messages": [{"role": "function", "content": "x"}]}), "messages[0].role"),
        (ChatGptWeb, json!({"messages": [{"role": 1, "content": "x"}]}), "messages[0].role"),
        (
            ChatGptWeb,
            json!({"messages": [{"content": "x"}, {"role": "x", "content": "x"}]}),
            "messages[1].role",
        ),
        (ChatGptWeb, json!({"messages": ["x"]}), "messages[0]"),
        (ChatGptWeb, json!({"messages": [null]}), "messages[0]"),
        (ChatGptWeb, json!({"messages": [[null, "user", "x"]]}), "messages[0]"),
        (ChatGptWeb, json!({"messages": [{"author": ["user"], "content": "x"}]}), "messages[0].author"),
        (ChatGptWeb, json!({"messages": [{"author": "user", "content": "x"}]}), "messages[0].author"),
        (ChatGptWeb, json!({"messages": [{"content": "x"}, {"content": 7}]}), "messages[1].content"),
        (ChatGptWeb, json!({"messages": [{"content": {"parts": "x"}}]}), "messages[0].content.parts"),
        (ChatGptWeb, json!({"messages": [{"content": {"parts": {}}}]}), "messages[0].content.parts"),
        (
            ChatGptWeb,
            json!({"messages": [{"content": {"parts": ["a", {"type": "audio"}]}}]}),
            "messages[0].content.parts[1]",
        ),
        (
            ChatGptWeb,
            json!({"messages": [{"content": {"parts": [{"type": "text"}]}}]}),
            "messages[0].content.parts[0]",
        ),
        (
            ChatGptWeb,
            json!({"messages": [{"content": [{"type": "text", "text": 1}]}]}),
            "messages[0].content[0]",
        ),
        (ChatGptWeb, json!({"messages": [{"content": [null]}]}), "messages[0].content[0]"),
        (ChatGptWeb, json!({"messages": [{"content": "x"}], "temperature": 2.1}), "temperature"),
        (ChatGptWeb, json!({"messages": [{"content": "x"}], "temperature": "1"}), "temperature"),
        (ChatGptWeb, json!({"messages": [{"content": "x"}], "top_p": -0.1}), "top_p"),
        (ChatGptWeb, json!({"messages": [{"content": "x"}], "top_p": [1]}), "top_p"),
        (ChatGptWeb, json!({"messages": [{"content": "x"}], "model": 5}), "model"),
        (OpenAi, json!({"messages": [{"content": "x"}], "stream": "yes"}), "stream"),
        (OpenAi, json!({"messages": [{"content": "x"}], "stream": 1}), "stream"),
        (OpenAi, json!({"messages": [{"content": "x"}], "max_tokens": 0}), "max_tokens"),
        (OpenAi, json!({"messages": [{"content": "x"}], "max_tokens": -1}), "max_tokens"),
        (
            OpenAi,
            json!({"messages": [{"content": "x"}], "max_completion_tokens": 1.5}),
            "max_completion_tokens",
        ),
        (OpenAi, json!({"messages": [{"content": "x"}], "n": 0}), "n"),
        (OpenAi, json!({"messages": [{"content": "x"}], "n": 129}), "n"),
        (
            OpenAi,
            json!({"messages": [{"content": "x"}], "stream": true, "stream_options": [1]}),
            "stream_options",
        ),
    ] {
        let error = error(format, &body.to_string());
        assert_eq!(
            (error.kind, error.param.as_deref()),
            (ApiErrorKind::InvalidRequest, Some(place)),
            "{body}"
        );
        assert!(error.message.starts_with(&format!("{place}: must be ")), "{}", error.message);
    }
}

#[test]
fn rejects_with_a_sentence() {
    for (body, message) in [
        (r#"{"messages":[{"content":"x"}],"model":1}"#, "model: must be a string"),
        (
            r#"{"messages":[{"content":7}],"temperature":9}"#,
            "messages[0].content: must be a string, an array or an object with parts",
        ),
        (r#"{"messages":[{"author":[],"content":7}]}"#, "messages[0].author: must be an object"),
        (r#"{"messages":["7"]}"#, "messages[0]: must be an object"),
        (r#"{"messages":[{"role":1,"content":"x"}]}"#, "messages[0].role: must be a string"),
        (
            r#"{"messages":[{"role":"wizard","content":{"parts":7}}]}"#,
            "messages[0].content.parts: must be an array",
        ),
        (r#"{"messages":[{"role":"tool","content":"x"},{}]}"#, "messages[0].role: must be user or assistant"),
        (
            r#"{"messages":[{"content":["x",7]},7]}"#,
            "messages[0].content[1]: must be text or an image_url part",
        ),
        (
            r#"{"messages":[{"content":[{"type":"text","text":7}]}]}"#,
            "messages[0].content[0]: must be a string",
        ),
        (r#"{"messages":[{"content":1e999}]}"#, "messages[0].content: number out of range"),
        (
            r#"{"messages":[{"content":"x"}],"temperature":1e999}"#,
            "temperature: must be a number from 0 to 2",
        ),
    ] {
        let error = error(ChatGptWeb, body);
        assert_eq!((error.kind, &*error.message), (ApiErrorKind::InvalidRequest, message), "{body}");
    }
    let unread = r#"{"messages":[{"author":{"role":"user"},"role":1,"content":"x"}],"n":"x"}"#;
    assert!(parse(ChatGptWeb, unread).is_ok(), "read a member that means nothing here");
}

#[test]
fn rejects_duplicate_members() {
    for (body, place) in [
        (r#"{"messages":[{"content":"x"}],"messages":[]}"#, "messages"),
        (r#"{"messages":[{"content":"x"}],"top_p":1,"top_p":1}"#, "top_p"),
        (r#"{"messages":[{"content":"x"},{"role":"user","role":"user"}]}"#, "messages[1].role"),
        (r#"{"messages":[{"author":{"role":"user","role":"user"}}]}"#, "messages[0].author.role"),
        (r#"{"messages":[{"content":{"parts":[],"parts":[]}}]}"#, "messages[0].content.parts"),
        (
            r#"{"messages":[{"content":["x",{"type":"text","text":"","text":"x"}]}]}"#,
            "messages[0].content[1].text",
        ),
    ] {
        let error = error(OpenAi, body);
        assert_eq!(
            (error.kind, error.param.as_deref()),
            (ApiErrorKind::InvalidRequest, Some(place)),
            "{body}"
        );
        assert_eq!(error.message, format!("{place}: is given twice"));
    }
    assert!(parse(OpenAi, r#"{"messages":[{"content":"x"}],"x":1,"x":{"a":1,"a":1}}"#).is_ok());
}

#[test]
fn rejects_absent_and_empty_messages() {
    for body in
        ["{}", r#"{"messages":null}"#, r#"{"messages":"x"}"#, r#"{"messages":{}}"#, r#"{"messages":[ ]}"#]
    {
        let error = error(ChatGptWeb, body);
        assert_eq!((error.kind, error.param.as_deref()), (ApiErrorKind::InvalidRequest, Some("messages")));
        assert_eq!(error.message, "Messages array is required", "{body}");
    }
    let error = error(ChatGptWeb, r#"{"messages":[{"content":""}]}"#);
    assert_eq!((error.kind, error.param.as_deref()), (ApiErrorKind::InvalidRequest, Some("messages")));
    assert_eq!(error.message, "No message has any content");
}

#[test]
fn rejects_what_is_not_json() {
    for body in [
        "",
        "\u{feff}",
        "{",
        "text",
        "{} {}",
        "\u{1}",
        r#"{"messages":[7],"model":1"#,
        r#"{"messages":[7]} x"#,
    ] {
        assert_eq!(error(ChatGptWeb, body).kind, ApiErrorKind::InvalidJson, "{body:?}");
    }
    let not_utf8 = Bytes::from_static(b"{\"messages\":[{\"content\":\"\xff\"}]}");
    let error = ChatRequest::parse(not_utf8, ChatGptWeb, &config()).unwrap_err();
    assert_eq!(error.kind, ApiErrorKind::InvalidJson);
}

#[test]
fn rejects_json_that_is_not_an_object() {
    for body in ["[]", "1", "null", "\"x\"", r#"[["messages"]]"#, "1e999"] {
        let error = error(ChatGptWeb, body);
        assert_eq!((error.kind, error.param), (ApiErrorKind::InvalidRequest, None), "{body}");
        assert_eq!(error.message, "The request must be one JSON object.");
    }
}

#[test]
fn rejects_too_many_messages() {
    let list = |count| format!(r#"{{"messages":[{}]}}"#, vec![r#"{"content":"x"}"#; count].join(","));
    assert!(parse(ChatGptWeb, &list(10_000)).is_ok());
    let error = error(ChatGptWeb, &list(10_001));
    assert_eq!((error.kind, error.param.as_deref()), (ApiErrorKind::InvalidRequest, Some("messages")));
    assert_eq!(error.message, "messages: holds more than 10000 messages");
}

#[test]
fn quotes_nothing_of_the_caller() {
    let long = "PRIVATE at line , expected ".repeat(1000);
    for body in [
        json!(long),
        json!({"messages": long}),
        json!({"messages": [long]}),
        json!({"messages": {long.clone(): 1}}),
        json!({"messages": [{"author": long}]}),
        json!({"messages": [{"role": long, "content": "x"}]}),
        json!({"messages": [{"content": {"parts": long}}]}),
        json!({"messages": [{"content": [{"type": long}]}]}),
        json!({"messages": [{"content": "x"}], "temperature": long}),
        json!({"messages": [{"content": "x"}], "stream": long}),
        json!({"messages": [{"content": "x"}], "stream": true, "stream_options": long}),
        json!({"messages": [{"content": "x"}], "model": long}),
        json!({long.clone(): [], "messages": [1]}),
    ] {
        let error = error(OpenAi, &body.to_string());
        assert!(error.message.len() < 100 && !error.message.contains("PRIVATE"), "{error:?}");
        assert!(error.param.is_none_or(|param| param.len() < 40));
    }
}
