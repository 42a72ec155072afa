//! The function with everything around it.

use super::call::Call;
use super::event::{Dialect, Event};
use super::function::Function;
use super::gateway::Gateway;
use super::invocation::Treatment;
use super::response::Response;
use super::runtime_api::RuntimeApi;
use super::secrets::{ARN, Answer, Secrets, TENANTS_ARN};
use std::collections::BTreeMap;

/// The key of an ordinary test.
pub const FIRST_KEY: &str = "sk-test-first";

pub struct World {
    pub api: RuntimeApi,
    pub gateway: Gateway,
    pub fallback: Gateway,
    pub secrets: Secrets,
    pub function: Function,
}

/// What a world is started with. Fallbacks are off unless they are asked for.
pub struct Setup {
    environment: BTreeMap<String, String>,
    fallback: bool,
    secret: Answer,
    tenants: Answer,
}

impl Setup {
    pub fn new() -> Self {
        let environment = [
            ("AUTH_MODE", "none"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            ("AWS_SESSION_TOKEN", "token"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            // As template.yaml sets it: glibc then gives the memory of a large request back.
            ("MALLOC_MMAP_THRESHOLD_", "262144"),
            ("AWS_LAMBDA_FUNCTION_NAME", "gptdock"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/gptdock"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/22/[$LATEST]0123456789abcdef"),
            ("OPENAI_API_KEY_SECRET_ARN", ARN),
            ("OPENAI_FALLBACK_BASEURL", ""),
            ("OPENAI_FALLBACK_MODELS", ""),
        ];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            environment: environment.into_iter().map(owned).collect(),
            fallback: false,
            secret: Answer::Value(FIRST_KEY.to_owned()),
            tenants: Answer::Error("ResourceNotFoundException"),
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.environment.remove(name);
        self
    }

    /// Takes the second gateway for the fallback base.
    pub fn fallback(mut self) -> Self {
        self.fallback = true;
        self
    }

    /// No retries, so that one fault is one answer.
    pub fn once(self) -> Self {
        self.with("MAX_RETRIES", "0")
    }

    pub fn secret(mut self, answer: Answer) -> Self {
        self.secret = answer;
        self
    }

    /// Names the tenants' secret, and what reading it brings.
    pub fn tenants(mut self, answer: Answer) -> Self {
        self.tenants = answer;
        self.with("CONNECT_TENANTS_SECRET_ARN", TENANTS_ARN)
    }

    /// Starts everything and waits until the function asks for work.
    pub async fn start(self) -> World {
        let mut world = self.launch().await;
        tokio::select! {
            () = world.api.polled(1) => {}
            status = world.function.exit() => panic!("the function did not start: {status}"),
        }
        world
    }

    /// Starts everything and waits for nothing.
    pub async fn launch(mut self) -> World {
        let (api, gateway) = (RuntimeApi::start().await, Gateway::start().await);
        let (fallback, secrets) = (Gateway::start().await, Secrets::start(self.secret, self.tenants).await);
        let mut add = |name: &str, value: String| {
            self.environment.entry(name.to_owned()).or_insert(value);
        };
        add("AWS_LAMBDA_RUNTIME_API", api.address.to_string());
        add("AWS_ENDPOINT_URL_SECRETS_MANAGER", format!("http://{}", secrets.address));
        add("OPENAI_BASEURL", gateway.base());
        if self.fallback {
            let base = fallback.base();
            self.environment.insert("OPENAI_FALLBACK_BASEURL".to_owned(), base);
        }
        let function = Function::start(&self.environment);
        World { api, gateway, fallback, secrets, function }
    }
}

impl World {
    /// The ordinary world.
    pub async fn start() -> Self {
        Setup::new().start().await
    }

    pub fn call(&self, event: Event) -> Call {
        self.api.invoke(event, Treatment::Read)
    }

    pub async fn ask(&self, event: Event) -> Response {
        self.call(event).finish().await
    }

    /// Fails unless the next request is answered as if nothing had been.
    pub async fn is_healthy(&self) {
        let response = self.ask(Dialect::Conversations.ask()).await;
        response.completed();
        assert_eq!(response.shown(), super::payload::HEALTHY);
    }
}
