//! Running cargo from within cargo.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::{env, io};

/// The prefixes of variables that `cargo run` sets for the program.
const OURS: [&str; 2] = ["CARGO_MANIFEST_", "CARGO_PKG_"];

/// Prints a cargo command and runs it in `root`. True if it succeeded.
pub(crate) fn run(root: &Path, args: &[&str]) -> io::Result<bool> {
    writeln!(io::stdout(), "$ cargo {}", args.join(" "))?;
    Ok(cargo_command(root).args(args).status()?.success())
}

/// Builds the documentation of every crate, private items included: whether no link in it is broken.
pub(crate) fn document(root: &Path) -> io::Result<bool> {
    let args = ["doc", "--workspace", "--no-deps", "--document-private-items"];
    writeln!(io::stdout(), "$ RUSTDOCFLAGS='-D warnings' cargo {}", args.join(" "))?;
    Ok(cargo_command(root).args(args).env("RUSTDOCFLAGS", "-D warnings").status()?.success())
}

/// The cargo that runs this tool, so that both use the same toolchain.
pub(crate) fn cargo_command(root: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    // The outer cargo describes this crate in them. Some build scripts look at such variables, and what depends on these
    // would be built again at every change between this tool and a plain `cargo build`.
    let ours = |it: &OsString| it.to_str().is_some_and(|it| OURS.iter().any(|prefix| it.starts_with(prefix)));
    for name in env::vars_os().map(|(name, _)| name).filter(ours) {
        cargo.env_remove(name);
    }
    cargo
}
