//! What the function printed: a line of the log and a line of metrics for each conversation, and nothing else.

use crate::conversation::{CONVERSATIONS, Conversation};
use serde_json::Value;
use std::collections::BTreeMap;

/// The counts that a metrics line may have.
const COUNTS: [&str; 5] = ["Requests", "GatewayErrors", "StreamsCompleted", "StreamsInterrupted", "Retries"];

#[derive(Default)]
pub struct Ledger {
    requests: BTreeMap<String, Value>,
    metrics: BTreeMap<String, Value>,
}

impl Ledger {
    /// Reads all lines; none may be of another kind, and no conversation may have two of one.
    pub fn read(lines: &[String]) -> Self {
        let mut ledger = Self::default();
        for text in lines {
            let line: Value = serde_json::from_str(text).unwrap();
            let id =
                line["request_id"].as_str().unwrap_or_else(|| panic!("about no request: {text}")).to_owned();
            let kind = match line["event"].as_str() {
                Some("request") => &mut ledger.requests,
                Some("metrics") => &mut ledger.metrics,
                _ => panic!("neither a request nor its metrics: {text}"),
            };
            assert!(kind.insert(id, line).is_none(), "a second line: {text}");
        }
        ledger
    }

    /// The lines agree with what was asked.
    pub fn balances(&self) {
        let expected: Vec<Conversation> = (0..CONVERSATIONS).map(Conversation::new).collect();
        assert_eq!(self.requests.len() as u64, CONVERSATIONS, "lines of the log");
        assert!(self.requests.keys().eq(self.metrics.keys()), "metrics of other requests");
        for outcome in ["complete", "interrupted", "failed"] {
            let logged = self.requests.values().filter(|line| line["outcome"] == outcome).count();
            let wanted = expected.iter().filter(|conversation| conversation.outcome() == outcome).count();
            assert_eq!(logged, wanted, "{outcome} in the log");
            println!("{outcome}: {logged}");
        }
        let sum = |name| self.metrics.values().filter_map(|line| line[name].as_u64()).sum::<u64>();
        let count =
            |wanted: &[&str]| expected.iter().filter(|c| wanted.contains(&c.outcome())).count() as u64;
        let retries = expected.iter().map(|conversation| conversation.attempts() - 1).sum();
        let wanted = [
            CONVERSATIONS,
            count(&["interrupted", "failed"]),
            count(&["complete"]),
            count(&["interrupted"]),
            retries,
        ];
        assert_eq!(COUNTS.map(sum), wanted, "{COUNTS:?}");
    }
}
