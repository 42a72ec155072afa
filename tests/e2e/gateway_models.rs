//! Models: retired, with a context that is too small, named in the response.

use crate::gateway_fallback::{FIRST, NEXT, counts, refused, two_models, unavailable};
use crate::support::answer::{Answer, as_json, healthy, too_many};
use crate::support::event::{BOTH, Dialect};
use crate::support::payload::{completion, finish, token};
use crate::support::world::{Setup, World};
use serde_json::json;

#[tokio::test]
async fn each_model_gets_the_limit_it_takes() {
    let world = two_models().start().await;
    world.gateway.next(unavailable());
    world.is_healthy().await;
    let seen = world.gateway.seen();
    assert_eq!(
        (&seen[0].body["max_tokens"], seen[0].body.get("max_completion_tokens")),
        (&json!(4096), None)
    );
    assert_eq!(
        (&seen[1].body["max_completion_tokens"], seen[1].body.get("max_tokens")),
        (&json!(4096), None)
    );
    assert_eq!(seen[0].body["messages"], seen[1].body["messages"]);
}

#[tokio::test]
async fn too_long_a_context_goes_to_the_next_model_and_never_twice_to_one() {
    let setup =
        Setup::new().with("OPENAI_FALLBACK_MODELS", "gpt-6-luna, gpt-3.5-turbo,gpt-6-luna").fallback();
    let world = setup.start().await;
    world.gateway.next(refused(400, "context_length_exceeded"));
    world.is_healthy().await;
    assert_eq!(world.gateway.models(), [FIRST, NEXT]);
    assert_eq!(world.fallback.count(), 0);
    world.gateway.always(|_| refused(400, "context_length_exceeded"));
    world.fallback.always(|_| refused(400, "context_length_exceeded"));
    for dialect in BOTH {
        let before = counts(&world);
        world.ask(dialect.ask()).await.refused(dialect, 400, "context_length_exceeded");
        assert_eq!(counts(&world), (before.0 + 2, before.1));
    }
}

#[tokio::test]
async fn a_retired_model_is_remembered() {
    let world = Setup::new().with("OPENAI_FALLBACK_MODELS", NEXT).fallback().start().await;
    world.gateway.always(|seen| match seen.model() {
        FIRST => refused(404, "model_not_found"),
        _ => healthy(),
    });
    let response = world.ask(Dialect::Conversations.ask()).await;
    response.completed();
    response.ended_in(0..=1_000);
    world.is_healthy().await;
    assert_eq!(world.gateway.models(), [FIRST, NEXT, NEXT]);
    assert_eq!(world.fallback.count(), 0);
}

#[tokio::test]
async fn the_defaults_survive_the_retirement_of_the_default_model() {
    let world =
        Setup::new().without("OPENAI_FALLBACK_MODELS").without("OPENAI_FALLBACK_BASEURL").start().await;
    world.gateway.always(|seen| match seen.model() {
        "gpt-6-luna" => healthy(),
        _ => refused(404, "model_not_found"),
    });
    world.is_healthy().await;
    assert_eq!(world.gateway.models(), ["gpt-3.5-turbo", "gpt-6-luna"]);
}

#[tokio::test]
async fn an_unknown_model_with_no_other_is_502() {
    let world = World::start().await;
    world.gateway.next(refused(404, "model_not_found"));
    world.ask(Dialect::Conversations.ask()).await.refused(
        Dialect::Conversations,
        502,
        "gateway_misconfigured",
    );
    assert_eq!(world.gateway.count(), 1);
    // There is nothing else to ask, so it is asked again in case it came back.
    world.is_healthy().await;
}

#[tokio::test]
async fn after_a_retired_model_the_last_error_is_returned() {
    let world = two_models().start().await;
    world.gateway.next(refused(404, "model_not_found"));
    world.gateway.next(too_many(&[]));
    world.ask(Dialect::V1.ask()).await.refused(Dialect::V1, 429, "rate_limit_exceeded");
    assert_eq!(world.gateway.models(), [FIRST, NEXT]);
}

#[tokio::test]
async fn the_callers_sees_which_model_answered() {
    let world = two_models().start().await;
    let renamed = |payload: &str| payload.replace("gpt-3.5-turbo-0125", "gpt-6-luna-2026-09-01");
    let payloads = [renamed(&token("PRIVATE")), renamed(&finish())];
    world.gateway.next(unavailable());
    world.gateway.next(Answer::stream().events(&payloads).end());
    assert_eq!(world.ask(Dialect::V1.ask()).await.completed(), payloads);
    world.gateway.next(unavailable());
    let mut answer = completion("PRIVATE");
    answer["model"] = json!("gpt-6-luna-2026-09-01");
    world.gateway.next(as_json(200, &answer));
    let body = json!({"messages": [{"role": "user", "content": "PRIVATE"}]});
    assert_eq!(world.ask(Dialect::V1.post(body)).await.json(), answer);
}

#[tokio::test]
async fn a_parameter_the_model_does_not_take_is_replaced_once() {
    let world = Setup::new().once().start().await;
    let unsupported = |param: &str| {
        as_json(
            400,
            &json!({"error": {
                "message": format!("Unsupported parameter: '{param}' is not supported with this model."),
                "type": "invalid_request_error",
                "param": param,
                "code": "unsupported_parameter",
            }}),
        )
    };
    world.gateway.next(unsupported("max_tokens"));
    world.is_healthy().await;
    let body = world.gateway.request(1).await.body;
    assert_eq!((body.get("max_tokens"), &body["max_completion_tokens"]), (None, &json!(4096)));

    let with_temperature =
        json!({"messages": [{"role": "user", "content": "x"}], "temperature": 0.5, "stream": true});
    let before = world.gateway.count();
    world.gateway.next(unsupported("temperature"));
    world.ask(Dialect::V1.post(with_temperature)).await.completed();
    let seen = world.gateway.seen();
    assert_eq!(
        (&seen[before].body["temperature"], seen[before + 1].body.get("temperature")),
        (&json!(0.5), None)
    );

    let before = world.gateway.count();
    world.gateway.always(move |_| unsupported("max_tokens"));
    world.ask(Dialect::V1.ask()).await.refused(Dialect::V1, 400, "unsupported_parameter");
    assert!(world.gateway.count() <= before + 2, "asked {} times", world.gateway.count() - before);
}
