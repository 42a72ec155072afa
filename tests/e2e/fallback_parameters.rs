//! A fallback model is asked without the parameters that it refuses: the caller did not choose that model.

use crate::gateway_fallback::{FIRST, NEXT, refused, two_models, unavailable};
use crate::refused_parameters::{CODES, everything, refusing, unsupported};
use crate::support::answer::usual;
use crate::support::event::Dialect;
use crate::support::world::World;
use serde_json::json;

/// A world whose first model is retired.
async fn start(names: &'static [&'static str], code: &'static str) -> World {
    let world = two_models().start().await;
    world.gateway.always(move |seen| match seen.model() {
        FIRST => refused(404, "model_not_found"),
        _ => refusing(names, code)(seen),
    });
    world
}

#[tokio::test]
async fn what_only_shapes_the_answer_is_left_out_at_a_fallback_model() {
    const NAMES: [&[&str]; 9] = [
        &["stop"],
        &["logprobs"],
        &["top_logprobs"],
        &["logit_bias"],
        &["seed"],
        &["temperature"],
        &["top_p"],
        &["presence_penalty"],
        &["frequency_penalty"],
    ];
    for code in CODES {
        for names in NAMES {
            let world = start(names, code).await;
            world.ask(Dialect::V1.post(everything(true))).await.completed();
            assert_eq!(world.gateway.models(), [FIRST, NEXT, NEXT], "{names:?}");
            assert_eq!(world.gateway.request(2).await.body.get(names[0]), None);
            assert_eq!(world.ask(Dialect::V1.post(everything(false))).await.status, 200);
            assert_eq!(world.gateway.models(), [FIRST, NEXT, NEXT, NEXT], "{names:?}");
        }
    }
}

#[tokio::test]
async fn three_at_most_there_as_well() {
    let world = start(&["stop", "seed", "logit_bias"], CODES[0]).await;
    world.ask(Dialect::V1.post(everything(true))).await.completed();
    assert_eq!(world.gateway.models(), [FIRST, NEXT, NEXT, NEXT, NEXT]);
    let world = start(&["stop", "seed", "logit_bias", "temperature"], CODES[0]).await;
    world.ask(Dialect::V1.post(everything(true))).await.refused(Dialect::V1, 400, CODES[0]);
    assert_eq!(world.gateway.models(), [FIRST, NEXT, NEXT, NEXT, NEXT]);
}

#[tokio::test]
async fn tools_are_never_left_out() {
    let world = start(&["tools"], CODES[0]).await;
    let mut body = everything(true);
    body["tools"] = json!([{"type": "function", "function": {"name": "f"}}]);
    world.ask(Dialect::V1.post(body)).await.refused(Dialect::V1, 400, CODES[0]);
    assert_eq!(world.gateway.models(), [FIRST, NEXT]);
}

/// The caller chose this model, so its refusal goes to the caller.
#[tokio::test]
async fn a_model_named_by_the_caller_returns_its_refusal() {
    let world = two_models().with("ALLOWED_MODELS", NEXT).start().await;
    world.gateway.always(|seen| refusing(&["stop"], CODES[0])(seen));
    let mut body = everything(true);
    body["model"] = json!(NEXT);
    world.ask(Dialect::V1.post(body)).await.refused(Dialect::V1, 400, CODES[0]);
    assert_eq!(world.gateway.models(), [NEXT]);
}

#[tokio::test]
async fn after_a_retry_the_request_goes_on_to_the_next_model() {
    let world = two_models().start().await;
    world.gateway.always(|seen| match (seen.model(), seen.body.get("temperature")) {
        (FIRST, Some(_)) => unsupported("temperature", CODES[0]),
        (FIRST, None) => unavailable(),
        _ => usual(&seen.body),
    });
    world.ask(Dialect::V1.post(everything(true))).await.completed();
    assert_eq!(world.gateway.models(), [FIRST, FIRST, NEXT]);
    assert_eq!(world.gateway.request(2).await.body["temperature"], 0.5, "the next model may take it");
}
