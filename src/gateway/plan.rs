//! The targets of one request, in the order of the contract's section 6.

use super::{policy::Next, retired::Retired};
use crate::config::{Base, GatewayConfig};

/// One base and one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whom we ask.
    pub base: Base,
    /// What we ask for.
    pub model: String,
    /// It is the base that the configuration names first; only there go Cloudflare's headers.
    pub is_primary_base: bool,
}

/// The targets that are left; the current one is at the front.
#[derive(Debug)]
pub struct Plan {
    left: Vec<Target>,
}

impl Plan {
    /// (base, model), (fallback base, model), (base, next model), … without what is known to be retired.
    pub fn new(config: &GatewayConfig, model: &str, retired: &Retired) -> Self {
        let mut models = vec![model];
        models.extend(config.fallback_models.iter().map(String::as_str));
        let mut seen = std::collections::HashSet::new();
        models.retain(|model| seen.insert(*model));
        let all: Vec<Target> = models.iter().flat_map(|model| targets(config, model)).collect();
        let is_retired = |target: &Target| {
            // A model that the first base does not know is passed over on both.
            retired.holds(&config.base.chat_completions, &target.model)
                || retired.holds(&target.base.chat_completions, &target.model)
        };
        let mut left: Vec<Target> = all.iter().filter(|target| !is_retired(target)).cloned().collect();
        if left.is_empty() {
            left = all; // nothing to lose by asking
        }
        left.reverse();
        Self { left }
    }

    /// The target to ask.
    pub fn current(&self) -> Option<&Target> {
        self.left.last()
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

fn targets<'a>(config: &'a GatewayConfig, model: &'a str) -> impl Iterator<Item = Target> + 'a {
    let bases =
        std::iter::once((&config.base, true)).chain(config.fallback_base.iter().map(|base| (base, false)));
    bases.map(move |(base, is_primary_base)| Target {
        base: base.clone(),
        model: model.to_owned(),
        is_primary_base,
    })
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
