//! Installs localstripe, an imitation of Stripe against which the Stripe adapter is tested where Python is.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The pinned versions, with digests. The file name is also in the tests that need it.
const REQUIREMENTS: &str = "crates/xtask/localstripe.txt";
/// Where it is installed; `crates/adapters-gateways/tests/stripe_localstripe.rs` looks there.
const FOLDER: &str = "target/tools/localstripe";

/// Installs localstripe if it is missing. Always true: without Python, pip or a network its tests say that they are
/// skipped, and every other test runs.
pub(crate) fn try_install(root: &Path) -> io::Result<bool> {
    if is_installed(root)? {
        return Ok(true);
    }
    writeln!(io::stdout(), "Installing localstripe into {FOLDER}.")?;
    if !succeeds(&mut install_command(root))? || !is_installed(root)? {
        writeln!(io::stdout(), "That failed; the tests with localstripe are skipped.")?;
    }
    Ok(true)
}

fn install_command(root: &Path) -> Command {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"])
        .args(["--no-deps", "--require-hashes", "--prefer-binary", "--upgrade", "--target"])
        .arg(folder(root))
        .arg("--requirement")
        .arg(root.join(REQUIREMENTS));
    pip
}

fn folder(root: &Path) -> PathBuf {
    root.join(FOLDER)
}

fn is_installed(root: &Path) -> io::Result<bool> {
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", folder(root)).args(["-c", "import localstripe.server"]);
    succeeds(python.stderr(Stdio::null()))
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
    fn only_what_has_a_digest_is_installed() {
        let command = format!("{:?}", install_command(Path::new("/root-of-the-workspace")));
        assert!(command.contains("--require-hashes") && command.contains("--no-deps"), "{command}");
        let pinned = include_str!("../localstripe.txt");
        let versions = pinned.lines().filter(|it| it.contains("=="));
        assert!(versions.clone().any(|it| it.starts_with("localstripe==")));
        assert!(pinned.matches("--hash=sha256:").count() >= versions.count());
    }
}
