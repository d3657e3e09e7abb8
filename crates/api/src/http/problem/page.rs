//! Renders the pages about problems as HTML.

use pulldown_cmark::{Options, Parser, html::push_html};

/// Plain enough for any browser, readable in a narrow window and in the dark.
const STYLE: &str = "body{font:1rem/1.6 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}\
    code,pre{font:0.9rem/1.5 ui-monospace,monospace}pre{overflow-x:auto;padding:1rem;border:1px solid #8884}\
    table{border-collapse:collapse}td,th{border:1px solid #8884;padding:.3rem .6rem;text-align:left}\
    :root{color-scheme:light dark}";

/// The source expression of the style in a `Content-Security-Policy`: the digest of exactly these bytes.
// A digest instead of `unsafe-inline`, so that a style that gets into a page in any other way is not applied.
pub const STYLE_DIGEST: &str = "sha256-gEqZo6BDaq7yX/HCUvBTWshNxndIebRgOK9iionT7WQ=";

/// A page of HTML from Markdown that this program carries; not for text from outside, whose HTML would get
/// through.
#[must_use]
pub fn render_html(title: &str, markdown: &str) -> String {
    let mut body = String::new();
    push_html(&mut body, Parser::new_ext(markdown, Options::ENABLE_TABLES));
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\n\
         <body>\n{body}</body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_style_is_the_one_that_the_policy_allows() {
        assert_eq!(STYLE_DIGEST, format!("sha256-{}", BASE64.encode(&Sha256::digest(STYLE))));
    }

    #[test]
    fn a_page_has_its_heading_and_its_lists() {
        let page = render_html("Not found", "# Not found\n\n- one\n\n| a |\n| - |\n| b |\n");
        for part in ["<title>Not found</title>", "<h1>Not found</h1>", "<li>one</li>", "<td>b</td>"] {
            assert!(page.contains(part), "{part} in {page}");
        }
    }
}
