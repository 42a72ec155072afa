//! The rows.

pub const GPTDOCK: &str = "GPTDock";
pub const NO_FUNCTION: &str = "no function";
pub const LIMIT: &str = "limit";
pub const LEAST: &str = "least function";
pub const STOCK_RUST: &str = "stock-rust";
pub const NODE: &str = "node-streaming";
pub const EXPRESS: &str = "express";
pub const FASTAPI: &str = "fastapi";
