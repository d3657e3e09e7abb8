//! The Debian package: the metadata in the manifest of `api`, and `deploy/debian`.

use std::{path::Path, process::Command};

use toml::{Table, Value};

use super::{ROOT, directive, read};

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
    let script = Path::new(ROOT).join(CRATE).join(text(&deb, "maintainer-scripts")).join("postinst");
    let content = std::fs::read_to_string(&script).unwrap();
    assert!(content.lines().any(|it| it == "#DEBHELPER#"), "the scripts for the unit have a place");
    assert!(Command::new("sh").arg("-n").arg(&script).status().unwrap().success());
    let unit = read("deploy/idem.service");
    let file = directive(&unit, "EnvironmentFile=-");
    let folder = Path::new(file).parent().unwrap().to_str().unwrap();
    assert!(content.contains(&format!("install -d -m 700 {folder}")), "{folder}");
}

#[test]
fn a_package_that_is_built_has_what_it_should() {
    let has = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let is_built = Path::new(ROOT).join("target/release/api").is_file();
    if !has("cargo-deb") || !has("dpkg-deb") || !is_built {
        println!("SKIPPED: there is no cargo-deb, no dpkg-deb or no release build");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("idem.deb");
    let mut build = Command::new("cargo");
    build
        .args(["deb", "--package", "api", "--no-build", "--no-strip", "--output"])
        .arg(&file)
        .current_dir(ROOT);
    let built = build.output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let listed = Command::new("dpkg-deb").arg("--contents").arg(&file).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for part in ["./usr/bin/idem", "systemd/system/idem.service", "./usr/share/doc/idem/operations.md"] {
        assert!(listed.lines().any(|it| it.ends_with(part)), "{part} in {listed}");
    }
}
