//! What is left out for models that refuse it.

use super::*;
use Parameter::{
    FrequencyPenalty, LogitBias, Logprobs, PresencePenalty, ReasoningEffort, Seed, Stop, Temperature,
    TokenLimitName, TopLogprobs, TopP,
};

const EVERYTHING: &str = r#"{"messages":[{"content":"x"}],"temperature":1,"top_p":1,"presence_penalty":1,"frequency_penalty":1,"reasoning_effort":"low","stop":"x","logprobs":true,"top_logprobs":1,"logit_bias":{},"seed":1,"tools":[]}"#;
const LITTLE: &str = r#"{"messages":[{"content":"x"}]}"#;

fn adjustments(parameters: &[Parameter]) -> Adjustments {
    parameters.iter().copied().collect()
}

fn names(request: &ChatRequest, model: &str, adjustments: &Adjustments) -> Vec<String> {
    let body: Value = serde_json::from_slice(&request.render(model, adjustments)).unwrap();
    body.as_object()
        .unwrap()
        .keys()
        .filter(|name| !["messages", "model"].contains(&name.as_str()))
        .cloned()
        .collect()
}

#[test]
fn sends_the_token_limit_under_its_other_name_once() {
    let request = parse(ChatGptWeb, LITTLE).unwrap();
    let (none, renamed) = (Adjustments::default(), adjustments(&[TokenLimitName]));
    for (model, first, other) in
        [("gpt-4o", "max_tokens", "max_completion_tokens"), ("o3", "max_completion_tokens", "max_tokens")]
    {
        assert_eq!(request.adjust(first, model, &none), Some(TokenLimitName));
        assert_eq!(request.adjust(other, model, &none), None, "not sent");
        assert_eq!(request.adjust(first, model, &renamed), None, "not sent");
        assert_eq!(request.adjust(other, model, &renamed), None, "tried");
        let names = names(&request, model, &renamed);
        assert!(names.contains(&other.to_owned()) && !names.contains(&first.to_owned()));
    }
}

#[test]
fn leaves_out_what_any_model_may_refuse() {
    let request = parse(OpenAi, EVERYTHING).unwrap();
    let little = parse(OpenAi, LITTLE).unwrap();
    for (name, parameter) in [
        ("temperature", Temperature),
        ("top_p", TopP),
        ("presence_penalty", PresencePenalty),
        ("frequency_penalty", FrequencyPenalty),
    ] {
        for model in ["gpt-4o", "o3", "gpt-6-luna"] {
            let none = Adjustments::default();
            assert_eq!(request.adjust(name, model, &none), Some(parameter));
            assert_eq!(little.adjust(name, model, &none), None, "not sent");
            let adjusted = adjustments(&[parameter]);
            assert_eq!(request.adjust(name, model, &adjusted), None, "left out already");
            let expected: Vec<_> =
                names(&request, model, &none).into_iter().filter(|sent| sent != name).collect();
            assert_eq!(names(&request, model, &adjusted), expected);
        }
    }
}

#[test]
fn leaves_out_more_at_a_fallback_model() {
    let request = parse(OpenAi, EVERYTHING).unwrap();
    let little = parse(OpenAi, LITTLE).unwrap();
    let none = Adjustments::default();
    for (name, parameter) in [
        ("stop", Stop),
        ("logprobs", Logprobs),
        ("top_logprobs", TopLogprobs),
        ("logit_bias", LogitBias),
        ("seed", Seed),
    ] {
        let adjusted = adjustments(&[parameter]);
        assert_eq!(request.adjust(name, "o3", &none), Some(parameter));
        assert_eq!(request.adjust(name, "o3", &adjusted), None, "left out already");
        assert_eq!(little.adjust(name, "o3", &none), None, "not sent");
        assert!(!names(&request, "o3", &adjusted).contains(&name.to_owned()));
        assert_eq!(request.adjust(name, "gpt-4o", &none), None, "the caller's own choice");
        assert!(names(&request, "gpt-4o", &adjusted).contains(&name.to_owned()), "the caller's own choice");
    }
    for name in [
        "tools",
        "messages",
        "model",
        "stream",
        "n",
        "",
        "reasoning_effort",
        "TokenLimitName",
        "token_limit_name",
    ] {
        assert_eq!(request.adjust(name, "o3", &none), None, "{name}");
    }
}

#[test]
fn adds_reasoning_effort_for_reasoning_models_on_conversations() {
    let (none, refused) = (Adjustments::default(), adjustments(&[ReasoningEffort]));
    let web = parse(ChatGptWeb, EVERYTHING).unwrap();
    let sent = |request: &ChatRequest, model, adjustments| {
        names(request, model, adjustments).contains(&"reasoning_effort".to_owned())
    };
    assert!(sent(&web, "o3", &none) && !sent(&web, "o3", &refused) && !sent(&web, "gpt-4o", &none));
    assert_eq!(web.adjust("reasoning_effort", "o3", &none), Some(ReasoningEffort));
    for (model, adjustments) in [("o3", &refused), ("gpt-4o", &none)] {
        assert_eq!(web.adjust("reasoning_effort", model, adjustments), None);
    }
    let v1 = parse(OpenAi, EVERYTHING).unwrap();
    assert!(sent(&v1, "o3", &refused), "the caller's own choice");
    assert_eq!(v1.adjust("reasoning_effort", "o3", &none), None);
    assert!(!sent(&parse(OpenAi, LITTLE).unwrap(), "o3", &none));

    let config = ChatConfig { reasoning_effort: None, ..config() };
    let request = ChatRequest::parse(LITTLE.into(), ChatGptWeb, &config).unwrap();
    assert!(!sent(&request, "o3", &none));
    assert_eq!(request.adjust("reasoning_effort", "o3", &none), None);
    assert!(request.lets_model_reason("o3", &none));
}

#[test]
fn says_whether_the_model_may_reason() {
    let (none, refused) = (Adjustments::default(), adjustments(&[ReasoningEffort]));
    let with = |effort: &str| {
        let body = format!(r#"{{"messages":[{{"content":"x"}}],"reasoning_effort":{effort}}}"#);
        parse(OpenAi, &body).unwrap()
    };
    for (request, model, adjustments, reasons) in [
        (parse(ChatGptWeb, LITTLE).unwrap(), "o3", &none, false),
        (parse(ChatGptWeb, LITTLE).unwrap(), "o3", &refused, true),
        (parse(ChatGptWeb, LITTLE).unwrap(), "gpt-4o", &none, false),
        (parse(OpenAi, LITTLE).unwrap(), "o3", &none, true),
        (parse(OpenAi, LITTLE).unwrap(), "gpt-4o", &none, false),
        (with("\"none\""), "o3", &refused, false),
        (with("\"low\""), "o3", &none, true),
        (with("\"low\""), "gpt-4o", &none, true),
        (with("null"), "gpt-4o", &none, false),
    ] {
        assert_eq!(request.lets_model_reason(model, adjustments), reasons, "{model} {adjustments:?}");
    }
}

#[test]
fn knows_places_in_the_request() {
    let request = parse(OpenAi, EVERYTHING).unwrap();
    for place in [
        "messages",
        "model",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "tools",
        "logit_bias",
        "messages[3].content",
        "messages.[3].content".replace(".[", "[").as_str(),
        "messages.3.role",
        "messages[1].content[0].image_url.url",
        "messages[1].tool_calls[0].function.arguments",
        "tools[0].function.parameters",
        "stop[0]",
    ] {
        assert!(request.has_place(place), "{place}");
    }
    let long = format!("messages{}", "[1]".repeat(40));
    for place in [
        "",
        ".",
        "content",
        "n",
        "stream",
        "user",
        "PRIVATE",
        "messages[sk-1]",
        "messages[123456]",
        "messages[-1]",
        "messages[٣]",
        "messages[0].PRIVATE",
        "messages[0].",
        "messages[0].content ",
        "messages 0",
        "tools[0].function.my_own_name",
        "logit_bias.PRIVATE",
        long.as_str(),
    ] {
        assert!(!request.has_place(place), "{place}");
    }
    let streamed = parse(ChatGptWeb, LITTLE).unwrap();
    assert!(streamed.has_place("stream") && !streamed.has_place("temperature"));
}

#[test]
fn adjustments_are_a_set() {
    let mut adjustments = Adjustments::default();
    assert!(adjustments.is_empty());
    adjustments.insert(Stop);
    adjustments.insert(Stop);
    assert_eq!(
        (adjustments.len(), adjustments.contains(&Stop), adjustments.contains(&Seed)),
        (1, true, false)
    );
}
