//! The function as it is released.

use std::path::PathBuf;
use std::process::Command;

/// Builds it, and answers where it is.
///
/// What `cargo bench` built along with this program is another binary at the same place: it has the features that the
/// tests want of tokio and others, such as a clock that can be stopped.
pub fn release() -> Result<PathBuf, String> {
    let build = ["build", "--release", "--locked", "--bin", "gptdock"];
    let status = Command::new(env!("CARGO")).current_dir(env!("CARGO_MANIFEST_DIR")).args(build).status();
    match status.map_err(|error| error.to_string())?.success() {
        true => Ok(PathBuf::from(env!("CARGO_BIN_EXE_gptdock"))),
        false => Err("the release build failed".to_owned()),
    }
}
