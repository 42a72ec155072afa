//! The targets of one request, in the order of the contract's section 6.

use super::{policy::Next, retired::Retired};
use crate::config::{Base, GatewayConfig};

/// One base and one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// Whom we ask.
    pub base: &'a Base,
    /// What we ask for.
    pub model: &'a str,
    /// It is the base that the configuration names first; only there go Cloudflare's headers.
    pub is_primary_base: bool,
}

/// The targets that are left; the current one is at the end.
#[derive(Debug)]
pub struct Plan<'a> {
    left: Vec<Target<'a>>,
}

impl<'a> Plan<'a> {
    /// (base, model), (fallback base, model), (base, next model), … without what is known to be retired.
    pub fn new(config: &'a GatewayConfig, model: &'a str, retired: &Retired) -> Self {
        let mut models = vec![model];
        for fallback in &config.fallback_models {
            if !models.contains(&fallback.as_str()) {
                models.push(fallback);
            }
        }
        let all: Vec<Target<'a>> = models.iter().rev().flat_map(|model| targets(config, model)).collect();
        let is_retired = |target: &Target<'_>| {
            // A model that the first base does not know is passed over on both.
            retired.holds(&config.base.chat_completions, target.model)
                || retired.holds(&target.base.chat_completions, target.model)
        };
        let mut left = all.clone();
        left.retain(|target| !is_retired(target));
        // Where all are, there is nothing to lose by asking.
        Self { left: if left.is_empty() { all } else { left } }
    }

    /// The target to ask.
    pub fn current(&self) -> Option<Target<'a>> {
        self.left.last().copied()
    }

    /// Whether there is another one after it.
    pub fn has_another(&self) -> bool {
        self.left.len() > 1
    }

    /// Goes on; false when no such target is left.
    pub fn go(&mut self, next: Next) -> bool {
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

/// The targets of one model, the first one last.
fn targets<'a>(config: &'a GatewayConfig, model: &'a str) -> impl Iterator<Item = Target<'a>> {
    let fallback = config.fallback_base.iter().map(|base| (base, false));
    let bases = fallback.chain(std::iter::once((&config.base, true)));
    bases.map(move |(base, is_primary_base)| Target { base, model, is_primary_base })
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
