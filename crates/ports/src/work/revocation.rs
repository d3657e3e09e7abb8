use std::time::Duration;

/// How long ago a session may have expired that a revocation still ends. A refresh is guarded by the session that it read
/// and by its own clock: one that was decided just before the session expired would extend it after the revocation, if its
/// clock is behind (10 s at most) or its commit had to wait (20 s at most). Twice their sum.
pub const REVOCATION_MARGIN: Duration = Duration::from_secs(60);
