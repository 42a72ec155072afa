//! Ten thousand conversations through one process, 64 at a time, one in ten of them with a fault.
//!
//! It takes a minute, so it is asked for: `cargo test --test endurance -- --ignored --nocapture`.
//! `GPTDOCK_BOOTSTRAP` names another binary to try than Cargo's, such as the one that `sam build` made.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(clippy::print_stdout, reason = "the figures are what a run is read for")]

#[allow(dead_code, reason = "the stand-ins have more sides than this test looks at")]
#[path = "../support/mod.rs"]
mod support;

mod conversation;
mod ledger;
mod process;

use conversation::{CONVERSATIONS, Conversation};
use ledger::Ledger;
use process::{Process, Quiet};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::answer::Step;
use support::world::{Setup, World};
use tokio::sync::{Mutex as AsyncMutex, mpsc};
use tokio::task::JoinSet;

const AT_A_TIME: u64 = 64;
/// After so many, every buffer and every pool has the size that it needs.
const WARM: u64 = 2_000;
/// What the process may grow by after that: 500 bytes a conversation. A leak of anything that one owns is more.
const MAX_GROWTH: u64 = (CONVERSATIONS - WARM) * 500;
/// It takes a minute or two; more is a function that hangs.
const LIMIT: Duration = Duration::from_secs(300);

#[ignore = "takes a minute"]
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_conversations_end_once_each_and_leave_nothing_behind() {
    tokio::time::timeout(LIMIT, run()).await.expect("the conversations end in time");
}

async fn run() {
    let setup = Setup::new()
        .with("AWS_LAMBDA_MAX_CONCURRENCY", &AT_A_TIME.to_string())
        .with("IDLE_TIMEOUT_MS", conversation::IDLE_TIMEOUT_MS)
        .with("MAX_RETRIES", "1");
    let world = Arc::new(setup.start().await);
    let asked = answer_by_question(&world);

    let started = Instant::now();
    let (gateway, runtime) = (world.gateway.address.port(), world.api.address.port());
    let process = Process::new(world.function.pid(), gateway, runtime);
    println!("{}", process.program());
    converse(&world, 0..WARM).await;
    let warm = process.quiet().await;
    println!("{WARM} conversations, {:.1?}: {warm}", started.elapsed());
    converse(&world, WARM..CONVERSATIONS).await;
    let end = process.quiet().await;
    println!("{CONVERSATIONS} conversations, {:.1?}: {end}", started.elapsed());

    let grown = end.memory.saturating_sub(warm.memory);
    assert!(grown <= MAX_GROWTH, "{grown} bytes more after {CONVERSATIONS} conversations than after {WARM}");
    assert!(end.files.others <= warm.files.others, "open files");
    for Quiet { files, .. } in [warm, end] {
        assert!(files.gateway <= AT_A_TIME, "idle connections to the gateway: {}", files.gateway);
        // Each worker waits on one; a client may keep as many more.
        assert!(files.runtime <= 2 * AT_A_TIME, "connections to the Runtime API: {}", files.runtime);
    }
    for (id, asked) in asked.lock().unwrap().iter() {
        assert_eq!(*asked, Conversation::new(*id).attempts(), "how often question {id} was asked");
    }
    Ledger::read(&world.function.lines()).balances();
}

/// Sets the gateway to answer each question with its own events; says how often each was asked.
fn answer_by_question(world: &World) -> Arc<Mutex<BTreeMap<u64, u64>>> {
    let asked = Arc::<Mutex<BTreeMap<u64, u64>>>::default();
    let (count, gates) = (Arc::clone(&asked), Mutex::new(Vec::new()));
    world.gateway.always(move |seen| {
        let conversation = Conversation::of(&seen.body);
        let mut script = conversation.script();
        let mut count = count.lock().unwrap();
        let times = count.entry(conversation.id()).or_default();
        *times += 1;
        // The first ones are answered only when as many are here as there may be: so many do run at a time.
        if conversation.id() < AT_A_TIME && *times == 1 {
            let (gate, opened) = mpsc::unbounded_channel();
            script.0.insert(0, Step::Live(Arc::new(AsyncMutex::new(opened))));
            let mut gates = gates.lock().unwrap();
            gates.push(gate);
            if gates.len() as u64 == AT_A_TIME {
                gates.clear();
            }
        }
        script
    });
    asked
}

/// Has these conversations, to the end of the last.
async fn converse(world: &Arc<World>, ids: Range<u64>) {
    let next = Arc::new(AtomicU64::new(ids.start));
    let mut workers = JoinSet::new();
    for _ in 0..AT_A_TIME {
        let (world, next) = (Arc::clone(world), Arc::clone(&next));
        workers.spawn(async move {
            loop {
                let id = next.fetch_add(1, Ordering::Relaxed);
                if id >= ids.end {
                    return;
                }
                let conversation = Conversation::new(id);
                conversation.check(&world.ask(conversation.event()).await);
            }
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker.unwrap();
    }
    // Every worker of the function waits for work again.
    world.api.polled(usize::try_from(ids.end + AT_A_TIME).unwrap()).await;
}
