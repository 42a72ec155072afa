//! The tenants' secret: read once, refreshed when a token needs it, and unavailable.

use crate::auth::{Shown, comes_in, connect, denied_for, goes_out, let_in, periods, tenant_with, tenants};
use crate::support::call::Call;
use crate::support::event::{BOTH, Dialect, Event};
use crate::support::patience::{between, took};
use crate::support::secrets::Answer;
use crate::support::tokens::{SHARED_SECRET, connect_claims, good, hs256, with};
use serde_json::json;
use std::time::Instant;

fn of_tenant(name: &str) -> String {
    hs256(&with(connect_claims(), "iss", json!(name)), SHARED_SECRET)
}

#[tokio::test]
async fn many_unknown_tenants_cause_one_read_a_minute() {
    let world = connect().with("AWS_LAMBDA_MAX_CONCURRENCY", "64").start().await;
    world.api.polled(64).await;
    let started = Instant::now();
    let_in(&world, &Shown::jwt(&good())).await;
    assert_eq!(world.secrets.tenants_reads(), 1);
    let unknown = |number: usize| of_tenant(&format!("tenant-{number}"));
    let forged = |number: usize| hs256(&connect_claims(), &format!("guess-{number}"));
    for _ in 0..3 {
        let token = |number| if number % 2 == 0 { unknown(number) } else { forged(number) };
        let calls: Vec<(Dialect, Call)> = (0..64)
            .map(|number| (BOTH[number % 2], world.call(BOTH[number % 2].ask().jwt(&token(number)))))
            .collect();
        for (dialect, call) in calls {
            call.finish().await.refused(dialect, 401, "unauthorized");
        }
        let_in(&world, &Shown::jwt(&good())).await;
    }
    let reads = world.secrets.tenants_reads();
    assert!((2..=2 + periods(started, 60)).contains(&reads), "{reads} reads");
}

#[tokio::test]
async fn a_rotated_shared_secret_costs_no_request() {
    let world = connect().once().tenants(tenant_with("the-old-secret")).start().await;
    let [old, new] =
        ["the-old-secret", "the-new-secret"].map(|secret| Shown::jwt(&hs256(&connect_claims(), secret)));
    let_in(&world, &old).await;
    world.secrets.set_tenants(tenant_with("the-new-secret"));
    let_in(&world, &old).await;
    assert_eq!(world.secrets.tenants_reads(), 1, "nothing says yet that there is a new one");
    let_in(&world, &new).await;
    assert_eq!(world.secrets.tenants_reads(), 2, "the token that needs it makes the function look");
    denied_for(&world, &old, "signature").await;
    let_in(&world, &new).await;
    assert_eq!(world.secrets.tenants_reads(), 2);
}

#[tokio::test]
async fn a_new_installation_is_let_in_with_its_first_request() {
    let world = connect().start().await;
    world
        .secrets
        .set_tenants(Answer::Value(json!({"tenant-new": {"sharedSecret": SHARED_SECRET}}).to_string()));
    let_in(&world, &Shown::jwt(&of_tenant("tenant-new"))).await;
    assert_eq!(world.secrets.tenants_reads(), 2);
}

#[tokio::test]
async fn many_callers_at_the_moment_of_rotation_read_once() {
    let setup = connect().with("AWS_LAMBDA_MAX_CONCURRENCY", "64").tenants(tenant_with("the-old-secret"));
    let world = setup.start().await;
    world.api.polled(64).await;
    let started = Instant::now();
    world.secrets.set_tenants(tenant_with("the-new-secret"));
    let token = hs256(&connect_claims(), "the-new-secret");
    let calls: Vec<Call> = (0..64).map(|number| world.call(BOTH[number % 2].ask().jwt(&token))).collect();
    for call in calls {
        call.finish().await.completed();
    }
    let reads = world.secrets.tenants_reads();
    assert!((2..=2 + periods(started, 60)).contains(&reads), "{reads} reads");
}

#[tokio::test]
async fn a_removed_tenant_is_locked_out_when_the_copy_is_old() {
    let world = connect().with("SECRET_TTL_SECONDS", "0").start().await;
    let_in(&world, &Shown::jwt(&good())).await;
    world.secrets.set_tenants(Answer::Value("{}".to_owned()));
    goes_out(&world, &Shown::jwt(&good())).await;
    world.secrets.set_tenants(tenants());
    comes_in(&world, &Shown::jwt(&good())).await;
}

#[tokio::test]
async fn without_tenants_it_is_503_and_recovers_without_a_restart() {
    for kind in ["AccessDeniedException", "ResourceNotFoundException"] {
        let world = connect().tenants(Answer::Error(kind)).start().await;
        let (started, before) = (Instant::now(), world.secrets.tenants_reads());
        for number in 0..20 {
            let dialect = BOTH[number % 2];
            let response = world.ask(dialect.ask().jwt(&good())).await;
            let sentence = response.refused(dialect, 503, "secret_unavailable");
            assert!(!sentence.contains("arn:") && !sentence.contains("tenants-"), "{sentence}");
            // A caller without a well-formed token gets no other answer and triggers no read.
            let response = world.ask(dialect.ask().jwt("x")).await;
            response.refused(dialect, 401, "unauthorized");
            assert_eq!(world.ask(Event::new("GET", "/health")).await.status, 200);
        }
        let reads = world.secrets.tenants_reads() - before;
        assert!(reads <= 1 + periods(started, 1), "{reads} reads since {:?}", started.elapsed());
        assert_eq!(world.gateway.count(), 0);
        world.secrets.set_tenants(tenants());
        comes_in(&world, &Shown::jwt(&good())).await;
    }
}

#[tokio::test]
async fn many_callers_without_tenants_read_as_one() {
    let setup =
        connect().with("AWS_LAMBDA_MAX_CONCURRENCY", "64").tenants(Answer::Error("AccessDeniedException"));
    let world = setup.start().await;
    world.api.polled(64).await;
    let (started, before) = (Instant::now(), world.secrets.tenants_reads());
    let calls: Vec<Call> = (0..64).map(|_| world.call(Dialect::V1.ask().jwt(&good()))).collect();
    for call in calls {
        call.finish().await.refused(Dialect::V1, 503, "secret_unavailable");
    }
    let reads = world.secrets.tenants_reads() - before;
    assert!(reads <= 1 + periods(started, 1), "{reads} reads since {:?}", started.elapsed());
}

#[tokio::test]
async fn a_secrets_manager_that_does_not_answer_is_given_up() {
    let world = connect().tenants(Answer::Hang).launch().await;
    let started = Instant::now();
    let response = world.ask(Dialect::Conversations.ask().jwt(&good())).await;
    response.refused(Dialect::Conversations, 503, "secret_unavailable");
    took("the refusal", between(started, response.ended), 0..=15_000);
    world.secrets.set_tenants(tenants());
    comes_in(&world, &Shown::jwt(&good())).await;
}

#[tokio::test]
async fn what_is_not_a_list_of_tenants_is_503_and_not_repeated_in_the_log() {
    for text in ["PRIVATE", "[\"PRIVATE\"]", "{\"tenant-one\": {\"sharedSecret\": \"PRIVATE", "", "null"] {
        let world = connect().tenants(Answer::Value(text.to_owned())).start().await;
        let response = world.ask(Dialect::V1.ask().jwt(&good())).await;
        assert_eq!(response.status, 503, "{text}: {}", response.text());
        response.refused(Dialect::V1, 503, "secret_unavailable");
    }
}

#[tokio::test]
async fn known_tenants_call_on_while_secrets_manager_is_down() {
    let world = connect().with("SECRET_TTL_SECONDS", "0").start().await;
    for answer in [Answer::Error("AccessDeniedException"), Answer::Hang, Answer::Value("broken".to_owned())] {
        world.secrets.set_tenants(answer);
        let reads = world.secrets.tenants_reads();
        for _ in 0..3 {
            let_in(&world, &Shown::jwt(&good())).await;
        }
        if reads == 1 {
            // Later ones back off.
            world.secrets.tenants_read(2).await;
        }
        denied_for(&world, &Shown::jwt(&hs256(&connect_claims(), "another-secret")), "signature").await;
    }
}
