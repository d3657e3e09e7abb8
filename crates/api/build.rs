//! Sets `BUILD_COMMIT` for the compiler: as it is in the environment, otherwise in a release the commit that is checked
//! out, otherwise `unknown`. It never fails.

#[path = "build/commit.rs"]
mod commit;

use std::{env, path::Path};

/// The root of the repository.
const ROOT: &str = "../..";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build/commit.rs");
    println!("cargo:rerun-if-env-changed=BUILD_COMMIT");
    let given = env::var("BUILD_COMMIT").ok().filter(|it| is_one_word(it));
    let commit = given.or_else(|| {
        // Not in other builds: each commit would compile the crate again.
        let is_release = env::var("PROFILE").is_ok_and(|it| it == "release");
        let (commit, files) = is_release.then(|| commit::find_commit(Path::new(ROOT)))??;
        for file in files {
            println!("cargo:rerun-if-changed={}", file.display());
        }
        Some(commit)
    });
    println!("cargo:rustc-env=BUILD_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
}

/// Whether it can stand in a line for cargo and in a label of a metric.
fn is_one_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_graphic())
}
