//! Programs of Debian packages that were unpacked into a folder, with all libraries that they need.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A folder with programs and libraries. The libraries are newer than those of the machine, so programs are started by the
/// loader beside them.
#[derive(Debug, Clone)]
pub struct UnpackedPrograms {
    root: PathBuf,
    libraries: PathBuf,
    loader: PathBuf,
}

impl UnpackedPrograms {
    /// The programs in a folder into which packages and all that they need were unpacked.
    ///
    /// # Errors
    /// When the folder has no libraries of Debian.
    pub fn find(root: &Path) -> io::Result<Self> {
        let root = root.canonicalize()?;
        let libraries = find_entry(&root.join("usr/lib"), |name| name.ends_with("-linux-gnu"))?;
        let loader = find_entry(&libraries, |name| name.starts_with("ld-linux"))?;
        Ok(Self { root, libraries, loader })
    }

    /// The program that starts the others.
    #[must_use]
    pub fn loader(&self) -> &Path {
        &self.loader
    }

    /// The arguments by which the loader starts a program of the folder. `more` are further folders of libraries.
    #[must_use]
    pub fn arguments(&self, program: &str, more: &[&str]) -> Vec<String> {
        let more = more.iter().map(|it| self.path(it));
        let folders: Vec<_> = std::iter::once(self.libraries.display().to_string()).chain(more).collect();
        vec!["--library-path".to_owned(), folders.join(":"), self.path(program)]
    }

    /// The path of something in the folder.
    pub(crate) fn path(&self, within: &str) -> String {
        self.root.join(within).display().to_string()
    }
}

fn find_entry(folder: &Path, is_wanted: impl Fn(&str) -> bool) -> io::Result<PathBuf> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(&is_wanted) {
            return Ok(entry.path());
        }
    }
    Err(io::Error::new(io::ErrorKind::NotFound, format!("{} has no unpacked packages", folder.display())))
}
