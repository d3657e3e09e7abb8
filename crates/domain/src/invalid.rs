//! The error of every value that is parsed from input.

/// A value breaks a rule. The text names the rule and never repeats the value, so it may be shown to every
/// client.
// A static text cannot hold input: it may be a password or a card number in the wrong field, and this text is
// logged and sent back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub &'static str);
