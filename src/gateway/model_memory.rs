//! What the process remembers of models: which are retired, and which parameters they refuse.

use crate::chat::{Adjustments, Parameter};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long a retired model is skipped.
const RETIRED_FOR: Duration = Duration::from_secs(600);
/// How long a refused parameter is left out.
const ADJUSTED_FOR: Duration = Duration::from_secs(3600);
/// With `ALLOWED_MODELS=*` callers make names up. This bounds how many of those are remembered.
const MAX_MADE_UP: usize = 100;

/// The memory. Models that a setting names always have room in it.
#[derive(Debug)]
pub struct ModelMemory {
    configured: Vec<String>,
    notes: Mutex<HashMap<String, Note>>,
}

#[derive(Debug, Default)]
struct Note {
    /// When the base and the fallback base said that they do not have the model.
    retired: [Option<Instant>; 2],
    adjustments: Adjustments,
    adjusted: Option<Instant>,
}

impl ModelMemory {
    /// A memory with room for the models that settings name.
    pub fn new(configured: Vec<String>) -> Self {
        Self { configured, notes: Mutex::default() }
    }

    /// Remembers that a base does not have a model.
    pub fn retire(&self, is_primary_base: bool, model: &str) {
        self.change(model, |note| note.retired[usize::from(!is_primary_base)] = Some(Instant::now()));
    }

    /// Whether a base is known not to have a model.
    pub fn is_retired(&self, is_primary_base: bool, model: &str) -> bool {
        let notes = self.notes();
        let since = notes.get(model).and_then(|note| note.retired[usize::from(!is_primary_base)]);
        since.is_some_and(|since| since.elapsed() < RETIRED_FOR)
    }

    /// Remembers that a model refuses a parameter.
    pub fn adjust(&self, model: &str, parameter: Parameter) {
        self.change(model, |note| {
            note.adjustments.insert(parameter);
            note.adjusted = Some(Instant::now());
        });
    }

    /// The parameters that a model refuses.
    pub fn adjustments(&self, model: &str) -> Adjustments {
        let notes = self.notes();
        let fresh = notes.get(model).filter(|note| is_recent(note.adjusted, ADJUSTED_FOR));
        fresh.map(|note| note.adjustments.clone()).unwrap_or_default()
    }

    fn change(&self, model: &str, change: impl FnOnce(&mut Note)) {
        let mut notes = self.notes();
        let is_configured = |name: &str| self.configured.iter().any(|configured| configured == name);
        if !is_configured(model) && !notes.contains_key(model) {
            notes.retain(|name, note| is_configured(name) || note.is_fresh());
            let made_up = notes.keys().filter(|name| !is_configured(name)).count();
            if made_up >= MAX_MADE_UP {
                return;
            }
        }
        let note = notes.entry(model.to_owned()).or_default();
        if !is_recent(note.adjusted, ADJUSTED_FOR) {
            note.adjustments = Adjustments::default();
        }
        change(note);
    }

    fn notes(&self) -> MutexGuard<'_, HashMap<String, Note>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Note {
    fn is_fresh(&self) -> bool {
        self.retired.iter().any(|since| is_recent(*since, RETIRED_FOR)) || is_recent(self.adjusted, ADJUSTED_FOR)
    }
}

fn is_recent(since: Option<Instant>, period: Duration) -> bool {
    since.is_some_and(|since| since.elapsed() < period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn forgets_after_a_while() {
        let memory = ModelMemory::new(vec![]);
        memory.retire(true, "a");
        memory.adjust("a", Parameter::Temperature);
        assert!(memory.is_retired(true, "a") && !memory.is_retired(false, "a") && !memory.is_retired(true, "b"));
        assert!(memory.adjustments("a").contains(&Parameter::Temperature));
        tokio::time::advance(RETIRED_FOR).await;
        assert!(!memory.is_retired(true, "a") && !memory.adjustments("a").is_empty());
        tokio::time::advance(ADJUSTED_FOR).await;
        assert!(memory.adjustments("a").is_empty());
        memory.adjust("a", Parameter::TopP);
        assert!(!memory.adjustments("a").contains(&Parameter::Temperature), "an old refusal came back");
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
