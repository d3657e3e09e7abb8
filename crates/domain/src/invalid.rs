//! What is wrong with a value that came from outside.

/// A value breaks a rule. The text says which rule and never repeats the value, so it may be shown to anyone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub &'static str);
