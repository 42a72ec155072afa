//! Memory is bounded for every input: properties over generated JSON, with an allocator that counts what this thread
//! holds. `chat/memory_tests.rs` has the worst bodies by name.

use crate::{
    gateway::UpstreamError,
    secrets::OpenAiSecret,
    sse::{Decoder, classify},
};
use http::HeaderMap;
use proptest::prelude::*;
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// What a byte of an input may take. The largest input has 8 MB, and a process at most 100 MB. An allocation that
/// grows counts twice while it is moved.
const MOST_FOR_A_BYTE: usize = 12;
/// Errors, buffers and tables of their own size.
const MOST_BESIDE: usize = 64 * 1024;

struct Counting;

thread_local! {
    static LIVE_AND_PEAK: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

fn count(bytes: isize) {
    let (live, peak) = LIVE_AND_PEAK.get();
    LIVE_AND_PEAK.set((live + bytes, peak.max(live + bytes)));
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// Layouts are never larger than an isize.
#[allow(unsafe_code, clippy::cast_possible_wrap, reason = "an allocator is unsafe; it calls the system's")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// The bytes that `run` holds at most, beside what was there before.
pub fn peak<T>(run: impl FnOnce() -> T) -> usize {
    LIVE_AND_PEAK.set((0, 0));
    drop(run());
    usize::try_from(LIVE_AND_PEAK.get().1).unwrap_or_default()
}

/// Fails when `run` holds many times the size of its input.
pub fn is_bounded<T>(input: &str, run: impl FnOnce() -> T) -> Result<(), TestCaseError> {
    is_bounded_by(MOST_FOR_A_BYTE, input, run)
}

/// The same for an input that has a limit of its own.
pub fn is_bounded_by<T>(
    most_for_a_byte: usize,
    input: &str,
    run: impl FnOnce() -> T,
) -> Result<(), TestCaseError> {
    let (peak, most) = (peak(run), input.len() * most_for_a_byte + MOST_BESIDE);
    prop_assert!(peak <= most, "{peak} bytes for {}: {:?}", input.len(), &input[..input.len().min(200)]);
    Ok(())
}

/// JSON of about 200 kB: one small value again and again, side by side or one in the other, as the whole or under one
/// of these names. Some of it is cut.
pub fn large_json(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("0"),
        Just("\"\""),
        Just("\"x\\n\""),
        Just("null"),
        Just("1e9"),
        Just("\"\\ud83d\"")
    ];
    let name = prop_oneof![Just(""), Just("a"), prop::sample::select(names)];
    let unit = (scalar, name.clone(), 0..3).prop_map(|(scalar, name, form)| match form {
        0 => scalar.to_owned(),
        1 => format!("{{\"{name}\":{scalar}}}"),
        _ => format!("[{scalar},{{\"{name}\":[{scalar}]}}]"),
    });
    (unit, prop::collection::vec(name, 0..3), any::<bool>(), 0..10).prop_map(|(unit, path, is_deep, cut)| {
        let times = 200_000 / (unit.len() + 6);
        let inner = match is_deep {
            true => format!("{}{unit}{}", "[{\"\":".repeat(times), "}]".repeat(times)),
            false => format!("[{}{unit}]", format!("{unit},").repeat(times)),
        };
        let mut json = path.iter().fold(inner, |inner, name| format!("{{\"{name}\":{inner},\"b\":[{{}}]}}"));
        if cut == 0 {
            json.truncate(json.len() - 5);
        }
        json
    })
}

const ANSWER: &[&str] = &[
    "choices",
    "error",
    "errors",
    "message",
    "code",
    "param",
    "delta",
    "index",
    "finish_reason",
    "tool_calls",
    "id",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn events_take_little_memory(json in large_json(ANSWER)) {
        is_bounded(&json, || classify(json.as_bytes()))?;
        let stream = format!("data: {json}\n\n");
        is_bounded(&json, || Decoder::default().next(&mut stream.as_bytes()).map(drop))?;
    }

    #[test]
    fn error_bodies_take_little_memory(json in large_json(ANSWER)) {
        is_bounded(&json, || UpstreamError::read(400, &HeaderMap::new(), json.as_bytes()).api_error())?;
    }

    #[test]
    fn secrets_take_little_memory(json in large_json(&["OPENAI_API_KEY", "CF_AIG_TOKEN", "BEARER_TOKENS"])) {
        is_bounded(&json, || OpenAiSecret::parse(&json))?;
    }
}
