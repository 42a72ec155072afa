//! The unchanged frontend's reader of the stream, faults and all.

use serde_json::Value;

#[derive(Default)]
pub struct Frontend {
    pub text: String,
}

impl Frontend {
    /// Takes one network chunk. Each is decoded on its own, so a character cut in two is garbled,
    /// and the rest of a chunk is lost after a line that is not JSON.
    pub fn take(&mut self, chunk: &[u8]) {
        for line in String::from_utf8_lossy(chunk).split('\n') {
            let Some(data) = line.strip_prefix("data: ") else {
                continue;
            };
            let Ok(event) = serde_json::from_str::<Value>(data) else {
                return;
            };
            if let Some(content) = event["choices"][0]["delta"]["content"].as_str() {
                self.text.push_str(content);
            }
        }
    }
}
