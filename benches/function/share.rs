//! A share of one processor, as Lambda gives it out with each memory size: 1,769 MB are one processor.

use std::fs::{create_dir, remove_dir, write};
use std::io::Result;
use std::path::{Path, PathBuf};
use std::{thread::sleep, time::Duration};

/// Memory sizes in MB, and the percentage of a processor.
pub const SHARES: [(u32, u32); 3] = [(128, 7), (256, 14), (512, 29)];
const PERIOD_US: u32 = 20_000;
/// Lambda on arm64 in us-east-1, US dollars. From memory, to be checked against <https://aws.amazon.com/lambda/pricing/>.
const PER_GB_SECOND: f64 = 0.000_013_333_4;
const PER_MILLION_REQUESTS: f64 = 0.20;

/// A control group with this share, of either version. It takes root.
pub struct Share {
    memory_mb: u32,
    pub group: PathBuf,
}

impl Share {
    pub fn new(memory_mb: u32, percent: u32) -> Result<Self> {
        let root = Path::new("/sys/fs/cgroup");
        let is_second = root.join("cgroup.controllers").exists();
        let name = format!("gptdock-bench-{memory_mb}-{}", std::process::id());
        let group = if is_second { root.join(name) } else { root.join("cpu").join(name) };
        create_dir(&group)?;
        let (share, quota_us) = (Self { memory_mb, group }, PERIOD_US * percent / 100);
        if is_second {
            // Often on already. Where it is not and can't be, the next write fails.
            let _ = write(root.join("cgroup.subtree_control"), "+cpu");
            write(share.group.join("cpu.max"), format!("{quota_us} {PERIOD_US}"))?;
        } else {
            write(share.group.join("cpu.cfs_period_us"), PERIOD_US.to_string())?;
            write(share.group.join("cpu.cfs_quota_us"), quota_us.to_string())?;
        }
        Ok(share)
    }

    /// What a million conversations of so many seconds cost.
    pub fn dollars(&self, seconds: f64) -> f64 {
        1e6 * seconds * f64::from(self.memory_mb) / 1024.0 * PER_GB_SECOND + PER_MILLION_REQUESTS
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // The group is busy until the last killed process is gone.
        (0..100).find(|_| remove_dir(&self.group).inspect_err(|_| sleep(Duration::from_millis(10))).is_ok());
    }
}
