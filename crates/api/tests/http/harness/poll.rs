//! Waiting for what happens a moment later.

use std::time::Duration;

use test_servers::LoadStopwatch;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(25);
/// How long to wait for what has no promised time: whatever the machine does besides, it happens earlier or never.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// After this, by any clock, it never happens.
const NEVER: Duration = Duration::from_secs(600);

/// Looks again and again until there is something, at most for `within` as it would pass on a calm machine.
pub(crate) async fn eventually<T>(
    what: &str,
    within: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let pace = LoadStopwatch::start();
    let seen = async {
        loop {
            if let Some(it) = look().await {
                return it;
            }
            assert!(
                pace.elapsed_without_load() < within,
                "not within {within:?}: {what}, {:?}",
                pace.elapsed()
            );
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(NEVER, seen).await.unwrap_or_else(|_| panic!("never: {what}"))
}

/// The present moment.
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
