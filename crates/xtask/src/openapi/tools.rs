//! Installs the tools from npm and PyPI, in the versions and with the digests that are pinned.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

/// What is pinned, and the programs that use the generated clients.
const SOURCES: &str = "crates/xtask/openapi";
/// Where all of it is installed and run.
const FOLDER: &str = "target/tools/openapi";
/// The files that a new version of the tools changes.
const PINNED: [&str; 2] = ["requirements.txt", "package-lock.json"];
/// The folder of the packages from PyPI, within the other one.
const PYTHON: &str = "python";

pub(super) struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Installs what is missing. The inner error is the reason why it is not available here.
    pub(super) fn install(root: &Path) -> io::Result<Result<Self, &'static str>> {
        let tools = Self::in_folder(&root.join(FOLDER));
        let is_installed = tools.is_installed(root)?;
        fs::create_dir_all(&tools.folder)?;
        for entry in fs::read_dir(root.join(SOURCES))? {
            let entry = entry?;
            // What was pinned is copied last, when it is installed: a half-done installation is done again.
            if entry.file_type()?.is_file() && !PINNED.iter().any(|it| entry.file_name() == *it) {
                fs::copy(entry.path(), tools.folder.join(entry.file_name()))?;
            }
        }
        if is_installed {
            return Ok(Ok(tools));
        }
        if !succeeds(Command::new("node").arg("--version"))?
            || !succeeds(Command::new("npm").arg("--version"))?
        {
            return Ok(Err("there is no node with npm"));
        }
        if !succeeds(Command::new("python3").args(["-m", "pip", "--version"]))? {
            return Ok(Err("there is no python3 with pip"));
        }
        writeln!(io::stdout(), "Installing the tools that try the description into {FOLDER}.")?;
        if !succeeds(&mut tools.pip_command(root))? {
            return Ok(Err("pip cannot install them"));
        }
        // npm compares every package with the digest in the file.
        fs::copy(root.join(SOURCES).join("package-lock.json"), tools.folder.join("package-lock.json"))?;
        if !succeeds(&mut tools.npm_command())? {
            return Ok(Err("npm cannot install them"));
        }
        fs::copy(root.join(SOURCES).join("requirements.txt"), tools.folder.join("requirements.txt"))?;
        Ok(Ok(tools))
    }

    /// The tools in a folder where they are, or are going to be.
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The folder in which every program runs.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn node_program(&self, name: &str, args: &[&str]) -> Command {
        // By its absolute path: a relative one would be looked for in the folder of this process.
        self.command(&self.folder.join("node_modules/.bin").join(name).to_string_lossy(), args)
    }

    pub(super) fn node(&self, args: &[&str]) -> Command {
        self.command("node", args)
    }

    pub(super) fn python_program(&self, name: &str, args: &[&str]) -> Command {
        let path = self.folder.join(PYTHON).join("bin").join(name);
        let mut command = self.python(&[]);
        command.arg(path).args(args);
        command
    }

    pub(super) fn python(&self, args: &[&str]) -> Command {
        let mut command = self.command("python3", args);
        command.env("PYTHONPATH", self.folder.join(PYTHON)).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// The same with the modules of one more folder.
    pub(super) fn python_with(&self, folder: &Path, args: &[&str]) -> Command {
        let mut command = self.python(args);
        let paths = env::join_paths([&self.folder.join(PYTHON), folder]);
        // Only a colon in a path cannot be joined; then the modules are not found, and the program says so.
        command.env("PYTHONPATH", paths.unwrap_or_default());
        command
    }

    /// The runner of Python's tests, without the plugins that other tools bring.
    pub(super) fn pytest(&self, folder: &Path, args: &[&str]) -> Command {
        // By its file: as a module it would look for modules in the folder of the tools first.
        let program = self.folder.join(PYTHON).join("bin/pytest");
        let mut command = self.python_with(folder, &[&program.to_string_lossy()]);
        command.args(args).env("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1");
        command
    }

    /// Whether there is a Java, which OpenAPI Generator needs.
    pub(super) fn has_java(&self) -> bool {
        succeeds(Command::new("java").arg("-version")).unwrap_or(false)
    }

    fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        // None of them asks for a newer version of itself, or reports what it did.
        command
            .args(args)
            .current_dir(&self.folder)
            .env("REDOCLY_TELEMETRY", "off")
            .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
        command
    }

    fn pip_command(&self, root: &Path) -> Command {
        let mut pip = Command::new("python3");
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--root-user-action=ignore",
        ])
        .args(["--no-deps", "--require-hashes", "--only-binary=:all:", "--upgrade", "--target"])
        .arg(self.folder.join(PYTHON))
        .arg("--requirement")
        .arg(root.join(SOURCES).join("requirements.txt"));
        pip
    }

    fn npm_command(&self) -> Command {
        self.command("npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
    }

    /// Whether what is pinned now is what was installed.
    fn is_installed(&self, root: &Path) -> io::Result<bool> {
        for name in PINNED {
            let pinned = fs::read(root.join(SOURCES).join(name))?;
            if fs::read(self.folder.join(name)).ok() != Some(pinned) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Runs a command without its output: a program that is not there does not succeed.
fn succeeds(command: &mut Command) -> io::Result<bool> {
    match command.stdout(Stdio::null()).stderr(Stdio::null()).status() {
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
        let tools = Tools::in_folder(Path::new("/tools"));
        let pip = format!("{:?}", tools.pip_command(Path::new("/root-of-the-workspace")));
        assert!(pip.contains("--require-hashes") && pip.contains("--no-deps"), "{pip}");
        let pinned = include_str!("../../openapi/requirements.txt");
        let versions = pinned.lines().filter(|it| it.contains("==")).count();
        assert!(versions > 20 && pinned.matches("--hash=sha256:").count() >= versions);
        let npm = format!("{:?}", tools.npm_command());
        assert!(npm.contains("\"ci\"") && npm.contains("--ignore-scripts"), "{npm}");
        let locked = include_str!("../../openapi/package-lock.json");
        assert_eq!(
            locked.matches("    \"node_modules/").count(),
            locked.matches("\"integrity\": \"sha512-").count()
        );
    }
}
