//! The targets of one request, in the order in which they are asked.

use super::{
    model_memory::{Fact, ModelMemory},
    retry::Decision,
};
use crate::config::{BaseUrl, GatewayConfig};

#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub base: &'a BaseUrl,
    pub model: &'a str,
    /// The base is not the fallback base. Only this one receives Cloudflare's headers.
    pub is_primary_base: bool,
}

/// The targets in reverse order: (base, model), (fallback base, model), (base, next model), … without the models that
/// are known to be retired. Without an OpenAI key (keys stored at Cloudflare) there is no fallback base.
pub fn list<'a>(
    config: &'a GatewayConfig,
    has_key: bool,
    model: &'a str,
    memory: &ModelMemory,
) -> Vec<Target<'a>> {
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
    let is_retired = |target: &Target<'_>| {
        let facts = memory.facts(target.model);
        let retired = |is_primary_base| facts.contains(&Fact::Retired { is_primary_base });
        // A model that the first base does not know is skipped on both.
        retired(true) || retired(target.is_primary_base)
    };
    let left: Vec<_> = all.iter().copied().filter(|target| !is_retired(target)).collect();
    // When all are retired, asking is the only way to find out whether that still holds.
    if left.is_empty() { all } else { left }
}

/// Keeps the targets that may be asked after the last one failed.
pub fn advance(left: &mut Vec<Target<'_>>, decision: Decision) {
    let Some(failed) = left.pop() else { return };
    left.retain(|target| match decision {
        Decision::NextTarget => true,
        Decision::NextModel => target.model != failed.model,
        Decision::FallbackBase => target.model == failed.model && target.base != failed.base,
        _ => false,
    });
}

#[cfg(test)]
#[path = "targets_tests.rs"]
mod tests;
