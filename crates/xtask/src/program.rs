//! The service's program, for the tools that run it.

use std::path::{Path, PathBuf};
use std::{env, io};

use crate::cargo;

/// A program that was built.
#[derive(Debug, Clone)]
pub(crate) struct Program(PathBuf);

impl Program {
    /// Builds the service alone. `None` if it does not compile, which cargo has printed.
    pub(crate) fn build(root: &Path) -> io::Result<Option<Self>> {
        Self::after(root, &["build", "--quiet", "--package", "api"])
    }

    /// Builds it together with every test. Alone it has other features of its dependencies, so that a run of both would
    /// compile much twice.
    pub(crate) fn build_with_tests(root: &Path) -> io::Result<Option<Self>> {
        Self::after(root, &["test", "--workspace", "--no-run", "--quiet"])
    }

    fn after(root: &Path, build: &[&str]) -> io::Result<Option<Self>> {
        // This tool lies beside it, also where `CARGO_TARGET_DIR` names another folder.
        let path = env::current_exe()?.with_file_name("api");
        Ok(cargo::run(root, build)?.then_some(Self(path)))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}
