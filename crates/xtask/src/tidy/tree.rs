//! The files that are checked, in memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

/// The prefix of the paths of vendored files, which are stored unchanged: our rules do not apply to their text.
const VENDORED: &str = "crates/api/assets/swagger-ui/swagger-ui";

/// Every file by its path from the root, with `/` between folders. One that is not UTF-8, or is vendored, has no
/// text.
pub(super) struct FileTree(BTreeMap<String, Option<String>>);

impl FileTree {
    /// The files that git tracks in `root`, and new ones that it does not ignore.
    pub(super) fn from_repository(root: &Path) -> io::Result<Self> {
        // Without this setting git refuses a clone that belongs to another user, as in a container that
        // mounts one.
        let git = Command::new("git")
            .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()?;
        if !git.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&git.stderr).into_owned()));
        }
        let paths = String::from_utf8_lossy(&git.stdout);
        Ok(Self::read_files(root, paths.split_terminator('\0')))
    }

    /// Reads the files. One that cannot be read is left out, because git still lists a file that was just
    /// deleted.
    fn read_files<'a>(root: &Path, paths: impl Iterator<Item = &'a str>) -> Self {
        let read = |path: &str| {
            let text = String::from_utf8(fs::read(root.join(path)).ok()?).ok();
            Some((path.to_owned(), text.filter(|_| !path.starts_with(VENDORED))))
        };
        Self(paths.filter_map(read).collect())
    }

    /// A made-up tree.
    #[cfg(test)]
    pub(super) fn from_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(files.into_iter().map(|(path, text)| (path.into(), Some(text.into()))).collect())
    }

    /// The number of files.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Every file that is text: its path and the text.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// The texts in `folder`, whose name ends with a slash, and below.
    pub(super) fn texts_in(&self, folder: &str) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(move |(path, _)| path.starts_with(folder))
    }

    /// The Rust sources of every crate.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts_in("crates/").filter(|(path, _)| path.ends_with(".rs"))
    }

    /// The text of one file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path)?.as_deref()
    }

    /// Whether there is such a file, or a folder with files in it.
    pub(super) fn contains_path(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let within = |file: &String| file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        path.is_empty() || self.0.contains_key(path) || self.0.keys().any(within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_text_is_held_without_one_and_what_is_gone_is_left_out() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("docs")).unwrap();
        fs::write(root.path().join("docs/a.md"), "text").unwrap();
        fs::write(root.path().join("docs/b.png"), [0xff, 0xfe]).unwrap();
        let tree = FileTree::read_files(root.path(), ["docs/a.md", "docs/b.png", "docs/gone.md"].into_iter());
        assert_eq!(tree.texts().collect::<Vec<_>>(), [("docs/a.md", "text")]);
        assert!(tree.contains_path("docs/b.png"));
        assert!(!tree.contains_path("docs/gone.md"));
    }

    #[test]
    fn a_vendored_file_is_held_without_its_text() {
        let root = tempfile::tempdir().unwrap();
        let path = format!("{VENDORED}.css");
        fs::create_dir_all(root.path().join(&path).parent().unwrap()).unwrap();
        fs::write(root.path().join(&path), "text").unwrap();
        let tree = FileTree::read_files(root.path(), [path.as_str()].into_iter());
        assert!(tree.contains_path(&path) && tree.texts().next().is_none());
    }

    #[test]
    fn a_folder_is_held_by_its_whole_name() {
        let tree = FileTree::from_files([("docs/adr/0001.md", "")]);
        assert!(tree.contains_path("docs/adr/") && tree.contains_path("docs"));
        assert!(!tree.contains_path("docs/ad"));
    }
}
