//! `cargo xtask plans`: the plans of every statement on both databases, among any number of rows.

use std::io::{self, Write};
use std::path::Path;

use crate::cargo;

/// The number of rows of each kind, for the tests.
const ROWS: &str = "TEST_PLAN_ROWS";
/// The rows of each kind, unless the command says otherwise.
const DEFAULT_ROWS: &str = "2000000";
/// The crates with a test of that name.
const ADAPTERS: [&str; 2] = ["adapters-sqlite", "adapters-mysql"];

/// Has both databases explain every statement among many rows; `rows` comes from `--rows`. True if every plan is bounded.
pub(crate) fn run(root: &Path, rows: Option<&str>) -> io::Result<bool> {
    let rows = rows.unwrap_or(DEFAULT_ROWS);
    let mut is_bounded = true;
    for adapter in ADAPTERS {
        writeln!(io::stdout(), "$ {ROWS}={rows} cargo test -p {adapter} --test plans")?;
        let mut command = cargo::cargo_command(root);
        command.args(["test", "-p", adapter, "--test", "plans", "--", "--nocapture"]).env(ROWS, rows);
        is_bounded &= command.status()?.success();
    }
    Ok(is_bounded)
}
