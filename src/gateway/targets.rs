//! The targets of one request, in the order in which they are asked.

use super::model_memory::{Fact, ModelMemory};
use crate::config::{BaseUrl, GatewayConfig};

#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub base: &'a BaseUrl,
    pub model: &'a str,
    /// The base is not the fallback base. Only this one receives Cloudflare's headers.
    pub is_primary_base: bool,
}

/// Which target comes after a failed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Target,
    /// The fallback base with the same model.
    FallbackBase,
    Model,
}

/// The targets that are left. The current one is the last element.
pub struct Targets<'a> {
    left: Vec<Target<'a>>,
}

impl<'a> Targets<'a> {
    /// (base, model), (fallback base, model), (base, next model), … without the models that are known to be retired.
    /// Without an OpenAI key (keys stored at Cloudflare) there is no fallback base.
    pub fn new(config: &'a GatewayConfig, has_key: bool, model: &'a str, memory: &ModelMemory) -> Self {
        let mut all: Vec<Target<'a>> = Vec::new();
        for model in std::iter::once(model).chain(config.fallback_models.iter().map(String::as_str)) {
            if all.iter().any(|target| target.model == model) {
                continue;
            }
            all.push(Target { base: &config.base, model, is_primary_base: true });
            let fallback_base = config.fallback_base.as_ref().filter(|_| has_key);
            all.extend(fallback_base.map(|base| Target { base, model, is_primary_base: false }));
        }
        all.reverse();
        // A model that the first base does not know is skipped on both.
        let is_retired = |target: &Target<'_>| {
            let holds_for = |base| base || !target.is_primary_base;
            let facts = memory.facts(target.model);
            facts
                .iter()
                .any(|fact| matches!(fact, Fact::Retired { is_primary_base } if holds_for(*is_primary_base)))
        };
        let left: Vec<_> = all.iter().copied().filter(|target| !is_retired(target)).collect();
        // When all are retired, asking is the only way to find out whether that still holds.
        Self { left: if left.is_empty() { all } else { left } }
    }

    pub fn current(&self) -> Option<Target<'a>> {
        self.left.last().copied()
    }

    pub fn has_another(&self) -> bool {
        self.left.len() > 1
    }

    /// Moves on. Returns false when no such target is left.
    pub fn advance(&mut self, next: Next) -> bool {
        let Some(failed) = self.left.pop() else { return false };
        match next {
            Next::Target => {}
            Next::Model => self.left.retain(|target| target.model != failed.model),
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
