//! Checks that only one file of `api` chooses between adapters.

use super::{Fault, FileTree, numbered_lines};

const API: &str = "crates/api/src/";
/// The files that may name two adapters. The demonstration compares adapters, so it wires them itself.
const MAY_NAME_TWO: &[&str] = &["wiring.rs", "wiring/", "commands/demo.rs", "commands/demo/"];

pub(super) fn check(tree: &FileTree) -> Vec<Fault> {
    tree.texts_in(API)
        .filter(|(path, _)| !is_exempt(path))
        .filter_map(|(path, text)| second_adapter(path, text))
        .collect()
}

fn is_exempt(path: &str) -> bool {
    path.strip_prefix(API).is_some_and(|file| MAY_NAME_TWO.iter().any(|may| file.starts_with(may)))
}

/// A fault at the first line that names a second adapter.
fn second_adapter(path: &str, text: &str) -> Option<Fault> {
    let mut names =
        numbered_lines(text).flat_map(|(line, code)| adapter_names(code).map(move |name| (line, name)));
    let (_, first) = names.next()?;
    let (line, second) = names.find(|(_, name)| *name != first)?;
    Some(Fault::new(path, line, format!("`{second}` beside `{first}`: only wiring.rs names two adapters")))
}

fn adapter_names(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with("adapters_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "use adapters_local::Clock;\nuse adapters_local::Locks;\nuse adapters_sqlite::Store;\n";

    #[test]
    fn two_adapters_outside_the_wiring_are_a_fault() {
        let faults: Vec<_> = check(&FileTree::from_files([("crates/api/src/serve.rs", TWO)]))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            faults,
            [
                "crates/api/src/serve.rs:3: `adapters_sqlite` beside `adapters_local`: only wiring.rs names two adapters"
            ]
        );
    }

    #[test]
    fn the_wiring_the_demonstration_and_one_adapter_are_none() {
        let tree = FileTree::from_files([
            ("crates/api/src/wiring.rs", TWO),
            ("crates/api/src/commands/demo/scene.rs", TWO),
            ("crates/api/src/http/auth.rs", "use adapters_crypto::{Bcrypt, Tokens};"),
        ]);
        assert_eq!(check(&tree), []);
    }
}
