//! The plainest function in Rust, on stock crates: a message in ChatGPT-web's shape in, OpenAI's stream out.

use aws_sdk_secretsmanager::{Client as SecretsManager, config::BehaviorVersion};
use lambda_http::{Body, Error, Request, Response, run_with_streaming_response, service_fn};
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use std::env;

const SYSTEM_PROMPT: &str = "You are an AI assistant called 'GPTDock'. Answer in well-formatted markdown. \
    Use headings, lists, code blocks, and formatting to make responses readable.";

struct App {
    http: Client,
    key: String,
    base: String,
}

#[derive(Deserialize)]
struct Question {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    author: Author,
    content: Content,
}

#[derive(Deserialize)]
struct Author {
    role: String,
}

#[derive(Deserialize)]
struct Content {
    parts: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let app = App { http: Client::new(), key: key().await?, base: env::var("OPENAI_BASEURL")? };
    run_with_streaming_response(service_fn(|request| answer(&app, request))).await
}

async fn key() -> Result<String, Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let secret =
        SecretsManager::new(&config).get_secret_value().secret_id(env::var("OPENAI_API_KEY_SECRET_ARN")?);
    let secret = secret.send().await?;
    let secret: Value = serde_json::from_str(secret.secret_string().unwrap_or_default())?;
    Ok(secret["OPENAI_API_KEY"].as_str().ok_or("no key in the secret")?.to_owned())
}

async fn answer(app: &App, request: Request) -> Result<Response<reqwest::Body>, Error> {
    let Body::Text(body) = request.body() else { return Err("no text".into()) };
    let question: Question = serde_json::from_str(body)?;
    let asked = question
        .messages
        .iter()
        .map(|message| json!({"role": message.author.role, "content": message.content.parts.join("\n")}));
    let system = json!({"role": "system", "content": SYSTEM_PROMPT});
    let messages: Vec<Value> = std::iter::once(system).chain(asked).collect();
    let body = json!({"model": "gpt-3.5-turbo", "messages": messages, "max_tokens": 4096, "stream": true});
    let url = format!("{}/chat/completions", app.base);
    let answer = app.http.post(url).bearer_auth(&app.key).json(&body).send().await?.error_for_status()?;
    let response = Response::builder().header("content-type", "text/event-stream; charset=utf-8");
    Ok(response.body(reqwest::Body::from(answer))?)
}
