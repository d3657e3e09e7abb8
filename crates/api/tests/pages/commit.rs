//! The commit that a release says it was built from.

#[path = "../../build/commit.rs"]
mod build_commit;

use std::{fs, path::Path};

use build_commit::find_commit;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const SHORT: &str = "0123456789ab";

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    folder
}

fn found(root: &Path) -> Option<String> {
    find_commit(root).map(|(commit, files)| {
        // Cargo builds again whenever a file that it watches is missing.
        assert!(!files.is_empty() && files.iter().all(|it| it.is_file()), "{files:?}");
        commit
    })
}

#[test]
fn the_commit_that_is_checked_out_is_found_however_git_keeps_it() {
    let line = format!("{COMMIT}\n");
    let packed =
        format!("# pack-refs with: peeled\n{} refs/heads/other\n{COMMIT} refs/heads/a/b\n", "f".repeat(40));
    for files in [
        &[(".git/HEAD", line.as_str())][..],
        &[(".git/HEAD", "ref: refs/heads/a/b\n"), (".git/refs/heads/a/b", &line)],
        &[(".git/HEAD", "ref: refs/heads/a/b\n"), (".git/packed-refs", &packed)],
        &[
            (".git", "gitdir: main/.git/worktrees/one\n"),
            ("main/.git/worktrees/one/HEAD", "ref: refs/heads/a/b\n"),
            ("main/.git/worktrees/one/commondir", "../..\n"),
            ("main/.git/refs/heads/a/b", &line),
        ],
    ] {
        let root = folder(files);
        assert_eq!(found(root.path()).as_deref(), Some(SHORT), "{files:?}");
    }
}

#[test]
fn a_source_without_git_has_no_commit_and_builds_all_the_same() {
    for files in [
        &[("README.md", "packaged")][..],
        &[(".git/HEAD", "ref: refs/heads/.invalid\n")],
        &[(".git/HEAD", "ref: refs/heads/main\n"), (".git/refs/heads/main", "cargo:rustc-link-arg=x\n")],
        &[(".git/HEAD", "\n")],
        &[(".git", "elsewhere")],
    ] {
        assert_eq!(found(folder(files).path()), None, "{files:?}");
    }
}
