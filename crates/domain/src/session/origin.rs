//! Where a session began: the network and the program of the login.
//!
//! Both are personal. They are shown to the user, who recognises a device by them, and to operators; they are erased
//! with the account and never logged.

use std::fmt;

use super::Session;
use crate::{Network, card};

/// What a client says about itself in the header `User-Agent`: a claim that may be untrue, good for recognising a device
/// and for nothing else. At most [`CHARS_MAX`](Self::CHARS_MAX) characters, none of them a control character.
#[derive(Clone, PartialEq, Eq)]
pub struct UserAgent(String);

impl UserAgent {
    /// The number of characters that are kept; browsers send about 150.
    pub const CHARS_MAX: usize = 256;

    /// The text of a header, with every control character as a space, cut to the limit. `None` if nothing is left to
    /// show, or if it contains a card number, which must not be stored.
    #[must_use]
    pub fn mask(text: &str) -> Option<Self> {
        let shown = text.chars().map(|it| if is_hidden(it) { ' ' } else { it });
        let kept: String = shown.take(Self::CHARS_MAX).collect();
        let kept = kept.trim();
        (!kept.is_empty() && !card::contains_number(kept)).then(|| Self(kept.to_owned()))
    }

    /// The text, as it is stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character could change how the text around it is shown: a line break, an escape sequence of a terminal, or
/// a mark that reverses the direction of writing.
fn is_hidden(it: char) -> bool {
    it.is_control()
        || matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Without the text: it is personal, and a log outlives an erasure.
impl fmt::Debug for UserAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserAgent").finish_non_exhaustive()
    }
}

/// Where a session begins, stored with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionOrigin {
    /// The network of the client at the login. Later logins from it are known by it.
    pub network: Network,
    /// What the client said about itself; `None` if it said nothing that can be shown.
    pub user_agent: Option<UserAgent>,
}

/// A live session with what its list shows about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSession {
    /// The session itself.
    pub session: Session,
    /// The network of the login; `None` once it was erased.
    pub network: Option<Network>,
    /// What the client said about itself at the login; `None` if it said nothing, or once it was erased.
    pub user_agent: Option<UserAgent>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> Option<String> {
        UserAgent::mask(text).map(|it| it.as_str().to_owned())
    }

    #[test]
    fn what_a_browser_sends_is_kept_as_it_is() {
        let text = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
        assert_eq!(masked(text).as_deref(), Some(text));
        assert_eq!(masked("爪哇/1.0").as_deref(), Some("爪哇/1.0"));
    }

    #[test]
    fn no_character_changes_how_others_are_shown() {
        assert_eq!(masked("a\r\nb\u{1b}[31mc\u{202e}d\0e\u{85}f").as_deref(), Some("a  b [31mc d e f"));
        for nothing in ["", " \t ", "\0\u{7f}\u{200b}"] {
            assert_eq!(masked(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn it_is_cut_between_characters() {
        let kept = masked(&"ä".repeat(10_000)).unwrap();
        assert_eq!(kept.chars().count(), UserAgent::CHARS_MAX);
    }

    #[test]
    fn neither_a_card_number_is_kept_nor_is_the_text_shown_to_a_log() {
        assert_eq!(masked("shop/4242424242424242"), None);
        let it = UserAgent::mask("curl/8.5").unwrap();
        assert!(!format!("{it:?}").contains("curl"));
    }

    #[test]
    fn masking_again_changes_nothing() {
        for text in ["  a\u{7}b  ", &"x ".repeat(300)] {
            let once = masked(text).unwrap();
            assert_eq!(masked(&once), Some(once.clone()));
        }
    }
}
