//! What the process remembers of models: which are retired, and which parameters each refuses. Made-up names
//! displace no configured model.

use crate::gateway_fallback::{FIRST, NEXT, refused};
use crate::refused_parameters::{CODES, refusing};
use crate::support::answer::{as_json, healthy, plain};
use crate::support::event::{BOTH, Dialect};
use crate::support::payload::openai_error;
use crate::support::world::{Setup, World};
use serde_json::json;

const MADE_UP: usize = 300;

async fn ask_for(world: &World, model: &str) {
    let messages = json!([{"role": "user", "content": "x"}]);
    let body = json!({"messages": messages, "model": model, "stream": true, "top_p": 0.5});
    world.ask(Dialect::V1.post(body)).await.completed();
}

async fn ask_for_made_up_models(world: &World, name: &str) {
    for number in 0..MADE_UP {
        ask_for(world, &format!("{name}-{number}")).await;
    }
}

/// How often the gateway is asked for the default model, when made-up names come before and after.
async fn asks_between_made_up_models(world: &World) -> [usize; 2] {
    ask_for_made_up_models(world, "before").await;
    let mut asks = [0; 2];
    for asks in &mut asks {
        let before = world.gateway.count();
        ask_for(world, FIRST).await;
        *asks = world.gateway.count() - before;
        ask_for_made_up_models(world, "after").await;
    }
    asks
}

#[tokio::test]
async fn made_up_models_do_not_push_out_a_retired_one() {
    let setup = Setup::new().once().with("ALLOWED_MODELS", "*").with("OPENAI_FALLBACK_MODELS", NEXT);
    let world = setup.start().await;
    world.gateway.always(|seen| match seen.model() {
        NEXT => healthy(),
        _ => refused(404, "model_not_found"),
    });
    assert_eq!(asks_between_made_up_models(&world).await, [2, 1]);
}

#[tokio::test]
async fn made_up_models_do_not_push_out_what_a_model_refuses() {
    let world = Setup::new().once().with("ALLOWED_MODELS", "*").start().await;
    world.gateway.always(refusing(&["top_p"], CODES[0]));
    assert_eq!(asks_between_made_up_models(&world).await, [2, 1]);
}

#[tokio::test]
async fn a_410_is_a_retired_model() {
    let gone = [
        plain(410, &[], ""),
        plain(410, &[("content-type", "text/html")], "<h1>Gone</h1>"),
        as_json(410, &openai_error("deprecated", "invalid_request_error")),
    ];
    for script in gone {
        let world = Setup::new().with("OPENAI_FALLBACK_MODELS", NEXT).fallback().start().await;
        world.gateway.always(move |seen| match seen.model() {
            FIRST => script.clone(),
            _ => healthy(),
        });
        for dialect in BOTH {
            world.ask(dialect.ask()).await.completed();
        }
        assert_eq!(world.gateway.models(), [FIRST, NEXT, NEXT]);
        assert_eq!(world.fallback.count(), 0);
    }
    let world = World::start().await;
    world.gateway.always(|_| plain(410, &[], ""));
    world.ask(Dialect::V1.ask()).await.refused(Dialect::V1, 502, "gateway_misconfigured");
    assert_eq!(world.gateway.count(), 1);
}
