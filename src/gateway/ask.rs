//! The loop that obeys the policy: ask, look, and do what [`policy::decide`] says.

use super::{
    attempt::{Answer, Attempt},
    client::Clients,
    headers::headers,
    plan::{Plan, Target},
    policy::{self, Decision, Next, Tried},
    purpose::Purpose,
    retired::Retired,
    trouble::Trouble,
};
use crate::{
    chat::Adjustments,
    config::GatewayConfig,
    failure::{Failure, Kind},
    secret::{Cached, OpenAiSecret},
};
use std::sync::Arc;
use tokio::time::{Instant, sleep};

/// The gateway and its fallbacks.
#[derive(Debug)]
pub struct Gateway {
    config: GatewayConfig,
    clients: Clients,
    secret: Cached<OpenAiSecret>,
    retired: Arc<Retired>,
}

/// The failure that will be told: the first target's last one or, after `model_not_found`, the last of all.
#[derive(Default)]
struct Told {
    failure: Option<Failure>,
    first_model_not_found: bool,
}

/// Where a decision leads.
enum Step {
    /// The same target is asked once more.
    Again,
    /// Another target is asked, if there is one.
    To(Next),
    /// No other is asked.
    End,
}

impl Told {
    fn hear(&mut self, trouble: &Trouble, tried: &Tried) {
        if !tried.past_first_target {
            self.first_model_not_found = trouble.is_model_not_found();
        } else if !self.first_model_not_found {
            return;
        }
        self.failure = Some(trouble.failure());
    }
}

impl Gateway {
    /// A gateway whose key is `secret`.
    pub fn new(config: GatewayConfig, clients: Clients, secret: Cached<OpenAiSecret>) -> Self {
        Self { config, clients, secret, retired: Arc::default() }
    }

    /// The same gateway over other connections.
    pub fn with_clients(&self, clients: Clients) -> Self {
        let (config, secret) = (self.config.clone(), self.secret.clone());
        Self { config, clients, secret, retired: Arc::clone(&self.retired) }
    }

    /// Connects to the base before anyone asks.
    pub async fn warm(&self) {
        self.clients.gateway.connector().warm(self.config.base.chat_completions.clone()).await;
    }

    /// Asks target after target until one answers. The deadline is the caller's to keep: this future may be dropped.
    ///
    /// # Errors
    /// What the caller is to be told.
    pub async fn ask(&self, purpose: &Purpose) -> Result<Answer, Failure> {
        let mut secret = self.secret.current().await.map_err(|_| Kind::SecretUnavailable)?;
        let mut plan = Plan::new(&self.config, &purpose.question.model, &self.retired);
        let fresh = Tried { max_retries: self.config.max_retries, ..Tried::default() };
        let (mut tried, mut told) = (fresh, Told::default());
        while let Some(target) = plan.current() {
            let asked = self.try_target(&target, &plan, &secret, purpose, tried.adjustments).await;
            let trouble = match asked {
                Ok(answer) => return Ok(answer),
                Err(trouble) => trouble,
            };
            if trouble.is_model_not_found() {
                self.retired.remember(&target.base.chat_completions, target.model);
            }
            told.hear(&trouble, &tried);
            let left = purpose.deadline.saturating_duration_since(Instant::now());
            let decision = policy::decide(&trouble, &tried, left, fastrand::f64());
            match self.step(decision, &mut tried, &mut secret, purpose).await {
                Step::Again => continue,
                Step::To(next) if plan.go(next) => {}
                Step::To(_) | Step::End => break,
            }
            purpose.asked().fallback = true;
            tried = Tried { past_first_target: true, key_refreshed: tried.key_refreshed, ..fresh };
        }
        Err(told.failure.unwrap_or_else(|| Kind::Internal.into()))
    }

    /// Does what a decision asks for before the next ask.
    async fn step(
        &self,
        decision: Decision,
        tried: &mut Tried,
        secret: &mut Arc<OpenAiSecret>,
        purpose: &Purpose,
    ) -> Step {
        match decision {
            Decision::RetryAfter(pause) => {
                tried.retries += 1;
                purpose.asked().retries += 1;
                sleep(pause).await;
            }
            Decision::Reconnect => tried.stale += 1,
            Decision::RefreshKey => {
                tried.key_refreshed = true;
                match self.secret.replace(secret).await.filter(|new| new.opens_more_than(secret)) {
                    Some(new) => *secret = new,
                    None => return Step::To(Next::FallbackBase),
                }
            }
            Decision::OtherTokenLimit => tried.adjustments.other_token_limit = true,
            Decision::NoTemperature => tried.adjustments.no_temperature = true,
            Decision::Go(next) => return Step::To(next),
            Decision::GiveUp => return Step::End,
        }
        Step::Again
    }

    async fn try_target(
        &self,
        target: &Target<'_>,
        plan: &Plan<'_>,
        secret: &Arc<OpenAiSecret>,
        purpose: &Purpose,
        adjustments: Adjustments,
    ) -> Result<Answer, Trouble> {
        {
            let mut asked = purpose.asked();
            asked.attempts += 1;
            target.model.clone_into(&mut asked.model);
        }
        let question = &purpose.question;
        let headers = headers(target, secret, purpose, self.config.cache_ttl);
        let attempt = Attempt {
            config: &self.config,
            client: if target.is_primary_base { &self.clients.gateway } else { &self.clients.plain },
            url: &target.base.chat_completions,
            model: target.model,
            purpose,
            has_another: plan.has_another(),
        };
        attempt.run(headers, question.render(target.model, adjustments)).await
    }
}
