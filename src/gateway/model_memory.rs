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
pub enum Fact {
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

    pub fn remember(&self, model: &str, fact: Fact) {
        let period = if let Fact::Refuses(_) = fact { ADJUSTED_FOR } else { RETIRED_FOR };
        let mut notes = self.notes();
        notes.retain(|(name, known, _)| name != model || *known != fact);
        let made_up = notes.iter().filter(|(name, ..)| !self.configured.contains(name)).count();
        let model = model.to_owned();
        if made_up < MAX_MADE_UP || self.configured.contains(&model) {
            notes.push((model, fact, Instant::now() + period));
        }
    }

    pub fn facts(&self, model: &str) -> Vec<Fact> {
        self.notes().iter().filter(|(name, ..)| name == model).map(|(_, fact, _)| *fact).collect()
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

    fn retired(is_primary_base: bool) -> Fact {
        Fact::Retired { is_primary_base }
    }

    #[tokio::test(start_paused = true)]
    async fn forgets_after_a_while() {
        let memory = ModelMemory::new(vec![]);
        memory.remember("a", retired(true));
        memory.remember("a", Fact::Refuses(Parameter::Temperature));
        assert!(
            memory.facts("a").contains(&retired(true))
                && !memory.facts("a").contains(&retired(false))
                && !memory.facts("b").contains(&retired(true))
        );
        assert!(memory.adjustments("a").contains(&Parameter::Temperature));
        tokio::time::advance(RETIRED_FOR).await;
        assert!(!memory.facts("a").contains(&retired(true)) && !memory.adjustments("a").is_empty());
        tokio::time::advance(ADJUSTED_FOR).await;
        assert!(memory.adjustments("a").is_empty());
        memory.remember("a", Fact::Refuses(Parameter::TopP));
        assert!(!memory.adjustments("a").contains(&Parameter::Temperature), "an old refusal came back");
    }

    #[tokio::test(start_paused = true)]
    async fn made_up_names_push_nothing_out_and_are_bounded() {
        let memory = ModelMemory::new(vec!["default".to_owned()]);
        for number in 0..1000 {
            memory.remember(&format!("made-up-{number}"), retired(true));
        }
        assert_eq!(memory.notes().len(), MAX_MADE_UP);
        memory.remember("default", retired(true));
        assert!(memory.facts("default").contains(&retired(true)));
        tokio::time::advance(RETIRED_FOR).await;
        memory.remember("made-up-1000", retired(true));
        assert!(memory.facts("made-up-1000").contains(&retired(true)), "old names make room");
    }
}
