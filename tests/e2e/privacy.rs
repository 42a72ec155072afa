//! No failure puts prompts, answers, keys, tokens or `?jwt=` into the log. No setting changes that.

use crate::faults_midway::tokens;
use crate::support::answer::{Answer, Script, Step, as_json, only, plain, wrong_key};
use crate::support::event::{BOTH, Event};
use crate::support::invocation::Treatment;
use crate::support::payload::{cloudflare_error, completion, token};
use crate::support::secrets::{ARN, Answer as Secret};
use crate::support::world::{Setup, World};
use serde_json::json;

const KEY: &str = "sk-test-first";
const TOKEN: &str = "tok-MARKED-0123456789";
const JWT: &str = "eyJNQVJLRUQiOjF9.eyJNQVJLRUQiOjJ9.TUFSS0VE";
/// Parts of all of the above, of prompts and of answers.
const MARKS: [&str; 7] = ["sk-test", "MARKED", "eyJ", "TUFSS0VE", "jwt=", "PRIVATE", "Bearer"];

/// A function that would talk if it could be made to.
fn talkative(mode: &str) -> Setup {
    let secret =
        json!({"OPENAI_API_KEY": KEY, "CF_AIG_TOKEN": "sk-test-cf", "BEARER_TOKENS": {"script": TOKEN}});
    [
        ("RUST_LOG", "trace"),
        ("RUST_BACKTRACE", "full"),
        ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("AUTH_MODE", mode),
        ("CONNECT_TENANTS_SECRET_ARN", ARN),
        ("RESPONSE_TIMEOUT_MS", "300"),
        ("IDLE_TIMEOUT_MS", "300"),
    ]
    .iter()
    .fold(Setup::new().once(), |setup, (name, value)| setup.with(name, value))
    .secret(Secret::Value(secret.to_string()))
}

fn with(mut event: Event, headers: &[(&str, &str)], query: &str) -> Event {
    for (name, value) in headers {
        event.json["headers"][*name] = json!(value);
    }
    event.json["rawQueryString"] = json!(query);
    event
}

/// Ends the function, and looks through all that it said.
fn silent(world: World) {
    let lines = world.function.lines();
    for line in &lines {
        for mark in MARKS {
            assert!(!line.contains(mark), "{mark} in {line}");
        }
    }
}

/// Each way for a gateway to fail, with private words wherever it can put some.
fn faults() -> Vec<Script> {
    let told = format!("MARKED: you said PRIVATE question? with Bearer {KEY}");
    let error = json!({"error": {"message": told, "type": "PRIVATE words", "code": format!("{KEY} {TOKEN}"), "param": told}});
    let headers = [
        ("cf-aig-log-id", "MARKED log id"),
        ("cf-aig-cache-status", "MARKED!"),
        ("retry-after", "MARKED"),
        ("x-ratelimit-limit-requests", "MARKED"),
        ("x-secret", told.as_str()),
    ];
    let page = format!("<html>{told}</html>");
    let finished = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "MARKED PRIVATE"}]});
    let mut faults: Vec<Script> =
        [400, 401, 402, 403, 404, 408, 409, 413, 422, 424, 429, 500, 502, 503, 529, 307, 204, 600]
            .iter()
            .flat_map(|status| [as_json(*status, &error), plain(*status, &headers, &told)])
            .collect();
    faults.extend([
        wrong_key(KEY),
        as_json(400, &cloudflare_error(2016, &told)),
        plain(200, &headers, &page),
        plain(200, &headers, &told),
        as_json(200, &error),
        as_json(200, &completion("MARKED PRIVATE")),
        Answer::with(&headers).event(&told).end(),
        Answer::with(&headers).event(&error.to_string()).end(),
        Answer::with(&headers).events(&tokens(2)).event(&told).end(),
        Answer::with(&headers).events(&tokens(2)).event(&error.to_string()).end(),
        Answer::with(&headers).events(&tokens(2)).cut(),
        Answer::with(&headers).events(&tokens(2)).reset(),
        Answer::with(&headers).events(&tokens(2)).hang(),
        Answer::with(&headers).event(&token("MARKED")).event(&finished.to_string()).end(),
        Answer::with(&headers).bytes(format!("MARKED {}", "PRIVATE ".repeat(300_000))).close(),
        only(Step::Write(format!("HTTP/1.1 {told}\r\n\r\n").into())),
        only(Step::Write(told.into())),
        only(Step::Cut),
        only(Step::Reset),
        only(Step::Hang),
    ]);
    faults
}

#[tokio::test]
async fn whatever_the_gateway_does() {
    let world = talkative("bearer").start().await;
    let authorization = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("cookie", "session=MARKED"),
        ("referer", "https://site.example.org/?jwt=MARKED"),
    ];
    for script in faults() {
        for dialect in BOTH {
            // A key that is refused is asked for once more.
            world.gateway.next(script.clone());
            let before = world.gateway.count();
            let response = world.ask(with(dialect.ask(), &headers, "note=MARKED")).await;
            assert!(world.gateway.count() > before, "the gateway was asked: {}", response.text());
            let told = format!("{:?} {}", response.headers, response.text());
            assert!(!told.contains(KEY) && !told.contains(TOKEN), "{told}");
        }
    }
    world.gateway.next(Answer::stream().event(&token("MARKED")).hang());
    let event = with(BOTH[0].ask(), &headers, "");
    world.api.invoke(event.clone(), Treatment::DropAfter(1)).dropped().await;
    world.api.invoke(event, Treatment::Refuse(413)).dropped().await;
    silent(world);
}

#[tokio::test]
async fn whatever_the_caller_shows() {
    let world = talkative("connect,bearer").start().await;
    let authorizations = [
        format!("Bearer {TOKEN}x"),
        format!("Bearer {JWT}"),
        format!("JWT {JWT}"),
        format!("Basic {JWT}"),
        format!("bearer  {TOKEN} {TOKEN}"),
        TOKEN.to_owned(),
    ];
    let queries = [
        String::new(),
        format!("jwt={JWT}"),
        format!("jwt={JWT}&jwt={JWT}"),
        "jwt=MARKED".to_owned(),
        format!("jwt=MARKED{}", "x".repeat(9_000)),
        "jwt=%MARKED".to_owned(),
    ];
    for authorization in &authorizations {
        for query in &queries {
            for dialect in BOTH {
                let event = with(dialect.ask(), &[("authorization", authorization)], query);
                let response = world.ask(event).await;
                assert_eq!(response.status, 401, "{authorization} {query}");
                assert!(!response.text().contains("MARKED") && !response.text().contains("eyJ"));
            }
        }
    }
    let authorization = format!("Bearer {TOKEN}");
    let headers = [("authorization", authorization.as_str())];
    for body in [
        "MARKED",
        "{\"messages\": \"MARKED\"}",
        "{\"MARKED\": ",
        "{\"messages\": [{\"role\": \"MARKED\", \"content\": \"PRIVATE\"}]}",
        "{\"model\": \"MARKED\", \"messages\": [{\"content\": [{\"type\": \"MARKED\"}]}]}",
        "{\"temperature\": \"MARKED\", \"messages\": [{\"content\": \"PRIVATE\"}]}",
    ] {
        for dialect in BOTH {
            let event = Event::new("POST", dialect.path()).body(body);
            assert!(world.ask(with(event, &headers, "")).await.status >= 400, "{body}");
        }
    }
    world.ask(with(Event::new("GET", "/MARKED"), &headers, "jwt=MARKED")).await;
    world.ask(Event::raw(json!({"Records": [{"body": "MARKED"}]}))).await;
    silent(world);
}

#[tokio::test]
async fn whatever_the_secret_holds() {
    for answer in [
        Secret::Value(format!("{{\"OPENAI_API_KEY\": [\"{KEY}\"], \"MARKED\": 1}}")),
        Secret::Value(format!("{{\"OPENAI_API_KEY\": \"{KEY}\", \"BEARER_TOKENS\": \"{TOKEN}\"")),
        Secret::Value(format!("{KEY} MARKED\n{KEY}\u{0}")),
        Secret::Value(String::new()),
        Secret::Error("AccessDeniedException"),
    ] {
        let world = talkative("none").secret(answer).start().await;
        world.ask(BOTH[0].ask()).await;
        silent(world);
    }
}

#[tokio::test]
async fn whatever_is_set() {
    let key = format!("{KEY} PRIVATE\n");
    let base = format!("https://user:{KEY}@gateway.example.com/v1?jwt={JWT}");
    for (name, value) in [("OPENAI_API_KEY", &key), ("OPENAI_BASEURL", &base)] {
        let setup = talkative("none").without("OPENAI_API_KEY_SECRET_ARN").with("OPENAI_API_KEY", KEY);
        let mut world = setup.with(name, value).launch().await;
        let told = world.api.init_error().await.to_string();
        assert!(!MARKS.iter().any(|mark| told.contains(mark)), "{told}");
        world.function.exit().await;
        silent(world);
    }
}
