//! What was built: the version and the commit, which the build script finds.

/// The version of the workspace, such as `0.1.0`.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit, or what the builder set as `BUILD_COMMIT`; `unknown` in a build that is no release, and in one of a source
/// without git.
pub(crate) const COMMIT: &str = env!("BUILD_COMMIT");
/// The text of `--version`.
pub(crate) const VERSION_TEXT: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (commit ", env!("BUILD_COMMIT"), ")");
