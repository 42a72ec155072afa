//! The application: one invocation in, one reply out, in the order of the data: call, route, who, what, gateway.
//!
//! It owns that order, the first-event gate, and what becomes of a panic. It knows every module but `runtime`, so that
//! no other need know two; what each step decides is the step's own matter.

use crate::{
    auth::{AuthError, Authenticator, Caller, Credentials},
    chat::{Models, Question},
    config::Config,
    dialect::{AnswerId, Dialect},
    failure::{Failure, Kind},
    gateway::{Answer, Clients, Gateway, Metadata, Opened, Purpose},
    invocation::{Call, Invocation},
    panic_guard::catch_panic,
    record::Record,
    relay::{Opening, Relay, Source, StreamBody, Times},
    reply::Reply,
    route::Route,
    sources::Sources,
};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::time::{Instant, timeout_at};

/// The function, started. One for each thread, for the life of the process.
pub struct App {
    shared: Arc<Shared>,
    gateway: Arc<Gateway>,
}

/// What all threads have in common.
struct Shared {
    config: Config,
    models: Models,
    authenticator: Authenticator,
    cold: AtomicBool,
}

/// One call on its way through the application.
struct Passage<'a> {
    request_id: &'a str,
    trace: Option<&'a str>,
    dialect: Dialect,
    started: Instant,
    /// When the answer has to have ended.
    deadline: Instant,
}

/// What a call is answered with when nothing failed.
enum Served {
    Json(HeaderMap, Bytes),
    Stream(HeaderMap, Box<Relay>, Source),
}

impl App {
    /// Reads the secrets and connects to the gateway, both at once, and is ready for calls. A secret that can't be
    /// read now is read again by the calls that need it.
    ///
    /// # Errors
    /// The TLS configuration's words.
    pub async fn start(config: Config) -> Result<Self, String> {
        let clients = Clients::new(config.gateway.connect_timeout)?;
        let sources = Sources::new(&config, &clients.plain);
        let gateway = Arc::new(Gateway::new(config.gateway.clone(), clients, sources.openai.clone()));
        // A gateway that is slow to connect to must not hold the start up.
        let warming = Arc::clone(&gateway);
        tokio::spawn(async move { warming.warm().await });
        sources.read_ahead().await;
        let shared = Shared {
            models: Models::new(&config.chat),
            authenticator: Authenticator::new(&config.auth, sources.for_auth()),
            cold: AtomicBool::new(true),
            config,
        };
        Ok(Self { shared: Arc::new(shared), gateway })
    }

    /// The same function for another thread: it knows all that this one does, and has its own connections to the
    /// gateway, so that no byte of an answer crosses threads.
    ///
    /// # Errors
    /// The TLS configuration's words.
    pub fn for_thread(&self) -> Result<Self, String> {
        let clients = Clients::new(self.shared.config.gateway.connect_timeout)?;
        Ok(Self { shared: Arc::clone(&self.shared), gateway: Arc::new(self.gateway.with_clients(clients)) })
    }

    /// Answers one invocation. Whatever goes wrong, a panic included, becomes a reply.
    pub async fn handle(&self, invocation: Invocation) -> Reply {
        let request_id = invocation.request_id.as_str();
        let mut record = Record::new(request_id, self.shared.cold.swap(false, Ordering::Relaxed));
        let trace = invocation.trace();
        record.trace(trace);
        // A map of headers panics when an event has more of them than it can hold.
        let call = catch_panic(async { Call::parse(&invocation.event) }).await;
        let (dialect, served) = match call {
            None => (Dialect::Web, Err(Kind::Internal.into())),
            Some(Some(call)) => {
                let passage = self.passage(&invocation, trace, Route::dialect(&call.path));
                let served = catch_panic(self.serve(call, &passage, &mut record)).await;
                (passage.dialect, served.unwrap_or_else(|| Err(Kind::Internal.into())))
            }
            Some(None) => {
                let failure = Failure::new(Kind::InvalidJson);
                (Dialect::Web, Err(failure.with_message("The event is not a Function URL's.")))
            }
        };
        match served {
            Ok(Served::Stream(headers, relay, source)) => {
                Reply::stream(StreamBody::new(*relay, source, record), headers, request_id)
            }
            Ok(Served::Json(headers, body)) => {
                record.replied(body.len());
                Reply::json(headers, body, request_id)
            }
            Err(failure) => {
                record.failed(&failure);
                Reply::failure(&failure, dialect, request_id)
            }
        }
    }

    fn passage<'a>(
        &self,
        invocation: &'a Invocation,
        trace: Option<&'a str>,
        dialect: Dialect,
    ) -> Passage<'a> {
        let left = invocation.deadline.duration_since(SystemTime::now()).unwrap_or_default();
        let started = Instant::now();
        let deadline = started + left.saturating_sub(self.shared.config.stream.deadline_margin);
        Passage { request_id: &invocation.request_id, trace, dialect, started, deadline }
    }

    async fn serve(
        &self,
        call: Call<'_>,
        passage: &Passage<'_>,
        record: &mut Record,
    ) -> Result<Served, Failure> {
        let route = Route::find(call.method.as_str(), &call.path)?;
        record.route(route.path());
        let whole = |json: Value| Ok(Served::Json(HeaderMap::new(), json.to_string().into()));
        if route == Route::Health {
            return whole(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}));
        }
        let caller = self.identify(&call, record).await?;
        if route == Route::Models {
            return whole(self.shared.models.list());
        }
        let body = call.into_body(self.shared.config.max_body_bytes)?;
        let question =
            Question::parse(&body, passage.dialect, &self.shared.config.chat, &self.shared.models)?;
        drop(body); // megabytes, perhaps, that need not wait for the answer
        let purpose = Arc::new(Purpose {
            is_named: self.is_named(&question.model),
            question,
            metadata: Metadata::new(&caller, passage.request_id, route.path(), passage.trace),
            deadline: passage.deadline,
            asked: Mutex::default(),
        });
        record.purpose(&purpose);
        if purpose.question.stream { self.stream(purpose, passage).await } else { self.json(&purpose).await }
    }

    /// Whether a setting names the model.
    fn is_named(&self, model: &str) -> bool {
        self.shared.models.names(model)
            || self.shared.config.gateway.fallback_models.iter().any(|name| name == model)
    }

    async fn identify(&self, call: &Call<'_>, record: &mut Record) -> Result<Caller, Failure> {
        let credentials = Credentials { query: &call.query, headers: &call.headers };
        match self.shared.authenticator.identify(&credentials, SystemTime::now()).await {
            Ok(caller) => {
                record.caller(&caller);
                Ok(caller)
            }
            Err(AuthError::Denied(reason)) => {
                record.reason(reason);
                Err(Kind::Unauthorized.into())
            }
            Err(AuthError::SecretUnavailable | AuthError::KeysUnavailable) => {
                Err(Kind::SecretUnavailable.into())
            }
        }
    }

    async fn json(&self, purpose: &Purpose) -> Result<Served, Failure> {
        let answer = timeout_at(purpose.deadline, self.gateway.ask(purpose)).await;
        match answer.map_err(|_| Kind::GatewayTimeout)?? {
            Answer::Json(headers, body) => Ok(Served::Json(headers, body)),
            Answer::Stream(_) => Err(Kind::Internal.into()),
        }
    }

    /// The gate: the status waits for the first event, but not so long that the caller's connection falls silent.
    async fn stream(&self, purpose: Arc<Purpose>, passage: &Passage<'_>) -> Result<Served, Failure> {
        let times = Times {
            keep_alive: self.shared.config.stream.keep_alive,
            idle: self.shared.config.stream.idle,
            deadline: passage.deadline,
        };
        let answer = AnswerId {
            id: format!("chatcmpl-{}", passage.request_id),
            created: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
            model: purpose.question.model.clone(),
        };
        let mut relay = Relay::new(passage.dialect, answer, purpose.question.choices, times, passage.started);
        let mut opening = self.opening(purpose);
        let gate = (passage.started + times.keep_alive).min(passage.deadline);
        match timeout_at(gate, &mut opening).await {
            Ok(opened) => {
                let Opened { headers, model, upstream } = opened?;
                relay.answered(&model, Instant::now());
                Ok(Served::Stream(headers, Box::new(relay), Source::Open(upstream)))
            }
            Err(_) if gate == passage.deadline => Err(Kind::GatewayTimeout.into()),
            Err(_) => Ok(Served::Stream(HeaderMap::new(), Box::new(relay), Source::Opening(opening))),
        }
    }

    fn opening(&self, purpose: Arc<Purpose>) -> Opening {
        let gateway = Arc::clone(&self.gateway);
        Box::pin(async move {
            match gateway.ask(&purpose).await? {
                Answer::Stream(opened) => Ok(opened),
                Answer::Json(..) => Err(Kind::Internal.into()),
            }
        })
    }
}
