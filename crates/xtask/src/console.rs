//! Builds the operators' console from its sources, compares the result with the committed files, and tests it in
//! Chromium against the program.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::program::Program;
use crate::programs;

/// The folder of the sources.
const FOLDER: &str = "crates/console";
/// The folder of the built files in it.
const BUILT: &str = "dist";
/// The first release of Node that the build runs on, as major and minor number.
const NODE_MIN: (u32, u32) = (20, 19);
/// `required` makes a missing program a fault of `cargo xtask test`, too.
const VARIABLE: &str = "IDEM_CONSOLE_TESTS";

/// What a missing Node, registry or Chromium means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The tests of the console are skipped, and the output says so.
    Skip,
    /// The command fails.
    Fault,
}

impl Missing {
    /// What the environment asks for; [`Missing::Skip`] unless it says `required`.
    pub(crate) fn from_environment() -> Self {
        if env::var_os(VARIABLE).is_some_and(|it| it == "required") { Self::Fault } else { Self::Skip }
    }

    /// Says what is missing; the result of the command.
    fn report(self, what: &str) -> io::Result<bool> {
        let passed = match self {
            Self::Skip => true,
            Self::Fault => false,
        };
        writeln!(io::stdout(), "SKIPPED: the tests of the console: {what}")?;
        Ok(passed)
    }
}

/// Builds, compares and tests the console. False if a step failed; its output says why.
pub(crate) fn run(root: &Path, missing: Missing, program: &Program) -> io::Result<bool> {
    let folder = root.join(FOLDER);
    if node_version()?.is_none_or(|it| it < NODE_MIN) {
        let (major, minor) = NODE_MIN;
        return missing.report(&format!("they need Node {major}.{minor} or newer"));
    }
    if !programs::ensure_chromium()? {
        return missing.report("they need Chromium");
    }
    if !npm(&folder, &["ci", "--no-audit", "--no-fund"])? {
        return missing.report("npm could not install what the lock file names");
    }
    Ok(build_and_compare(&folder)?
        && npm(&folder, &["run", "unit"])?
        && npm_with(&folder, &["run", "browser"], program)?)
}

/// Builds into another folder, so that the committed files stay as they are, and compares the two.
fn build_and_compare(folder: &Path) -> io::Result<bool> {
    let fresh = folder.join("target").join(BUILT);
    let target = fresh.to_string_lossy().into_owned();
    if !npm(folder, &["run", "build", "--", "--outDir", &target])? {
        return Ok(false);
    }
    let differing = differing_files(&folder.join(BUILT), &fresh)?;
    for file in &differing {
        writeln!(io::stdout(), "{FOLDER}/{BUILT}/{file} is not what its sources give.")?;
    }
    if !differing.is_empty() {
        writeln!(io::stdout(), "Please run `npm run build` in {FOLDER} and commit the result.")?;
    }
    Ok(differing.is_empty())
}

/// The files that are in one folder only, or differ, sorted; paths with `/` from the folder.
fn differing_files(committed: &Path, fresh: &Path) -> io::Result<Vec<String>> {
    let (mut names, others) = (list_files(committed)?, list_files(fresh)?);
    names.extend(others);
    names.sort();
    names.dedup();
    let content = |folder: &Path, name: &PathBuf| fs::read(folder.join(name)).ok();
    names.retain(|name| content(committed, name) != content(fresh, name));
    Ok(names.iter().map(|it| it.to_string_lossy().replace('\\', "/")).collect())
}

/// Every file below a folder, by its path from there.
fn list_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(part) = folders.pop() {
        for entry in fs::read_dir(folder.join(&part))? {
            let entry = entry?;
            let path = part.join(entry.file_name());
            if entry.file_type()?.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    Ok(files)
}

/// The release of the Node that is installed, as major and minor number.
fn node_version() -> io::Result<Option<(u32, u32)>> {
    match Command::new("node").arg("--version").stderr(Stdio::null()).output() {
        Ok(output) => Ok(parse_version(&String::from_utf8_lossy(&output.stdout))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads `v20.19.1`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.').map_while(|it| it.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

fn npm(folder: &Path, arguments: &[&str]) -> io::Result<bool> {
    run_npm(Command::new("npm").args(arguments).current_dir(folder), arguments)
}

/// The same for scripts that run the service.
fn npm_with(folder: &Path, arguments: &[&str], program: &Program) -> io::Result<bool> {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(folder).env("IDEM_PROGRAM", program.path());
    run_npm(&mut command, arguments)
}

fn run_npm(command: &mut Command, arguments: &[&str]) -> io::Result<bool> {
    writeln!(io::stdout(), "$ npm {}", arguments.join(" "))?;
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
    fn an_old_node_is_not_used() {
        assert_eq!(parse_version("v20.19.1\n"), Some((20, 19)));
        assert!(parse_version("v18.20.4").unwrap() < NODE_MIN);
        assert!(parse_version("v22.1.0").unwrap() >= NODE_MIN);
        assert_eq!(parse_version("no version"), None);
    }

    #[test]
    fn a_file_that_differs_or_is_missing_is_named() {
        let folder = env::temp_dir().join(format!("xtask-console-{}", std::process::id()));
        let (committed, fresh) = (folder.join("committed"), folder.join("fresh"));
        for (place, files) in [
            (&committed, [("assets/same.js", "1"), ("assets/changed.css", "1"), ("gone.html", "1")]),
            (&fresh, [("assets/same.js", "1"), ("assets/changed.css", "2"), ("new.svg", "1")]),
        ] {
            fs::create_dir_all(place.join("assets")).unwrap();
            for (name, text) in files {
                fs::write(place.join(name), text).unwrap();
            }
        }
        let differing = differing_files(&committed, &fresh).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(differing, ["assets/changed.css", "gone.html", "new.svg"]);
    }
}
