//! The Debian package: the metadata in the manifest of `api`, and `deploy/debian`.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;
use toml::{Table, Value};

use super::{ROOT, directive, print_skipped, read};

/// The folder of the manifest, from the root of the repository.
const CRATE: &str = "crates/api";

fn metadata() -> Table {
    let manifest: Table = read("crates/api/Cargo.toml").parse().unwrap();
    manifest["package"]["metadata"]["deb"].as_table().unwrap().clone()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("there is no {name}"))
}

/// Source and destination of each file in the package.
fn assets() -> Vec<(String, String)> {
    let entry = |it: &Value| {
        let part = |at: usize| it[at].as_str().unwrap().to_owned();
        (part(0), part(1))
    };
    metadata()["assets"].as_array().unwrap().iter().map(entry).collect()
}

#[test]
fn everything_in_the_package_is_there() {
    for (source, _) in assets().iter().filter(|it| !it.0.starts_with("target/")) {
        assert!(Path::new(ROOT).join(CRATE).join(source).is_file(), "{source}");
    }
    let deb = Value::Table(metadata());
    let license = deb["license-file"][0].as_str().unwrap();
    assert!(Path::new(ROOT).join(CRATE).join(license).is_file());
}

#[test]
fn its_changelog_begins_with_this_version() {
    let changelog = read("deploy/debian/changelog");
    assert!(changelog.starts_with(&format!("idem ({}-1) ", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn the_unit_starts_the_program_where_the_package_puts_it() {
    let program = assets().into_iter().find(|it| it.0 == "target/release/api").unwrap().1;
    let unit = read("deploy/idem.service");
    let name = directive(&unit, "ExecStart=").split(' ').next().unwrap();
    assert_eq!(program, format!("usr/bin/{name}"), "systemd looks for a bare name there");
    let deb = Value::Table(metadata());
    // The unit is found by the name of the package.
    let units = Path::new(ROOT).join(CRATE).join(text(&deb["systemd-units"], "unit-scripts"));
    assert!(units.join(format!("{}.service", text(&deb, "name"))).is_file());
}

#[test]
fn an_installation_starts_nothing_and_its_script_is_sound() {
    let deb = Value::Table(metadata());
    for switch in ["enable", "start"] {
        assert_eq!(deb["systemd-units"][switch].as_bool(), Some(false), "{switch}");
    }
    let scripts = Path::new(ROOT).join(CRATE).join(text(&deb, "maintainer-scripts"));
    let content = ["postinst", "postrm"].map(|name| {
        let script = scripts.join(name);
        let content = std::fs::read_to_string(&script).unwrap();
        assert!(content.lines().any(|it| it == "#DEBHELPER#"), "the scripts for the unit have a place");
        assert!(Command::new("sh").arg("-n").arg(&script).status().unwrap().success());
        content
    });
    let unit = read("deploy/idem.service");
    let file = directive(&unit, "EnvironmentFile=-");
    let folder = Path::new(file).parent().unwrap().to_str().unwrap();
    assert!(content[0].contains(&format!("install -d -m 700 \"$DPKG_ROOT{folder}\"")), "{folder}");
}

/// The package, built from the program under test as it is built from a release.
struct Package {
    folder: TempDir,
}

impl Package {
    /// `None`, with a line that says so, where a tool is missing.
    fn build() -> Option<Self> {
        let has = |program: &&str| Command::new(program).arg("--version").output().is_ok();
        if let Some(missing) = ["cargo-deb", "dpkg", "dpkg-deb", "strip"].into_iter().find(|it| !has(it)) {
            print_skipped(&format!("there is no {missing}"));
            return None;
        }
        let package = Self { folder: tempfile::tempdir().unwrap() };
        let release = package.folder.path().join("target/release");
        std::fs::create_dir_all(&release).unwrap();
        let program = release.join("api");
        // Debug information is hundreds of megabytes to compress.
        run(Command::new("strip").arg("--output-file").arg(&program).arg(env!("CARGO_BIN_EXE_api")));
        let mut build = Command::new("cargo");
        build.args(["deb", "--package", "api", "--no-build", "--no-strip", "--fast"]);
        build.env("CARGO_TARGET_DIR", package.folder.path().join("target"));
        run(build.arg("--output").arg(package.file()).current_dir(ROOT));
        Some(package)
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("idem.deb")
    }

    /// The folder that the package is installed in instead of `/`.
    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    fn dpkg(&self, args: &[&str]) -> String {
        let mut command = Command::new("dpkg");
        // Not as root, without the packages that it depends on, and with scripts that see the folder as `$DPKG_ROOT`.
        command.args(["--force-not-root", "--force-depends", "--force-script-chrootless"]);
        run(command.arg(format!("--root={}", self.root().display())).args(args))
    }
}

/// Runs a command that must succeed, and gives what it printed.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn assert_lintian_accepts(package: &Package) {
    // Who releases the package names its maintainer, and there is no bug that an upload could close.
    let accepted =
        "bogus-mail-host,bogus-mail-host-in-debian-changelog,initial-upload-closes-no-bugs,no-manual-page";
    let args = ["--allow-root", "--fail-on", "error,warning", "--suppress-tags", accepted];
    match Command::new("lintian").args(args).arg(package.file()).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(_) => print_skipped("there is no lintian"),
    }
}

#[test]
fn a_package_is_installed_upgraded_removed_and_purged() {
    let Some(package) = Package::build() else { return };
    assert_lintian_accepts(&package);
    let root = package.root();
    std::fs::create_dir_all(root.join("var/lib/dpkg/info")).unwrap();
    std::fs::write(root.join("var/lib/dpkg/status"), "").unwrap();
    let file = package.file();
    let install = ["--install", file.to_str().unwrap()];
    package.dpkg(&install);
    assert!(
        run(Command::new(root.join("usr/bin/idem")).arg("--version")).contains(env!("CARGO_PKG_VERSION"))
    );
    assert!(root.join("usr/lib/systemd/system/idem.service").is_file());
    assert!(!root.join("etc/systemd/system/multi-user.target.wants").exists(), "it is not enabled");
    let settings = root.join("etc/idem/idem.env");
    let mode = std::fs::metadata(root.join("etc/idem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    std::fs::write(&settings, "IDEM_LOG=info\n").unwrap();
    package.dpkg(&install);
    package.dpkg(&["--remove", "idem"]);
    assert!(!root.join("usr/bin/idem").exists());
    package.dpkg(&["--purge", "idem"]);
    assert!(settings.is_file(), "settings and secrets are never deleted");
    std::fs::remove_file(settings).unwrap();
    package.dpkg(&install);
    package.dpkg(&["--purge", "idem"]);
    assert!(!root.join("etc/idem").exists());
}
