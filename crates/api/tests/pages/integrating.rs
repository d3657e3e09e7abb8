//! The code of `docs/integrating.md` is that of the examples, which other tests run.

/// A text of the repository.
macro_rules! text_of {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../", $path))
    };
}

const PAGE: &str = text_of!("docs/integrating.md");
/// The language of a block, and the example that has its text.
const EXAMPLES: [(&str, &str); 3] = [
    ("rust", text_of!("crates/client/examples/backend/steps.rs")),
    ("typescript", text_of!("crates/client/typescript/examples/backend.ts")),
    ("python", text_of!("crates/client/python/examples/backend.py")),
];
/// Steps of the page; each is shown in every language.
const STEPS: usize = 5;

/// The blocks of code of one language.
fn find_blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    PAGE.match_indices(&fence)
        .map(|(at, fence)| &PAGE[at + fence.len()..])
        .map(|rest| rest.split_once("```").unwrap().0)
        .collect()
}

#[test]
fn every_block_of_the_page_is_text_of_an_example_that_is_run() {
    for (language, example) in EXAMPLES {
        assert!(find_blocks(language).len() >= STEPS, "{language}");
        for block in find_blocks(language) {
            assert!(example.contains(block), "not in the example of {language}:\n{block}");
        }
    }
    let others = PAGE.lines().filter(|it| it.starts_with("```") && it.len() > 3);
    let known = others.filter(|it| EXAMPLES.iter().any(|(language, _)| it[3..] == **language));
    assert_eq!(known.count() * 2, PAGE.lines().filter(|it| it.starts_with("```")).count(), "no other blocks");
}
