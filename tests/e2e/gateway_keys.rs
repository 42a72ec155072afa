//! Keys: rotation, refusal, refresh.

use crate::support::answer::{healthy, wrong_key};
use crate::support::call::Call;
use crate::support::event::{BOTH, Dialect};
use crate::support::patience::{between, took};
use crate::support::secrets::Answer;
use crate::support::world::{FIRST_KEY, Setup, World};
use std::time::{Duration, Instant};

/// A gateway that takes this key alone.
fn only_takes(world: &World, key: &'static str) {
    let bearer = format!("Bearer {key}");
    world.gateway.always(move |seen| match seen.header("authorization") {
        Some(given) if given == bearer => healthy(),
        _ => wrong_key("sk-test-first"),
    });
}

fn authorizations(world: &World) -> Vec<String> {
    world.gateway.seen().iter().map(|seen| seen.header("authorization").unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_rotated_key_costs_no_request() {
    let world = Setup::new().once().start().await;
    world.is_healthy().await;
    world.secrets.set_key("sk-test-second");
    only_takes(&world, "sk-test-second");
    for dialect in BOTH {
        world.ask(dialect.ask()).await.completed();
    }
    let expected =
        [FIRST_KEY, FIRST_KEY, "sk-test-second", "sk-test-second"].map(|key| format!("Bearer {key}"));
    assert_eq!(authorizations(&world), expected);
    assert_eq!(world.secrets.reads(), 2);
}

#[tokio::test]
async fn a_key_that_is_wrong_for_good_is_502() {
    let world = World::start().await;
    only_takes(&world, "sk-test-never");
    for number in 0..5 {
        let dialect = BOTH[number % 2];
        let response = world.ask(dialect.ask()).await;
        response.refused(dialect, 502, "gateway_misconfigured");
        response.ended_in(0..=1_000);
    }
    assert_eq!(world.gateway.count(), 5, "the same key is never tried twice for a request");
    assert!(world.secrets.reads() <= 2, "{} reads", world.secrets.reads());
}

#[tokio::test]
async fn a_wrong_key_goes_to_the_fallback_base() {
    let world = Setup::new().with("OPENAI_FALLBACK_MODELS", "gpt-6-luna").fallback().start().await;
    only_takes(&world, "sk-test-never");
    let response = world.ask(Dialect::Conversations.ask()).await;
    response.completed();
    assert_eq!((world.gateway.count(), world.fallback.models()), (1, vec!["gpt-3.5-turbo".to_owned()]));
}

#[tokio::test]
async fn sixty_four_callers_at_the_moment_of_rotation_read_the_secret_once() {
    let world = Setup::new().once().with("AWS_LAMBDA_MAX_CONCURRENCY", "64").start().await;
    world.api.polled(64).await;
    world.is_healthy().await;
    let before = world.secrets.reads();
    world.secrets.set_key("sk-test-second");
    only_takes(&world, "sk-test-second");
    let calls: Vec<Call> = (0..64).map(|number| world.call(BOTH[number % 2].ask())).collect();
    for call in calls {
        call.finish().await.completed();
    }
    assert_eq!((before, world.secrets.reads()), (1, 2));
}

#[tokio::test]
async fn sixty_four_callers_without_a_key_read_the_secret_as_one() {
    let setup =
        Setup::new().with("AWS_LAMBDA_MAX_CONCURRENCY", "64").secret(Answer::Error("AccessDeniedException"));
    let world = setup.start().await;
    world.api.polled(64).await;
    let before = world.secrets.reads();
    let started = Instant::now();
    let calls: Vec<Call> = (0..64).map(|_| world.call(Dialect::V1.ask())).collect();
    for call in calls {
        call.finish().await.refused(Dialect::V1, 503, "secret_unavailable");
    }
    let seconds = usize::try_from(started.elapsed().as_secs()).unwrap();
    let reads = world.secrets.reads() - before;
    assert!(reads <= 1 + seconds, "{reads} reads in {seconds} s");
}

/// Asks until the gateway is given `key`, which must be soon. No request may be slow or fail.
async fn comes_to_use(world: &World, key: &str) {
    let started = Instant::now();
    loop {
        let response = world.ask(Dialect::Conversations.ask()).await;
        response.completed();
        took("a request beside a refresh", between(response.started, response.ended), 0..=1_500);
        if authorizations(world).last().unwrap().ends_with(key) {
            return;
        }
        assert!(started.elapsed().as_secs() < 5, "the new key is never used");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_old_value_serves_while_it_is_refreshed() {
    let world = Setup::new().with("SECRET_TTL_SECONDS", "1").start().await;
    world.is_healthy().await;
    world.secrets.set_key("sk-test-second");
    comes_to_use(&world, "sk-test-second").await;
    // A Secrets Manager that hangs or refuses delays no request.
    for answer in [Answer::Hang, Answer::Error("ThrottlingException")] {
        world.secrets.set(answer);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let reads = world.secrets.reads();
        for _ in 0..5 {
            let response = world.ask(Dialect::Conversations.ask()).await;
            response.completed();
            response.ended_in(0..=1_500);
        }
        world.secrets.read(reads + 1).await;
    }
}

#[tokio::test]
async fn a_failed_refresh_reports_the_rejected_key() {
    let world = World::start().await;
    world.secrets.set(Answer::Error("AccessDeniedException"));
    only_takes(&world, "sk-test-second");
    let response = world.ask(Dialect::V1.ask()).await;
    response.refused(Dialect::V1, 502, "gateway_misconfigured");
    assert_eq!(world.gateway.count(), 1);
}

#[tokio::test]
async fn a_secrets_manager_that_hangs_is_not_waited_for_past_the_deadline() {
    let world = Setup::new().with("DEADLINE_MARGIN_MS", "400").start().await;
    world.is_healthy().await;
    world.secrets.set(Answer::Hang);
    only_takes(&world, "sk-test-second");
    let response = world.ask(Dialect::V1.ask().time_left(1_500)).await;
    assert!([502, 503, 504].contains(&response.status), "{}", response.text());
    response.ended_in(0..=1_450);

    let setup = Setup::new().with("DEADLINE_MARGIN_MS", "400").secret(Answer::Hang);
    let world = setup.launch().await;
    let response = world.ask(Dialect::V1.ask().time_left(1_500)).await;
    assert!([503, 504].contains(&response.status), "{}", response.text());
    response.ended_in(0..=1_450);
}
