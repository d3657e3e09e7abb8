//! Running cargo from within cargo.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::{env, io};

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
fn cargo_command(root: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    cargo
}
