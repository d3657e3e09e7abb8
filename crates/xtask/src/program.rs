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
        let is_built = cargo::run(root, &["build", "--quiet", "--package", "api"])?;
        is_built.then(Self::beside_this).transpose()
    }

    /// The one that was built last. This tool lies beside it, also where `CARGO_TARGET_DIR` names another folder.
    pub(crate) fn beside_this() -> io::Result<Self> {
        Ok(Self(env::current_exe()?.with_file_name("api")))
    }

    /// The one at that path, which exists.
    pub(crate) fn at(path: &str) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}
