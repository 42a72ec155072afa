//! `x-request-id`, X-Ray's trace id and `cf-aig-log-id` link a request from the browser to Cloudflare's log.

use crate::support::answer::{Answer, plain};
use crate::support::event::BOTH;
use crate::support::payload::{healthy_payloads, openai_error};
use crate::support::secrets;
use crate::support::world::Setup;
use serde_json::{Value, json};

/// What the Runtime API's stand-in sends as `Root=` of its trace header.
const TRACE: &str = "1-5bef4de7-ad49b0e87f6ef6c87fc2e700";
const LOG_ID: &str = "01JADMCQQQBWH3NXZ5GCRN98DP";

#[tokio::test]
async fn the_ids_lead_from_the_reply_to_the_log_and_to_cloudflare() {
    let secret = json!({"OPENAI_API_KEY": "sk-test-first", "CF_AIG_TOKEN": "sk-test-cf"}).to_string();
    let world = Setup::new().once().secret(secrets::Answer::Value(secret)).start().await;
    let headers = [("cf-aig-log-id", LOG_ID), ("cf-aig-cache-status", "MISS")];
    let refusal = openai_error("invalid_value", "invalid_request_error").to_string();
    for dialect in BOTH {
        let fine = Answer::with(&headers).events(&healthy_payloads()).end();
        for script in [fine, plain(400, &headers, &refusal)] {
            let before = world.gateway.count();
            world.gateway.next(script);
            let response = world.ask(dialect.ask()).await;
            assert_eq!(response.header("x-request-id"), Some(response.request_id.as_str()));

            let seen = world.gateway.request(before).await;
            let metadata: Value = serde_json::from_str(seen.header("cf-aig-metadata").unwrap()).unwrap();
            let id = &metadata["request_id"];
            assert_eq!((id, &metadata["trace"]), (&response.request_id.clone().into(), &TRACE.into()));

            let wanted = |line: &Value| line["event"] == "request" && line["request_id"] == *id;
            let line = world.function.line("the request's line", wanted).await;
            assert_eq!((&line["trace_id"], &line["cf_aig_log_id"]), (&TRACE.into(), &LOG_ID.into()));
            assert_eq!(
                (&line["cache_status"], &line["gateway_status"]),
                (&"MISS".into(), &response.status.into())
            );
        }
    }
}
