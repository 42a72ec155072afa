//! How long a target may stay silent while another target is left.

use crate::gateway_fallback::counts;
use crate::support::answer::{Answer, Script, Step, as_json, milliseconds, only};
use crate::support::event::{Dialect, Event};
use crate::support::payload::{HEALTHY, completion, healthy_payloads};
use crate::support::world::Setup;
use serde_json::json;

const REASONING: &str = "gpt-6-luna";

/// Nothing for so long after the head, and then the answer.
fn after(ms: u64) -> Script {
    Answer::stream().wait(ms).events(&healthy_payloads()).end()
}

#[tokio::test]
async fn a_chat_waits_ten_seconds_for_its_first_event() {
    let ask = |setup: Setup| async move {
        let world = setup.once().fallback().start().await;
        world.gateway.next(Answer::stream().hang());
        let response = world.ask(Dialect::Conversations.ask()).await;
        assert_eq!(response.opened_in(9_900..=12_000).completed(), healthy_payloads());
        assert_eq!(counts(&world), (1, 1));
    };
    // A model that could reason, and is asked not to, is no other.
    tokio::join!(ask(Setup::new()), ask(Setup::new().with("OPENAI_MODEL", REASONING)));
}

#[tokio::test]
async fn a_model_that_reasons_is_waited_for() {
    let ask = |setup: Setup, event: Event| async move {
        let world = setup.once().fallback().with("OPENAI_MODEL", REASONING).start().await;
        world.gateway.next(after(11_500));
        let response = world.ask(event).await;
        assert_eq!(response.completed(), healthy_payloads());
        assert_eq!(counts(&world), (1, 0));
    };
    tokio::join!(
        ask(Setup::new(), Dialect::V1.ask()),
        ask(Setup::new().with("REASONING_EFFORT", "high"), Dialect::Conversations.ask()),
        ask(Setup::new().with("REASONING_EFFORT", ""), Dialect::Conversations.ask()),
    );
}

#[tokio::test]
async fn a_model_that_reasons_may_be_silent_for_the_idle_time() {
    let setup = Setup::new().once().fallback().with("OPENAI_MODEL", REASONING);
    let world = setup.with("IDLE_TIMEOUT_MS", "500").start().await;
    world.gateway.next(Answer::stream().hang());
    let response = world.ask(Dialect::V1.ask()).await;
    assert_eq!(response.opened_in(490..=1_500).completed(), healthy_payloads());
    assert_eq!(counts(&world), (1, 1));
}

fn json_question(time_left: u64) -> Event {
    let body = json!({"messages": [{"role": "user", "content": "PRIVATE question?"}]});
    Dialect::V1.post(body).time_left(time_left)
}

/// A head of a JSON answer, and then nothing.
fn silent_after_the_head() -> Script {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{";
    Script(vec![Step::Write(head.into()), Step::Hang])
}

#[tokio::test]
async fn a_silent_target_of_a_json_request_is_left_at_half_of_the_time() {
    for script in [only(Step::Hang), silent_after_the_head()] {
        let world = Setup::new().with("DEADLINE_MARGIN_MS", "400").fallback().start().await;
        world.gateway.next(script);
        // 3.6 seconds to the deadline's margin: half of them for each.
        let response = world.ask(json_question(4_000)).await;
        assert_eq!(response.json(), completion(HEALTHY));
        response.ended_in(1_600..=2_600);
        assert_eq!(counts(&world), (1, 1));
        world.gateway.gone(0).await;
    }
}

#[tokio::test]
async fn the_last_target_of_a_json_request_gets_all_of_the_time() {
    let world = Setup::new().with("DEADLINE_MARGIN_MS", "400").fallback().start().await;
    world.gateway.next(only(Step::Hang));
    world.fallback.next(only(Step::Hang));
    let response = world.ask(json_question(4_000)).await;
    response.refused(Dialect::V1, 504, "gateway_timeout");
    response.ended_in(3_200..=3_950);
    assert_eq!(counts(&world), (1, 1), "none is asked again");

    let world = Setup::new().with("DEADLINE_MARGIN_MS", "400").start().await;
    let mut slow = as_json(200, &completion(HEALTHY));
    slow.0.insert(0, milliseconds(2_200));
    world.gateway.next(slow);
    assert_eq!(world.ask(json_question(3_500)).await.json(), completion(HEALTHY));
    assert_eq!(world.gateway.count(), 1);
}

#[tokio::test]
async fn a_target_that_fell_silent_is_not_asked_again() {
    let world = Setup::new().with("DEADLINE_MARGIN_MS", "400").with("IDLE_TIMEOUT_MS", "300").start().await;
    for script in [silent_after_the_head(), Answer::stream().hang()] {
        let before = world.gateway.count();
        world.gateway.next(script);
        let response = world.ask(json_question(4_000)).await;
        assert!([502, 504].contains(&response.status), "{}", response.text());
        assert_eq!(world.gateway.count(), before + 1);
    }
    assert_eq!(world.ask(json_question(4_000)).await.json(), completion(HEALTHY));
}
