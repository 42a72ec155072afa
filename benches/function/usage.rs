//! What a group of processes has taken of memory and processor time.

use std::fs::{read_dir, read_to_string};
use std::path::Path;

#[derive(Clone, Copy, Default)]
pub struct Usage {
    /// The most memory that each process held, added up.
    pub peak_mb: f64,
    /// The processor time of all their threads, in the scheduler's own nanoseconds: the ticks of `stat` are as long
    /// as a hundred chunks take.
    pub cpu_us: f64,
}

impl Usage {
    /// Of every process in this group.
    pub fn of_group(group: u32) -> Self {
        let entries = read_dir("/proc").into_iter().flatten().flatten();
        let members = entries.filter(|entry| group_of(&entry.path()) == Some(group));
        members.map(|entry| Self::of(&entry.path())).fold(Self::default(), |sum, one| Self {
            peak_mb: sum.peak_mb + one.peak_mb,
            cpu_us: sum.cpu_us + one.cpu_us,
        })
    }

    fn of(process: &Path) -> Self {
        let status = read_to_string(process.join("status")).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let threads = read_dir(process.join("task")).into_iter().flatten().flatten();
        let nanoseconds =
            threads.filter_map(|thread| number(&read_to_string(thread.path().join("schedstat")).ok()?));
        Self {
            peak_mb: peak.and_then(number).unwrap_or_default() / 1024.0,
            cpu_us: nanoseconds.sum::<f64>() / 1e3,
        }
    }
}

/// The first word of a text, as a number.
fn number(text: &str) -> Option<f64> {
    text.split_whitespace().next()?.parse().ok()
}

fn group_of(process: &Path) -> Option<u32> {
    let stat = read_to_string(process.join("stat")).ok()?;
    // The program's name, in brackets, may hold anything; state, parent and group come after it.
    stat.rsplit(')').next()?.split_whitespace().nth(2)?.parse().ok()
}
