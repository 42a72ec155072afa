//! What the servers of one measurement share: the conversations, and who waits for them.

use crate::clock::{Moment, now};
use crate::run::{Plan, Run};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, RwLock};
use std::time::Duration;

/// How long a function may take to ask for work.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Default)]
pub struct World {
    runs: RwLock<Vec<Arc<Run>>>,
    queue: Mutex<VecDeque<Arc<Run>>>,
    work: Condvar,
    polled: Condvar,
    over: Condvar,
    closed: AtomicBool,
    polls: AtomicUsize,
    pub first_poll: Moment,
    pub secret_read: Moment,
}

impl World {
    /// A new conversation.
    pub fn run(&self, plan: Plan) -> Arc<Run> {
        let mut runs = self.runs.write().unwrap();
        let run = Arc::new(Run::new(runs.len(), plan));
        runs.push(Arc::clone(&run));
        run
    }

    /// The conversation of this number.
    pub fn find(&self, number: usize) -> Option<Arc<Run>> {
        self.runs.read().unwrap().get(number).cloned()
    }

    /// Gives a conversation to the function.
    pub fn enqueue(&self, run: Arc<Run>) {
        self.queue.lock().unwrap().push_back(run);
        self.work.notify_one();
    }

    /// The function asks for work: waits for some, and answers nothing when the measurement is over.
    pub fn next(&self) -> Option<Arc<Run>> {
        self.first_poll.set(now());
        let mut queue = self.queue.lock().unwrap();
        self.polls.fetch_add(1, SeqCst);
        self.polled.notify_all();
        loop {
            if self.is_closed() {
                return None;
            }
            if let Some(run) = queue.pop_front() {
                return Some(run);
            }
            queue = self.work.wait(queue).unwrap();
        }
    }

    /// Waits until the function has asked for work this many times.
    pub fn polled(&self, times: usize) -> Result<(), String> {
        let queue = self.queue.lock().unwrap();
        let missing = |_: &mut VecDeque<Arc<Run>>| self.polls.load(SeqCst) < times;
        let (_queue, waited) = self.polled.wait_timeout_while(queue, PATIENCE, missing).unwrap();
        let asked = self.polls.load(SeqCst);
        match waited.timed_out() {
            true => Err(format!("asked for work {asked} times, not {times}, within {PATIENCE:?}")),
            false => Ok(()),
        }
    }

    pub fn is_closed(&self) -> bool {
        self.closed.load(SeqCst)
    }

    /// Lets everybody go who waits.
    pub fn close(&self) {
        let _queue = self.queue.lock().unwrap();
        self.closed.store(true, SeqCst);
        self.work.notify_all();
        self.over.notify_all();
    }

    /// Waits, as an extension does that is never told anything.
    pub fn wait_for_close(&self) {
        let queue = self.queue.lock().unwrap();
        let _closed = self.over.wait_while(queue, |_| !self.is_closed()).unwrap();
    }
}
