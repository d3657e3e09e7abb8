//! Waiting for what happens a moment later.

use std::time::Duration;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(25);

/// Looks again and again until there is something, at most for `within`.
pub(crate) async fn eventually<T>(
    what: &str,
    within: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let seen = async {
        loop {
            if let Some(it) = look().await {
                return it;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(within, seen).await.unwrap_or_else(|_| panic!("not within {within:?}: {what}"))
}

/// The present moment.
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
