//! Where each value in force comes from, and the configuration as a file that can be read back.

use std::collections::BTreeMap;

use super::{Config, show};

/// What begins the text of [`Config::to_annotated_toml`].
const HEAD: &str = "\
# The configuration in force, and where each value comes from. `--config FILE` reads
# this text back. A line that begins with # has no value, or one that is not shown.
";

/// Where a value in force comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Default,
    File,
    Environment,
}

/// Where the values come from that were set.
#[derive(Debug, Clone, Default)]
pub(super) struct Origins(BTreeMap<String, Origin>);

impl Origins {
    /// Takes the keys of the file and those of the environment, which wins.
    pub(super) fn new<'k>(
        file: impl IntoIterator<Item = &'k String>,
        environment: impl IntoIterator<Item = &'k String>,
    ) -> Self {
        let of_file = file.into_iter().map(|it| (it.clone(), Origin::File));
        let of_environment = environment.into_iter().map(|it| (it.clone(), Origin::Environment));
        Self(of_file.chain(of_environment).collect())
    }

    fn origin_text(&self, key: &str) -> &'static str {
        match self.0.get(key).copied().unwrap_or(Origin::Default) {
            Origin::Default => "default",
            Origin::File => "file",
            Origin::Environment => "environment",
        }
    }
}

impl Config {
    /// Every key with its value in force and where it comes from, as a TOML file. What is not shown whole is a comment:
    /// secrets, and a database's URL with a login. With these set beside it, the file leads to the same configuration.
    #[must_use]
    pub fn to_annotated_toml(&self) -> String {
        let lines = self.shown_rows().into_iter().map(|(key, value)| {
            let is_whole =
                !show::is_placeholder(&value) && (key != "database_url" || !self.database.has_login());
            let mark = if is_whole { "" } else { "# " };
            format!("{mark}{key} = {value}  # {}\n", self.origins.origin_text(&key))
        });
        std::iter::once(HEAD.to_owned()).chain(lines).collect()
    }
}
