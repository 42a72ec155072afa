//! Keeps the processors awake while it measures.
//!
//! A processor that waits is let sleep, and waking it can take longer than all that a function does, most of all in a
//! virtual machine. The kernel's [PM QoS](https://docs.kernel.org/power/pm_qos_interface.html) says how long a wake-up
//! may take; `cyclictest` asks it for none at all, and so does this.

use std::fs::{File, OpenOptions};
use std::io::{Result, Write};

/// Holds as long as it lives.
pub struct Awake {
    _held: File,
}

impl Awake {
    /// Asks for wake-ups without delay, which takes root.
    pub fn hold() -> Result<Self> {
        let mut held = OpenOptions::new().write(true).open("/dev/cpu_dma_latency")?;
        held.write_all(&0_i32.to_ne_bytes())?;
        Ok(Self { _held: held })
    }
}
