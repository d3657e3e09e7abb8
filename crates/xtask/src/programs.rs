//! Installs the servers that tests start, where that is possible without questions.

use std::{collections::BTreeSet, io, io::Write, path::Path, process::Command};

use test_servers::MissingProgram;

/// The installer of Debian and Ubuntu.
const APT: &str = "/usr/bin/apt-get";

/// Whether every program is installed, after an attempt to install those that are missing. If not, the
/// output names them.
pub(crate) fn ensure_programs() -> io::Result<bool> {
    let missing = test_servers::missing_programs();
    if missing.is_empty() {
        return Ok(true);
    }
    let packages = missing_packages(&missing);
    let mut out = io::stdout();
    if !Path::new(APT).exists() {
        writeln!(out, "Please install {}: the tests start their own servers.", packages.join(", "))?;
        return Ok(false);
    }
    let [update, install] = install_commands(&packages, is_root()?);
    writeln!(out, "Not installed: {}. Running: {}", packages.join(", "), install.join(" "))?;
    // May fail, for example without a network: an older package list is often good enough.
    let _ = run(&update)?;
    let installed = run(&install)? && test_servers::missing_programs().is_empty();
    if !installed {
        writeln!(out, "That failed; please install {} by hand.", packages.join(", "))?;
    }
    Ok(installed)
}

/// Where Chromium is, by the distribution. The tests of the console look there, too.
const CHROMIUM: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// Whether Chromium is installed, after an attempt to install it if it is not.
pub(crate) fn ensure_chromium() -> io::Result<bool> {
    let is_installed = || CHROMIUM.iter().any(|it| Path::new(it).exists());
    if is_installed() {
        return Ok(true);
    }
    if !Path::new(APT).exists() {
        return Ok(false);
    }
    let [update, install] = install_commands(&["chromium"], is_root()?);
    writeln!(io::stdout(), "Not installed: chromium. Running: {}", install.join(" "))?;
    // May fail, as above.
    let _ = run(&update)?;
    Ok(run(&install)? && is_installed())
}

/// The packages of the missing programs, each once, sorted.
fn missing_packages(missing: &[MissingProgram]) -> Vec<&'static str> {
    missing.iter().map(|it| it.package).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The commands that update the package lists and install the packages.
fn install_commands<'a>(packages: &[&'a str], root: bool) -> [Vec<&'a str>; 2] {
    // No questions: in a container or in CI they would wait for an answer forever.
    let quiet: &[&str] = &["env", "DEBIAN_FRONTEND=noninteractive", APT, "-qq"];
    let apt = if root { quiet.to_vec() } else { [&["sudo", "-n"], quiet].concat() };
    let install = [&apt, ["install", "-y", "--no-install-recommends"].as_slice(), packages].concat();
    [[apt.as_slice(), &["update"]].concat(), install]
}

fn run(command: &[&str]) -> io::Result<bool> {
    let Some((program, arguments)) = command.split_first() else { return Ok(false) };
    match Command::new(program).args(arguments).status() {
        Ok(status) => Ok(status.success()),
        // `sudo` is not installed, so nothing can be installed here.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether this process may install packages without `sudo`.
fn is_root() -> io::Result<bool> {
    let id = Command::new("id").arg("-u").output()?;
    Ok(id.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_named_once_however_much_of_it_is_missing() {
        let missing =
            ["mariadbd", "mariadb"].map(|program| MissingProgram { program, package: "mariadb-server" });
        assert_eq!(missing_packages(&missing), ["mariadb-server"]);
    }

    #[test]
    fn a_user_who_is_not_root_installs_with_sudo_without_a_prompt() {
        let [update, install] = install_commands(&["memcached"], true).map(|it| it.join(" "));
        assert!(update.starts_with("env ") && update.ends_with("apt-get -qq update"), "{update}");
        assert!(install.ends_with("install -y --no-install-recommends memcached"), "{install}");
        assert!(
            install_commands(&["memcached"], false).iter().all(|it| it.starts_with(&["sudo", "-n", "env"]))
        );
    }
}
