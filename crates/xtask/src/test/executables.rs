//! The test programs that cargo has built.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::cargo;

/// A test program, as cargo describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TestProgram {
    /// The crate and the target, such as `api tests/servers`.
    pub(super) name: String,
    path: PathBuf,
    /// The crate's folder, in which cargo runs its tests.
    folder: PathBuf,
}

impl TestProgram {
    /// The command that runs all its tests.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder);
        command
    }
}

/// Builds every test of the workspace, and the programs that tests start. `None` if something does not compile, which cargo
/// has printed.
///
/// # Errors
/// When cargo cannot be started, or its output is not what its documentation says.
pub(super) fn build_tests(root: &Path) -> io::Result<Option<Vec<TestProgram>>> {
    let args = ["test", "--workspace", "--no-run", "--quiet", "--message-format=json-render-diagnostics"];
    let mut command = cargo::cargo_command(root);
    let mut child = command.args(args).stdout(Stdio::piped()).spawn()?;
    let mut programs = Vec::new();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            programs.extend(parse_artifact(&line?)?);
        }
    }
    Ok(child.wait()?.success().then_some(programs))
}

/// The test program that a line of cargo's messages is about; `None` if it is about anything else.
fn parse_artifact(line: &str) -> io::Result<Option<TestProgram>> {
    let message: Value = serde_json::from_str(line)?;
    let text = |place: &str| message.pointer(place).and_then(Value::as_str);
    if message.pointer("/profile/test") != Some(&Value::Bool(true)) {
        return Ok(None);
    }
    let (Some(path), Some(manifest), Some(target), Some(kind)) =
        (text("/executable"), text("/manifest_path"), text("/target/name"), text("/target/kind/0"))
    else {
        return Ok(None);
    };
    let folder = Path::new(manifest).parent().unwrap_or(Path::new("/")).to_owned();
    let of = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = if kind == "test" { format!("{of} tests/{target}") } else { format!("{of} {kind}") };
    Ok(Some(TestProgram { name, path: path.into(), folder }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(kind: &str, is_test: bool, executable: &str) -> String {
        format!(
            r#"{{"reason":"compiler-artifact","manifest_path":"/w/crates/api/Cargo.toml",
                "target":{{"kind":["{kind}"],"name":"servers"}},"profile":{{"test":{is_test}}},
                "executable":{executable}}}"#
        )
    }

    #[test]
    fn only_test_programs_are_run_each_in_the_folder_of_its_crate() {
        let found = parse_artifact(&artifact("test", true, r#""/w/target/servers-1""#)).unwrap().unwrap();
        assert_eq!((found.name.as_str(), found.folder), ("api tests/servers", "/w/crates/api".into()));
        let unit = parse_artifact(&artifact("lib", true, r#""/w/target/api-1""#)).unwrap().unwrap();
        assert_eq!(unit.name, "api lib");
        for other in [
            artifact("bin", false, r#""/w/target/api""#),
            artifact("lib", true, "null"),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ] {
            assert_eq!(parse_artifact(&other).unwrap(), None, "{other}");
        }
        assert!(parse_artifact("no message").is_err());
    }
}
