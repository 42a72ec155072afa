//! Where and on what it was measured.

use std::fs::read_to_string;
use std::path::Path;
use time::OffsetDateTime;

/// One paragraph for the head of the results.
pub fn describe(rounds: usize, binary: &Path, is_awake: bool) -> String {
    let cpus = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let bytes = std::fs::metadata(binary).map_or(0, |file| file.len());
    format!(
        "{} on {processors} processors ({}{}), Linux {}, load {} at the start; {rounds} rounds; binary of {bytes} bytes.",
        OffsetDateTime::now_utc().date(),
        model.trim_start_matches([' ', '\t', ':']),
        if is_awake { ", kept awake" } else { ", that sleep when they wait" },
        kernel.trim(),
        load.split(' ').next().unwrap_or_default(),
    )
}
