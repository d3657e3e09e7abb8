//! What the binary stands on here: a folder.

use std::path::{Path, PathBuf};

/// Nothing but files.
pub(crate) struct Stack;

impl Stack {
    /// There is nothing to start.
    pub(crate) const fn start() -> Self {
        Self
    }

    /// How the binary finds it.
    #[expect(clippy::unused_self, reason = "other stacks have something to tell")]
    pub(crate) fn settings(&self, folder: &Path) -> Vec<(&'static str, String)> {
        vec![("IDEM_DATABASE_URL", format!("sqlite://{}/idem.db", folder.display()))]
    }

    /// Runs SQL on the record behind the binary's back, without the checks of its schema.
    #[expect(clippy::unused_self, reason = "other stacks have something to tell")]
    pub(crate) fn execute(&self, folder: &Path, sql: &str) {
        adapters_sqlite::testing::execute_sql(&folder.join("idem.db"), sql).unwrap();
    }

    /// Where more is kept than in the folder.
    #[expect(clippy::unused_self, reason = "other stacks have something to tell")]
    pub(crate) const fn data(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}
