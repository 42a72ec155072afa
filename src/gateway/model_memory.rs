//! What the process remembers of models: which are retired, and which parameters they refuse.

use crate::chat::{Adjustments, Parameter};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long a retired model is skipped.
const RETIRED_FOR: Duration = Duration::from_secs(600);
/// How long a refused parameter is left out.
const ADJUSTED_FOR: Duration = Duration::from_secs(3600);
/// With `ALLOWED_MODELS=*` callers make names up. This bounds what is remembered of those.
const MAX_MADE_UP: usize = 100;

/// The memory. Models that a setting names always have room in it.
pub struct ModelMemory {
    configured: Vec<String>,
    /// What is known of which model, and until when.
    notes: Mutex<Vec<(String, Fact, Instant)>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Fact {
    /// The base, or the fallback base, does not have the model.
    Retired {
        is_primary_base: bool,
    },
    Refuses(Parameter),
}

impl ModelMemory {
    pub fn new(configured: Vec<String>) -> Self {
        Self { configured, notes: Mutex::default() }
    }

    /// Remembers that a base does not have a model.
    pub fn retire(&self, is_primary_base: bool, model: &str) {
        self.remember(model, Fact::Retired { is_primary_base }, RETIRED_FOR);
    }

    /// Whether a base is known not to have a model.
    pub fn is_retired(&self, is_primary_base: bool, model: &str) -> bool {
        self.facts(model).contains(&Fact::Retired { is_primary_base })
    }

    /// Remembers that a model refuses a parameter.
    pub fn adjust(&self, model: &str, parameter: Parameter) {
        self.remember(model, Fact::Refuses(parameter), ADJUSTED_FOR);
    }

    /// The parameters that a model refuses.
    pub fn adjustments(&self, model: &str) -> Adjustments {
        let mut adjustments = Adjustments::default();
        for fact in self.facts(model) {
            if let Fact::Refuses(parameter) = fact {
                adjustments.insert(parameter);
            }
        }
        adjustments
    }

    fn facts(&self, model: &str) -> Vec<Fact> {
        let notes = self.notes();
        notes.iter().filter(|(name, ..)| name == model).map(|(_, fact, _)| *fact).collect()
    }

    fn remember(&self, model: &str, fact: Fact, period: Duration) {
        let mut notes = self.notes();
        notes.retain(|(name, known, _)| name != model || *known != fact);
        let made_up = notes.iter().filter(|(name, ..)| !self.configured.contains(name)).count();
        let model = model.to_owned();
        if made_up < MAX_MADE_UP || self.configured.contains(&model) {
            notes.push((model, fact, Instant::now() + period));
        }
    }

    /// The notes that still count.
    fn notes(&self) -> MutexGuard<'_, Vec<(String, Fact, Instant)>> {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.retain(|(.., until)| *until > Instant::now());
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn forgets_after_a_while() {
        let memory = ModelMemory::new(vec![]);
        memory.retire(true, "a");
        memory.adjust("a", Parameter::Temperature);
        assert!(
            memory.is_retired(true, "a") && !memory.is_retired(false, "a") && !memory.is_retired(true, "b")
        );
        assert!(memory.adjustments("a").contains(Parameter::Temperature));
        tokio::time::advance(RETIRED_FOR).await;
        assert!(!memory.is_retired(true, "a") && !memory.adjustments("a").is_empty());
        tokio::time::advance(ADJUSTED_FOR).await;
        assert!(memory.adjustments("a").is_empty());
        memory.adjust("a", Parameter::TopP);
        assert!(!memory.adjustments("a").contains(Parameter::Temperature), "an old refusal came back");
    }

    #[tokio::test(start_paused = true)]
    async fn made_up_names_push_nothing_out_and_are_bounded() {
        let memory = ModelMemory::new(vec!["default".to_owned()]);
        for number in 0..1000 {
            memory.retire(true, &format!("made-up-{number}"));
        }
        assert_eq!(memory.notes().len(), MAX_MADE_UP);
        memory.retire(true, "default");
        assert!(memory.is_retired(true, "default"));
        tokio::time::advance(RETIRED_FOR).await;
        memory.retire(true, "made-up-1000");
        assert!(memory.is_retired(true, "made-up-1000"), "old names make room");
    }
}
