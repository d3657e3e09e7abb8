//! The one failure that every port has in common.

/// Something outside did not answer, or not in time. What it was, only the log may say.
#[derive(Debug, thiserror::Error)]
#[error("unavailable")]
pub struct Unavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

impl Unavailable {
    /// Wraps the driver's own error, or a text.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}
