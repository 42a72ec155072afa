//! The issuer's keys, kept fresh without letting strangers fetch them.

use super::{AuthError, BoxFuture, Unavailable, key_set::KeySet, reason};
use bytes::Bytes;
use jsonwebtoken::{Algorithm, DecodingKey};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Mutex as TurnMutex, time::Instant};

/// How long fetched keys are good without asking again.
const FRESH: Duration = Duration::from_secs(3600);
/// How seldom a key that is not in the set, or a host that is down, causes another fetch.
const RETRY: Duration = Duration::from_secs(60);
/// How seldom the host is asked while there are no keys at all and nobody can get in.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The server behind `JWKS_URL`.
pub trait KeyHost: Send + Sync {
    /// Fetches the document once, within a time limit of its own and without following redirects.
    fn fetch(&self) -> BoxFuture<'_, Result<Bytes, Unavailable>>;
}

/// The keys, and when they were asked for.
pub(super) struct KeyCache {
    host: Arc<dyn KeyHost>,
    state: Mutex<State>,
    turn: TurnMutex<()>,
}

#[derive(Clone, Default)]
struct State {
    keys: Option<Arc<KeySet>>,
    /// The last fetch that brought keys.
    fetched: Option<Instant>,
    /// The last fetch at all.
    tried: Option<Instant>,
    /// The last fetch that was made for a key not in the set, or that left one unknown.
    missed: Option<Instant>,
    /// How many fetches have ended: who waited through one need not make another.
    ended: u64,
}

impl KeyCache {
    pub fn new(host: Arc<dyn KeyHost>) -> Self {
        Self { host, state: Mutex::default(), turn: TurnMutex::default() }
    }

    /// The key of this name for this algorithm.
    pub async fn key(&self, id: &str, algorithm: Algorithm) -> Result<DecodingKey, AuthError> {
        let seen = self.state().clone();
        match seen.find(id, algorithm) {
            Some(key) if is_within(seen.fetched, FRESH) => return Ok(key),
            Some(_) => self.freshen().await,
            None => self.look_for(id, algorithm, &seen).await,
        }
        let state = self.state();
        let missing = if state.keys.is_some() {
            AuthError::Denied(reason::KEY_UNKNOWN)
        } else {
            AuthError::KeysUnavailable
        };
        state.find(id, algorithm).ok_or(missing)
    }

    /// Replaces old keys. Only one caller does; the others go on with the old ones, as does everybody while
    /// the host is down.
    async fn freshen(&self) {
        let Ok(_turn) = self.turn.try_lock() else { return };
        let is_due = !is_within(self.state().tried, RETRY);
        if is_due {
            self.fetch().await;
        }
    }

    /// Asks for a key that is not there. Callers that come while a fetch is under way wait for it and share
    /// what it brought.
    async fn look_for(&self, id: &str, algorithm: Algorithm, seen: &State) {
        let _turn = self.turn.lock().await;
        let state = self.state().clone();
        let is_due = match state.keys {
            None => !is_within(state.tried, FIRST_RETRY),
            Some(_) => !is_within(state.missed, RETRY),
        };
        if !is_due || state.ended != seen.ended {
            return;
        }
        self.fetch().await;
        let mut state = self.state();
        // The very first fetch counts as a miss only when it was one: a caller whose key is there has not used
        // up the fetch that the first rotation will need.
        if seen.keys.is_some() || (state.keys.is_some() && state.find(id, algorithm).is_none()) {
            state.missed = state.tried;
        }
    }

    async fn fetch(&self) {
        self.state().tried = Some(Instant::now());
        let document = self.host.fetch().await;
        let keys = document.ok().and_then(|document| KeySet::parse(&document));
        let mut state = self.state();
        state.ended += 1;
        if let Some(keys) = keys {
            state.keys = Some(Arc::new(keys));
            state.fetched = Some(Instant::now());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&self, id: &str, algorithm: Algorithm) -> Option<DecodingKey> {
        self.keys.as_ref()?.find(id, algorithm).cloned()
    }
}

fn is_within(moment: Option<Instant>, period: Duration) -> bool {
    moment.is_some_and(|moment| moment.elapsed() < period)
}
