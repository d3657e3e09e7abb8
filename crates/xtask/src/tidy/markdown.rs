//! Finds the links and the shell blocks in a Markdown text.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

use super::line_at;

/// Every link and image, with its line and its target.
pub(super) fn links(text: &str) -> impl Iterator<Item = (usize, String)> {
    opening_tags(text).filter_map(move |(tag, place)| {
        let (Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = tag else { return None };
        Some((line_at(text, place.start), dest_url.into_string()))
    })
}

/// Every fenced block that a reader would paste into a shell, with the line of its fence and its commands.
pub(super) fn shell_blocks(text: &str) -> impl Iterator<Item = (usize, Vec<&str>)> {
    opening_tags(text).filter_map(move |(tag, place)| {
        let Tag::CodeBlock(CodeBlockKind::Fenced(language)) = tag else { return None };
        let line = line_at(text, place.start);
        let lines = text.get(place)?.lines().map(str::trim).skip(1);
        let commands = lines.filter(|line| !line.is_empty() && !line.starts_with(['#', '`', '~'])).collect();
        ["sh", "bash", "shell", "console"].contains(&language.as_ref()).then_some((line, commands))
    })
}

/// Every element, with its range of bytes.
fn opening_tags(text: &str) -> impl Iterator<Item = (Tag<'_>, Range<usize>)> {
    Parser::new(text).into_offset_iter().filter_map(|(event, place)| {
        let Event::Start(tag) = event else { return None };
        Some((tag, place))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_code_are_none() {
        let text = "[a](one.md)\n`[b](two.md)`\n![c][d]\n\n```\n[e](three.md)\n```\n\n[d]: four.png\n";
        assert_eq!(links(text).collect::<Vec<_>>(), [(1, "one.md".into()), (3, "four.png".into())]);
    }

    #[test]
    fn shell_blocks_are_distinguished_from_others() {
        let text = "```json\n{}\n```\n\n```sh\n# first\ncargo run\n```\n";
        assert_eq!(shell_blocks(text).collect::<Vec<_>>(), [(5, vec!["cargo run"])]);
    }
}
