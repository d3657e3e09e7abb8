//! One test suite for each port, which every adapter of it runs. Every promise in a port's docs is a
//! function here, so that all adapters keep it in the same way.
//!
//! An adapter's test of a system of record is a fixture and one line, which stamps every family that works on a
//! [`Backend`]:
//!
//! ```text
//! async fn fixture() -> port_contracts::Backend { /* a new, empty system of record */ }
//!
//! port_contracts::record!(fixture);
//! ```

#![expect(clippy::expect_used, reason = "a suite fails as a test does: loudly")]

pub mod account_tasks;
pub mod accounts;
pub mod api_keys;
pub mod archive;
pub mod audit;
mod backend;
pub mod broadcast;
pub mod cache;
pub mod clock;
pub mod counters;
pub mod digests;
pub mod events;
pub mod feed;
pub mod findings;
pub mod fuzz;
pub mod gateway;
pub mod ids;
pub mod locks;
pub mod orders;
pub mod overview;
pub mod password;
pub mod payment_lists;
pub mod payments;
pub mod products;
mod record;
pub mod replies;
pub mod sample;
pub mod sealer;
pub mod second_factors;
pub mod sessions;
pub mod statements;
pub mod store;
pub mod throttle;
pub mod tokens;
pub mod unreadable;
pub mod users;
pub mod webhooks;
pub mod work;

pub use backend::Backend;
pub use unreadable::{CorruptibleRecord, Corruption, RecordingObserver};

/// Makes one test for each promise: `stamp!(suite: promises of that module; fixture)`, where the fixture is
/// an async function without arguments. The tests are in a module with the suite's name.
#[doc(hidden)]
#[macro_export]
macro_rules! stamp {
    ($suite:ident: $($promise:ident)+; $($fixture:ident)::+) => {
        mod $suite {
            use super::$($fixture)::+ as fixture;

            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $promise() {
                    $crate::$suite::$promise(&fixture().await).await;
                }
            )+
        }
    };
}

#[cfg(test)]
mod tests {
    /// The sources of the suites.
    const SUITES: &[&str] = &[
        concat!(include_str!("account_tasks.rs"), include_str!("account_tasks/resets.rs")),
        include_str!("accounts.rs"),
        include_str!("api_keys.rs"),
        include_str!("archive.rs"),
        include_str!("broadcast.rs"),
        include_str!("cache.rs"),
        include_str!("clock.rs"),
        include_str!("digests.rs"),
        include_str!("events.rs"),
        concat!(include_str!("feed.rs"), include_str!("feed/races.rs")),
        include_str!("findings.rs"),
        concat!(
            include_str!("gateway.rs"),
            include_str!("gateway/charges.rs"),
            include_str!("gateway/lookups.rs"),
            include_str!("gateway/notices.rs")
        ),
        include_str!("ids.rs"),
        include_str!("locks.rs"),
        concat!(
            include_str!("orders.rs"),
            include_str!("orders/due.rs"),
            include_str!("orders/list.rs"),
            include_str!("orders/open.rs"),
            include_str!("orders/search.rs")
        ),
        include_str!("overview.rs"),
        include_str!("password.rs"),
        include_str!("payment_lists.rs"),
        concat!(
            include_str!("payments.rs"),
            include_str!("payments/checks.rs"),
            include_str!("payments/periods.rs"),
            include_str!("payments/references.rs"),
            include_str!("payments/returns.rs")
        ),
        concat!(
            include_str!("products.rs"),
            include_str!("products/changes.rs"),
            include_str!("products/sales.rs")
        ),
        include_str!("counters.rs"),
        include_str!("replies.rs"),
        include_str!("sealer.rs"),
        include_str!("second_factors.rs"),
        include_str!("sessions.rs"),
        concat!(
            include_str!("store.rs"),
            include_str!("store/batches.rs"),
            include_str!("store/batches/pairs/accounts.rs"),
            include_str!("store/batches/pairs/shop.rs")
        ),
        include_str!("throttle.rs"),
        include_str!("tokens.rs"),
        include_str!("unreadable.rs"),
        include_str!("users.rs"),
        include_str!("webhooks.rs"),
    ];

    #[test]
    fn every_promise_is_stamped() {
        for suite in SUITES {
            let promises = suite.lines().filter_map(|it| it.strip_prefix("pub async fn ")?.split('(').next());
            let forgotten: Vec<_> = promises
                .filter(|promise| !suite.lines().any(|it| it.split_whitespace().any(|word| word == *promise)))
                .collect();
            assert!(forgotten.is_empty(), "{forgotten:?}");
        }
    }

    #[test]
    fn every_family_of_the_record_is_in_its_one_stamp() {
        let stamp = include_str!("record.rs");
        let families = SUITES.iter().filter(|suite| suite.contains("(backend: &Backend)"));
        let names = families.filter_map(|suite| suite.split("macro_rules! ").nth(1)?.split(' ').next());
        let (stamped, forgotten): (Vec<_>, Vec<_>) =
            names.partition(|name| stamp.contains(&format!("$crate::{name}! {{")));
        assert!(forgotten.is_empty(), "{forgotten:?}");
        assert!(!stamped.is_empty(), "there are families of the record");
    }
}
