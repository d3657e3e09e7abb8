//! Servers that are unpacked and not installed. Debian has MySQL itself and Valkey in its unstable suite; they run with the
//! libraries of that suite, so nothing of this machine changes.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use test_servers::UnpackedPrograms;

/// A package of Debian's unstable suite that is unpacked with all that it needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnpackedPackage {
    /// The name of the package.
    name: &'static str,
    /// Where it is unpacked, from the root of the repository.
    folder: &'static str,
}

/// MySQL itself, with its plugins.
pub(crate) const MYSQL: UnpackedPackage =
    UnpackedPackage { name: "mysql-server-core", folder: "target/tools/mysql" };
/// The successor of Redis.
pub(crate) const VALKEY: UnpackedPackage =
    UnpackedPackage { name: "valkey-server", folder: "target/tools/valkey" };
/// The suite of Debian that has them.
const SUITE: &str = "sid";
/// The keys that sign this suite.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The folder of an unpacked package, which the first call downloads. `None` where it is not available, with a printed line.
pub(crate) fn unpack_package(root: &Path, package: UnpackedPackage) -> io::Result<Option<PathBuf>> {
    let UnpackedPackage { name, folder: path } = package;
    let folder = root.join(path);
    let unpacked = folder.join("root");
    if unpacked.exists() {
        return Ok(Some(unpacked));
    }
    let Some(mirror) = find_mirror()? else {
        writeln!(io::stdout(), "{name}: SKIPPED, there is no mirror of Debian that has it")?;
        return Ok(None);
    };
    writeln!(io::stdout(), "Unpacking {name} of {SUITE} into {path}.")?;
    let packages = folder.join("packages");
    if download_package(name, &packages, &mirror)? && unpack_packages(&packages, &folder.join("new"))? {
        // Last, so that a folder of this name is complete.
        fs::rename(folder.join("new"), &unpacked)?;
        fs::remove_dir_all(&packages)?;
        return Ok(Some(unpacked));
    }
    writeln!(io::stdout(), "{name}: SKIPPED, it cannot be downloaded")?;
    Ok(None)
}

/// A program that starts Valkey with the libraries beside it. `None` where it is not available, with a printed line.
pub(crate) fn unpack_valkey(root: &Path) -> io::Result<Option<PathBuf>> {
    let Some(unpacked) = unpack_package(root, VALKEY)? else { return Ok(None) };
    let programs = UnpackedPrograms::find(&unpacked)?;
    let loader = programs.loader().display().to_string();
    let words = std::iter::once(loader).chain(programs.arguments("usr/bin/valkey-server", &[]));
    let command: String = words.map(|it| format!("'{it}' ")).collect();
    let program = root.join(VALKEY.folder).join("valkey-server");
    fs::write(&program, format!("#!/bin/sh\nexec {command}\"$@\"\n"))?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    Ok(Some(program))
}

/// The first mirror of Debian among the sources of this machine.
fn find_mirror() -> io::Result<Option<String>> {
    let mut apt = Command::new("apt-get");
    let listed =
        apt.args(["indextargets", "--format", "$(SITE)", "Created-By: Packages"]).stderr(Stdio::null());
    match listed.output() {
        Ok(output) => Ok(choose_mirror(&String::from_utf8_lossy(&output.stdout))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn choose_mirror(sites: &str) -> Option<String> {
    let is_main = |it: &&str| it.trim_end_matches('/').ends_with("/debian") && Path::new(KEYRING).is_file();
    sites.lines().find(is_main).map(ToOwned::to_owned)
}

/// Downloads the package and everything it needs: with a list of its own and an empty list of installed packages, so that
/// no library of this machine counts as there.
fn download_package(name: &str, packages: &Path, mirror: &str) -> io::Result<bool> {
    for part in ["lists/partial", "archives/partial"] {
        fs::create_dir_all(packages.join(part))?;
    }
    let sources = packages.join("sources.list");
    fs::write(&sources, format!("deb [signed-by={KEYRING}] {mirror} {SUITE} main\n"))?;
    let status = packages.join("status");
    fs::write(&status, "")?;
    let options = [
        format!("Dir::State={}", packages.display()),
        format!("Dir::State::status={}", status.display()),
        format!("Dir::Cache={}", packages.display()),
        format!("Dir::Etc::sourcelist={}", sources.display()),
        "Dir::Etc::sourceparts=-".to_owned(),
        // The account that apt otherwise downloads as cannot write here.
        "APT::Sandbox::User=root".to_owned(),
    ];
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.arg("-qq").args(options.iter().flat_map(|it| ["-o", it])).args(arguments);
        apt.env("DEBIAN_FRONTEND", "noninteractive").status().map(|it| it.success())
    };
    Ok(apt(&["update"])? && apt(&["install", "--download-only", "-y", "--no-install-recommends", name])?)
}

fn unpack_packages(packages: &Path, into: &Path) -> io::Result<bool> {
    fs::create_dir_all(into)?;
    for entry in fs::read_dir(packages.join("archives"))? {
        let package = entry?.path();
        let is_package = package.extension().is_some_and(|it| it == "deb");
        if is_package && !Command::new("dpkg-deb").arg("-x").args([&package, into]).status()?.success() {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_of_the_main_archive_is_chosen() {
        let sites =
            "http://mirror.example/debian-security\nhttp://mirror.example/debian\nhttp://b.example/debian\n";
        let chosen = choose_mirror(sites);
        let expected = Path::new(KEYRING).is_file().then(|| "http://mirror.example/debian".to_owned());
        assert_eq!(chosen, expected);
        assert_eq!(choose_mirror("http://mirror.example/ubuntu\n"), None);
    }
}
