//! The Debian package, which `deploy/debian/build` makes.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::{ROOT, directive, print_skipped, read};

/// Where the package puts the program, and where an administrator finds it.
const PROGRAM: &str = "usr/bin/idem";

#[test]
fn the_changelog_of_the_package_begins_with_this_version() {
    let changelog = read("deploy/debian/changelog");
    assert!(changelog.starts_with(&format!("idem ({}-1) ", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn the_unit_starts_the_program_where_the_package_puts_it() {
    let unit = read("deploy/idem.service");
    let name = directive(&unit, "ExecStart=").split(' ').next().unwrap();
    assert_eq!(PROGRAM, format!("usr/bin/{name}"), "systemd looks for a bare name there");
    assert!(read("deploy/debian/build").contains(&format!("\"$root/{PROGRAM}\"")));
}

#[test]
fn an_installation_starts_nothing_and_its_scripts_are_sound() {
    let scripts = ["build", "postinst", "prerm", "postrm"].map(|name| {
        let script = format!("deploy/debian/{name}");
        let checked = Command::new("sh").arg("-n").arg(Path::new(ROOT).join(&script)).status().unwrap();
        assert!(checked.success(), "{script}");
        read(&script)
    });
    for command in ["enable", " start "] {
        assert!(
            scripts
                .iter()
                .flat_map(|it| it.lines())
                .all(|it| it.trim_start().starts_with('#') || !it.contains(command))
        );
    }
    let unit = read("deploy/idem.service");
    let file = directive(&unit, "EnvironmentFile=-");
    let folder = Path::new(file).parent().unwrap().to_str().unwrap();
    assert!(scripts[1].contains(&format!("install -d -m 700 \"$DPKG_ROOT{folder}\"")), "{folder}");
}

#[test]
fn a_package_without_the_name_of_its_maintainer_is_not_built() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("idem.deb");
    for (name, mail) in [("", ""), ("Ada", ""), ("", "ada@example.com")] {
        let mut build = build_command(&file);
        let output = build.env("DEBFULLNAME", name).env("DEBEMAIL", mail).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains("DEBEMAIL=<address>"), "{said}");
        assert!(!file.exists());
    }
}

/// The command that makes the package of the program under test.
fn build_command(package: &Path) -> Command {
    let mut command = Command::new(Path::new(ROOT).join("deploy/debian/build"));
    command.arg(env!("CARGO_BIN_EXE_api")).arg(package);
    command
}

/// The package, built from the program under test as it is built from a release.
struct Package {
    folder: TempDir,
}

impl Package {
    /// `None`, with a line that says so, where a tool is missing.
    fn build() -> Option<Self> {
        let has = |program: &&str| Command::new(program).arg("--version").output().is_ok();
        if let Some(missing) = ["dpkg", "dpkg-shlibdeps", "strip"].into_iter().find(|it| !has(it)) {
            print_skipped(&format!("there is no {missing}"));
            return None;
        }
        let package = Self { folder: tempfile::tempdir().unwrap() };
        let mut build = build_command(&package.file());
        build.env("DEBFULLNAME", "Ada Example").env("DEBEMAIL", "ada@example.com");
        // By the default a program of `dev` takes a minute to compress.
        run(build.env("DPKG_DEB_COMPRESSOR_TYPE", "gzip").env("DPKG_DEB_COMPRESSOR_LEVEL", "1"));
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
    // There is no bug that an upload could close, and `--help` is the manual.
    let accepted = "initial-upload-closes-no-bugs,no-manual-page";
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
    let field = |name: &str| run(Command::new("dpkg-deb").arg("--field").arg(&file).arg(name));
    assert_eq!(field("Maintainer"), "Ada Example <ada@example.com>\n");
    assert_eq!(field("Version"), format!("{}-1\n", env!("CARGO_PKG_VERSION")));
    let libraries = field("Depends");
    let of_c = |it: &str| it.starts_with("libc6 (>= ") || it.starts_with("libgcc-s1 (>= ");
    assert!(libraries.trim().split(", ").all(of_c), "nothing but the library of C: {libraries}");
    let install = ["--install", file.to_str().unwrap()];
    package.dpkg(&install);
    assert!(run(Command::new(root.join(PROGRAM)).arg("--version")).contains(env!("CARGO_PKG_VERSION")));
    assert!(root.join("usr/lib/systemd/system/idem.service").is_file());
    assert!(!root.join("etc/systemd/system/multi-user.target.wants").exists(), "it is not enabled");
    let settings = root.join("etc/idem/idem.env");
    let mode = std::fs::metadata(root.join("etc/idem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    std::fs::write(&settings, "IDEM_LOG=info\n").unwrap();
    package.dpkg(&install);
    package.dpkg(&["--remove", "idem"]);
    assert!(!root.join(PROGRAM).exists());
    package.dpkg(&["--purge", "idem"]);
    assert!(settings.is_file(), "settings and secrets are never deleted");
    std::fs::remove_file(settings).unwrap();
    package.dpkg(&install);
    package.dpkg(&["--purge", "idem"]);
    assert!(!root.join("etc/idem").exists());
}
