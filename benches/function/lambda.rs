//! Lambda's Runtime API, and what Lambda Web Adapter needs of the Extensions API.

use crate::clock::now;
use crate::gateway::question;
use crate::run::Run;
use crate::scanner::Scanner;
use crate::wire::{Head, Wire};
use crate::world::World;
use serde_json::json;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const REQUEST_ID: &str = "8476a536-e9f4-11e8-9739-";
const TIMEOUT: Duration = Duration::from_secs(300);

pub fn serve(world: &World, wire: &mut Wire) -> io::Result<()> {
    while let Some(head) = wire.head()? {
        let target = head.target().to_owned();
        let parts: Vec<&str> = target.split('/').skip(2).collect();
        match parts.as_slice() {
            ["runtime", "invocation", "next"] => match world.next() {
                Some(run) => hand_out(wire, &run)?,
                None => return Ok(()),
            },
            ["runtime", "invocation", id, kind] => take_in(wire, &head, conversation(world, id), kind)?,
            ["extension", "register"] => {
                wire.whole_body(&head)?;
                let name = r#"{"functionName":"f","functionVersion":"$LATEST","handler":"bootstrap"}"#;
                let id = "lambda-extension-identifier: 00000000-0000-0000-0000-000000000001\r\n";
                wire.reply("200 OK", id, name)?;
            }
            ["extension", "event", "next"] => {
                world.wait_for_close();
                return Ok(());
            }
            _ => {
                let body = wire.whole_body(&head)?;
                eprintln!("{target}: {}", String::from_utf8_lossy(&body));
                wire.reply("202 Accepted", "", "")?;
            }
        }
    }
    Ok(())
}

fn conversation(world: &World, request_id: &str) -> Option<Arc<Run>> {
    world.find(request_id.strip_prefix(REQUEST_ID)?.parse().ok()?)
}

fn hand_out(wire: &mut Wire, run: &Run) -> io::Result<()> {
    let deadline = (SystemTime::now() + TIMEOUT).duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let fields = format!(
        "content-type: application/json\r\nlambda-runtime-aws-request-id: {REQUEST_ID}{:012}\r\n\
        lambda-runtime-deadline-ms: {deadline}\r\n\
        lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:f\r\n\
        lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n",
        run.number
    );
    let event = event(&question(run.number));
    run.delivered.set(now());
    wire.reply("200 OK", &fields, &event)
}

/// Takes a response in, chunk by chunk, or an error.
fn take_in(wire: &mut Wire, head: &Head, run: Option<Arc<Run>>, kind: &str) -> io::Result<()> {
    let Some(run) = run else { return wire.reply("400 Bad Request", "", "") };
    if kind == "error" {
        let body = wire.whole_body(head)?;
        run.end(Some(String::from_utf8_lossy(&body).into_owned()));
        return wire.reply("202 Accepted", "", "");
    }
    let mut scanner = Scanner::new(Arc::clone(&run));
    let read = wire.body(head, |at, piece| scanner.take(at, piece));
    run.end(read.as_ref().err().map(ToString::to_string));
    read?;
    wire.reply("202 Accepted", "", "")
}

/// What the frontend sends, in a Function URL's event.
fn event(question: &str) -> String {
    let body = json!({
        "action": "next",
        "messages": [{
            "id": "5f0f6e1c-38a4-4f0f-9d0e-0d0b7c5c6c1a",
            "author": {"role": "user"},
            "role": "user",
            "content": {"content_type": "text", "parts": [question]},
        }],
        "parent_message_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "model": "text-davinci-002",
    });
    let host = "abcdefghij.lambda-url.us-east-1.on.aws";
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/conversations",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "host": host, "user-agent": "bench"},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abcdefghij",
            "domainName": host,
            "domainPrefix": "abcdefghij",
            "http": {
                "method": "POST",
                "path": "/conversations",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "bench",
            },
            "requestId": "0c5c2b0e-6d2a-4f5f-8d1b-5a1d3a3f6b7c",
            "routeKey": "$default",
            "stage": "$default",
            "time": "22/Nov/2026:00:00:00 +0000",
            "timeEpoch": 1_795_305_600_000_u64,
        },
        "body": body.to_string(),
        "isBase64Encoded": false,
    })
    .to_string()
}
