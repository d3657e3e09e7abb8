//! The commit that is checked out, read from git's own files. No program is run, and a source without git has no commit.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// How many characters of a commit are shown.
const SHOWN_CHARS: usize = 12;
/// Fewest characters of a commit in full: SHA-1 in hexadecimal.
const CHARS_MIN: usize = 40;

/// The commit that is checked out in the repository at `root`, shortened, and the files that it was read from. `None`
/// if there is no repository, or its references are kept in another way than in files.
pub(crate) fn find_commit(root: &Path) -> Option<(String, Vec<PathBuf>)> {
    let folder = find_git_folder(root)?;
    let head_file = folder.join("HEAD");
    let head = fs::read_to_string(&head_file).ok()?;
    let Some(reference) = head.trim().strip_prefix("ref: ") else {
        return Some((shorten_commit(&head)?, vec![head_file]));
    };
    // The branches of a linked worktree are kept with those of its repository.
    let common = fs::read_to_string(folder.join("commondir"));
    let common = common.map_or_else(|_| folder.clone(), |it| folder.join(it.trim()));
    let (loose, packed) = (common.join(reference), common.join("packed-refs"));
    let commit = fs::read_to_string(&loose).ok().or_else(|| find_packed(&packed, reference))?;
    let files = [head_file, loose, packed].into_iter().filter(|it| it.exists());
    Some((shorten_commit(&commit)?, files.collect()))
}

/// The folder of the repository, which a linked worktree only names.
fn find_git_folder(root: &Path) -> Option<PathBuf> {
    let git = root.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = fs::read_to_string(git).ok()?;
    Some(root.join(text.trim().strip_prefix("gitdir: ")?))
}

/// The commit of a reference that git has packed with others into one file.
fn find_packed(file: &Path, reference: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let mut pairs = text.lines().filter_map(|it| it.split_once(' '));
    pairs.find(|(_, name)| *name == reference).map(|(commit, _)| commit.to_owned())
}

/// The beginning of a commit; `None` for any other text, so that nothing else gets into the program.
fn shorten_commit(commit: &str) -> Option<String> {
    let commit = commit.trim();
    let is_commit = commit.len() >= CHARS_MIN && commit.bytes().all(|it| it.is_ascii_hexdigit());
    is_commit.then(|| commit.chars().take(SHOWN_CHARS).collect())
}
