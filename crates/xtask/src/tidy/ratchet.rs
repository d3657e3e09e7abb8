//! What there is too much of is counted, and the count only goes down.
//!
//! Names and docs cannot be put right by a rule in one day. So that they do not get worse meanwhile, `ratchet.toml` beside
//! this file says how many there may be. More is a fault; fewer is one as well, until the number is lowered: what was
//! gained is not lost again. `cargo xtask tidy --list` says where each of them is.

use std::cmp::Ordering;

use toml::de::DeTable;

use super::product::{Line, indentation, product_sources};
use super::{Fault, FileTree, line_at};

const NUMBERS: &str = "crates/xtask/src/tidy/ratchet.toml";
/// A doc comment of fewer words says nothing that the name does not.
const DOC_WORDS_MIN: usize = 3;
/// Names that a trait or a custom of Rust gives.
const CUSTOM: &[&str] = &[
    "call", "clone", "default", "deref", "drop", "eq", "fmt", "from", "get", "hash", "into", "len", "main",
    "new", "next", "poll", "run",
];

/// Something that is counted.
struct Count {
    /// Its key in the file of numbers.
    key: &'static str,
    /// What is counted, as the end of "there are 3 …".
    what: &'static str,
    find: fn(&[Line<'_>]) -> Vec<usize>,
}

const COUNTS: &[Count] = &[
    Count { key: "thin_doc_comments", what: "doc comments of one or two words", find: thin_doc_comments },
    Count {
        key: "one_word_private_functions",
        what: "private functions whose name is one word",
        find: one_word_private_functions,
    },
];

pub(super) fn check(tree: &FileTree) -> Vec<Fault> {
    let Some(text) = tree.text(NUMBERS) else {
        return vec![Fault::new(NUMBERS, 1, "there are no numbers to count against")];
    };
    match DeTable::parse(text) {
        Ok(numbers) => {
            COUNTS.iter().filter_map(|count| compare(tree, count, text, numbers.get_ref())).collect()
        }
        Err(error) => vec![Fault::new(NUMBERS, 1, error.message())],
    }
}

/// Every place that is counted, as a fault.
pub(super) fn list(tree: &FileTree) -> Vec<Fault> {
    COUNTS.iter().flat_map(|count| places(tree, count)).collect()
}

fn places(tree: &FileTree, count: &Count) -> Vec<Fault> {
    let sources = product_sources(tree);
    let faults = |(path, lines): (&str, Vec<Line<'_>>)| {
        let lines = (count.find)(&lines).into_iter();
        lines.map(|line| Fault::new(path, line, count.what)).collect::<Vec<_>>()
    };
    sources.flat_map(faults).collect()
}

fn compare(tree: &FileTree, count: &Count, text: &str, numbers: &DeTable<'_>) -> Option<Fault> {
    let number = numbers.get(count.key);
    let limit = number.and_then(|it| it.get_ref().as_integer()?.as_str().parse::<usize>().ok());
    let (Some(number), Some(limit)) = (number, limit) else {
        return Some(Fault::new(NUMBERS, 1, format!("there is no number `{}`", count.key)));
    };
    let found = places(tree, count).len();
    let what = match found.cmp(&limit) {
        Ordering::Equal => return None,
        Ordering::Greater => {
            format!(
                "there are {found} {}, {limit} is the limit: `cargo xtask tidy --list` says where",
                count.what
            )
        }
        Ordering::Less => {
            format!("there are only {found} {} left: lower the number to {found}", count.what)
        }
    };
    Some(Fault::new(NUMBERS, line_at(text, number.span().start), what))
}

/// The lines in which the doc comments begin that have too few words.
fn thin_doc_comments(lines: &[Line<'_>]) -> Vec<usize> {
    let mut thin = Vec::new();
    let mut rest = lines.iter();
    while let Some((number, line)) = rest.next() {
        let Some(first) = doc_text(line) else { continue };
        // Taking the line after a comment is no loss: it is not a comment.
        let more = rest.by_ref().map_while(|(_, line)| doc_text(line)).map(words).sum::<usize>();
        if words(first) + more < DOC_WORDS_MIN {
            thin.push(*number);
        }
    }
    thin
}

fn doc_text(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("///")
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// The lines of functions without `pub`, but for those whose name a trait gives.
fn one_word_private_functions(lines: &[Line<'_>]) -> Vec<usize> {
    let mut found = Vec::new();
    // The first words of a block while they go on, and the indentation of the trait, or of its implementation, that the
    // lines are in.
    let (mut header, mut within_trait) = (None, None);
    for (number, line) in lines {
        let (code, indent) = (line.trim_start(), indentation(line));
        if let Some(outer) = within_trait {
            within_trait = (indent != outer || !code.starts_with('}')).then_some(outer);
            continue;
        }
        if header.is_none() && opens_block(code) {
            header = Some((indent, String::new()));
        }
        if let Some((outer, mut words)) = header.take() {
            words.push_str(code);
            words.push(' ');
            if code.ends_with('{') {
                within_trait = is_of_trait(&words).then_some(outer);
            } else if !code.ends_with(['}', ';']) {
                header = Some((outer, words));
            }
        } else if private_function(code).is_some_and(is_one_word) {
            found.push(*number);
        }
    }
    found
}

/// The code without what says who sees it and how it is run.
fn without_modifiers(mut code: &str) -> &str {
    while let Some(rest) = ["pub ", "pub(crate) ", "pub(super) ", "const ", "async ", "unsafe "]
        .iter()
        .find_map(|modifier| code.strip_prefix(modifier))
    {
        code = rest;
    }
    code
}

fn opens_block(code: &str) -> bool {
    let code = without_modifiers(code);
    ["impl ", "impl<", "trait "].iter().any(|keyword| code.starts_with(keyword))
}

fn is_of_trait(header: &str) -> bool {
    without_modifiers(header).starts_with("trait ") || header.contains(" for ")
}

/// The name of the function that begins here, unless it is seen elsewhere.
fn private_function(code: &str) -> Option<&str> {
    let name = without_modifiers(code).strip_prefix("fn ").filter(|_| !code.starts_with("pub"))?;
    name.split(|char: char| !char.is_alphanumeric() && char != '_').next()
}

fn is_one_word(name: &str) -> bool {
    !name.is_empty() && !name.contains('_') && !CUSTOM.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "crates/domain/src/money.rs";

    fn of(numbers: &str, source: &str) -> Vec<String> {
        let tree = FileTree::from_files([(NUMBERS, numbers), (SOURCE, source)]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    fn listed(source: &str) -> Vec<(usize, String)> {
        list(&FileTree::from_files([(SOURCE, source)])).into_iter().map(|it| (it.line, it.what)).collect()
    }

    fn lines(source: &str) -> Vec<usize> {
        listed(source).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn the_number_is_neither_passed_nor_left_behind() {
        let numbers = |docs: u8, names: u8| {
            format!("one_word_private_functions = {names}\nthin_doc_comments = {docs}\n")
        };
        let source = "/// Money.\npub struct Money;\nfn split() {}\nfn join() {}\n";
        assert_eq!(of(&numbers(1, 2), source), [""; 0]);
        assert_eq!(
            of(&numbers(0, 3), source),
            [
                format!(
                    "{NUMBERS}:2: there are 1 doc comments of one or two words, 0 is the limit: \
                     `cargo xtask tidy --list` says where"
                ),
                format!(
                    "{NUMBERS}:1: there are only 2 private functions whose name is one word left: lower the number to 2"
                ),
            ]
        );
    }

    #[test]
    fn a_number_that_is_not_there_is_a_fault() {
        assert_eq!(of("thin_doc_comments = 0\n", "").len(), 1);
        assert_eq!(of("thin_doc_comments\n", "").len(), 1);
        assert_eq!(check(&FileTree::from_files([])).len(), 1);
    }

    #[test]
    fn a_doc_comment_is_as_long_as_all_its_lines() {
        assert_eq!(lines("/// The price.\na: u8,\n/// One\n///\n/// two three.\nb: u8,\n"), [1]);
        assert_eq!(lines("//! Money.\n// A word.\n"), [0_usize; 0]);
    }

    #[test]
    fn only_functions_of_our_own_are_counted() {
        assert_eq!(lines("fn add() {}\nconst fn sum() {}\n    async fn put(&self) {\n    }\n"), [1, 2, 3]);
        assert_eq!(
            lines("fn add_up() {}\npub fn add() {}\npub(crate) fn add() {}\nfn new() {}\n"),
            [0_usize; 0]
        );
        assert_eq!(
            lines(
                "impl<T> Add for\n    Money<T>\n{\n    fn add() {}\n}\nfn sum() {}\nimpl Money {\n    fn cut() {}\n}\n"
            ),
            [6, 8]
        );
        assert_eq!(lines("pub(crate) trait Add {\n    fn add();\n}\nimpl Add for A {}\nfn sum() {}\n"), [5]);
    }

    #[test]
    fn tests_and_tools_are_not_counted() {
        assert_eq!(lines("#[cfg(test)]\nmod tests {\n    /// A.\n    fn of() {}\n}\n"), [0_usize; 0]);
        let tool = ("crates/xtask/src/main.rs", "fn root() {}\n");
        assert_eq!(list(&FileTree::from_files([tool])), []);
    }
}
