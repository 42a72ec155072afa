//! The targets of one request, in the order in which they are asked.

use super::model_memory::ModelMemory;
use crate::config::{BaseUrl, GatewayConfig};

/// One base and one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// The base URL.
    pub base: &'a BaseUrl,
    /// The model.
    pub model: &'a str,
    /// The base is not the fallback base. Only this one receives Cloudflare's headers.
    pub is_primary_base: bool,
}

/// Which target comes after a failed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The next in order.
    Target,
    /// The fallback base with the same model.
    FallbackBase,
    /// The next model.
    Model,
}

/// The targets that are left. The current one is the last element.
#[derive(Debug)]
pub struct Targets<'a> {
    left: Vec<Target<'a>>,
}

impl<'a> Targets<'a> {
    /// (base, model), (fallback base, model), (base, next model), … without the models that are known to be retired.
    /// Without an OpenAI key (keys stored at Cloudflare) there is no fallback base.
    pub fn new(config: &'a GatewayConfig, has_key: bool, model: &'a str, memory: &ModelMemory) -> Self {
        let mut models = vec![model];
        for fallback in &config.fallback_models {
            if !models.contains(&fallback.as_str()) {
                models.push(fallback);
            }
        }
        let fallback_base = config.fallback_base.as_ref().filter(|_| has_key);
        let mut all = Vec::new();
        for model in models.into_iter().rev() {
            let target = |base, is_primary_base| Target { base, model, is_primary_base };
            all.extend(fallback_base.map(|base| target(base, false)));
            all.push(target(&config.base, true));
        }
        // A model that the first base does not know is skipped on both.
        let is_retired = |target: &Target<'_>| {
            memory.is_retired(true, target.model) || memory.is_retired(target.is_primary_base, target.model)
        };
        let left: Vec<_> = all.iter().copied().filter(|target| !is_retired(target)).collect();
        // When all are retired, asking is the only way to find out whether that still holds.
        Self { left: if left.is_empty() { all } else { left } }
    }

    /// The target to ask.
    pub fn current(&self) -> Option<Target<'a>> {
        self.left.last().copied()
    }

    /// Whether another target is left.
    pub fn has_another(&self) -> bool {
        self.left.len() > 1
    }

    /// Moves on. Returns false when no such target is left.
    pub fn advance(&mut self, next: Next) -> bool {
        let Some(failed) = self.left.pop() else { return false };
        match next {
            Next::Target => {}
            Next::Model => {
                while self.current().is_some_and(|target| target.model == failed.model) {
                    self.left.pop();
                }
            }
            Next::FallbackBase => {
                self.left.retain(|target| target.model == failed.model && target.base != failed.base);
            }
        }
        self.current().is_some()
    }
}

#[cfg(test)]
#[path = "targets_tests.rs"]
mod tests;
