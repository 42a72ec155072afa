//! How the functions under `benches/peers` are started, once `benches/peers/install` has installed them.

use crate::names::{EXPRESS, FASTAPI, NODE, STOCK_RUST};
use crate::subject::{Kind, Program, Subject};
use std::path::{Path, PathBuf};

/// Where the script installs: outside the checkout.
fn directory() -> Result<PathBuf, String> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    cache.or_else(home).map(|cache| cache.join("gptdock/peers")).ok_or("HOME is not set".to_owned())
}

/// Every peer that is installed; says which are not.
pub fn installed() -> Result<Vec<Subject>, String> {
    let directory = directory()?;
    let known = [EXPRESS, FASTAPI, NODE, STOCK_RUST];
    let (there, missing): (Vec<_>, Vec<_>) =
        known.into_iter().partition(|name| directory.join(name).join("complete").exists());
    if !missing.is_empty() {
        eprintln!("not installed, so not measured: {} (see benches/peers/install)", missing.join(", "));
    }
    Ok(there.into_iter().map(|name| peer(name, &directory.join(name))).collect())
}

fn peer(name: &str, directory: &Path) -> Subject {
    let program = Program {
        command: vec![directory.join("start").into()],
        directory: Some(directory.to_owned()),
        concurrent: false,
    };
    Subject { name: name.to_owned(), kind: Kind::Function(program) }
}
