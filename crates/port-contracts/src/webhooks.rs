//! What [`WebhookRepository`](ports::WebhookRepository) and [`WebhookWrite`] promise.

mod retention;

pub use retention::*;

use std::time::Duration;

use domain::{
    DeliveryId, EndpointId, EndpointKey, Text, Timestamp, Version, WebhookDelivery, WebhookEndpoint,
    webhook::{
        AttemptResult, DeliveryAttempt, DeliveryStatus, EndpointPatch, EventTypes, FailedAttempt, OldSecret,
        SealedSecret,
    },
};
use ports::{UnitOfWork, WebhookWrite, Write};

use crate::{
    Backend, backend,
    sample::{self, at},
};

/// Stamps the promises onto an adapter; see [`record!`](crate::record!).
#[macro_export]
macro_rules! webhooks {
    ($($fixture:ident)::+) => {
        $crate::stamp! { webhooks:
            an_endpoint_is_read_as_it_was_written
            a_change_of_an_endpoint_needs_the_version_that_was_read
            a_failing_endpoint_is_disabled_unless_an_attempt_has_succeeded_since
            a_change_of_an_endpoint_leaves_its_cursor_and_since_when_it_fails
            a_deleted_endpoint_is_gone_and_needs_the_version_that_was_read
            endpoints_are_listed_oldest_first_in_pages
            only_enabled_endpoints_are_listed_for_sending
            a_cursor_moves_once_with_its_deliveries
            many_deliveries_are_stored_at_once_or_none
            a_delivery_is_read_as_it_was_written
            deliveries_are_listed_newest_first_in_pages
            of_many_who_begin_an_attempt_one_does
            a_delivery_that_is_over_changes_no_more
            a_delivery_is_due_at_its_time_and_not_before
            a_delivery_waits_for_the_earlier_one_of_its_subject
            the_next_follower_is_moved_and_others_are_not
            a_delivery_that_has_moved_on_is_not_postponed
            failing_since_is_stored_and_cleared
            old_deliveries_are_pruned_a_bounded_number_at_a_time
            pending_deliveries_that_are_old_are_listed
            only_pending_deliveries_are_dropped
            pending_deliveries_are_counted_up_to_a_limit
            ; $($fixture)::+
        }
    };
}

const LEASE: Duration = Duration::from_secs(60);

async fn commit_write(backend: &Backend, write: WebhookWrite) {
    backend.commit([Write::Webhook(write)]).await;
}

async fn stored_endpoint(backend: &Backend, change: impl FnOnce(&mut WebhookEndpoint)) -> WebhookEndpoint {
    let mut endpoint = sample::endpoint();
    change(&mut endpoint);
    commit_write(backend, WebhookWrite::InsertEndpoint(Box::new(endpoint.clone()))).await;
    endpoint
}

async fn stored_delivery(
    backend: &Backend,
    endpoint: &WebhookEndpoint,
    (sequence, subject): (i64, &str),
) -> WebhookDelivery {
    let delivery = sample::delivery(endpoint, sequence, subject);
    commit_write(backend, WebhookWrite::InsertDeliveries(vec![delivery.clone()])).await;
    delivery
}

async fn find_endpoint(backend: &Backend, endpoint: &WebhookEndpoint) -> Option<WebhookEndpoint> {
    backend.webhooks.find_endpoint(&endpoint.id).await.expect("read")
}

async fn find_delivery(backend: &Backend, delivery: &WebhookDelivery) -> Option<WebhookDelivery> {
    backend.webhooks.find_delivery(delivery.endpoint, &delivery.id).await.expect("read")
}

fn begin_attempt(delivery: &WebhookDelivery, now: Timestamp) -> WebhookWrite {
    let begun = delivery.with_attempt_begun(now, LEASE);
    WebhookWrite::UpdateDelivery { delivery: Box::new(begun), read: delivery.attempts }
}

fn sample_attempt(status: u16) -> DeliveryAttempt {
    let result = AttemptResult::Answered { status, body: (status >= 300).then(|| "no".to_owned()) };
    DeliveryAttempt { began_at: at(1), duration: Duration::from_millis(7), result }
}

/// The due deliveries of an endpoint: id, and until when each waits.
async fn list_due(
    backend: &Backend,
    endpoint: &WebhookEndpoint,
    now: i64,
) -> Vec<(DeliveryId, Option<Timestamp>)> {
    let due = backend.webhooks.list_due_deliveries(endpoint.key, at(now), 10).await.expect("read");
    due.into_iter().map(|it| (it.delivery.id, it.blocked_until)).collect()
}

/// All members come back, with and without the optional ones.
pub async fn an_endpoint_is_read_as_it_was_written(backend: &Backend) {
    let plain = stored_endpoint(backend, |_| {}).await;
    let full = stored_endpoint(backend, |it| {
        it.types = EventTypes::new(["order.placed", "user.registered"].map(str::to_owned));
        it.description = Some(Text::new("Ledger"));
        it.disabled = true;
        it.version = Version::new(3);
        it.old_secret = Some(OldSecret { secret: SealedSecret::new("old".into()), signs_until: at(9) });
        it.cursor = 41;
        it.failing_since = Some(at(5));
        it.updated_at = at(6);
    })
    .await;
    for endpoint in [plain, full] {
        assert_eq!(find_endpoint(backend, &endpoint).await, Some(endpoint));
    }
    let unknown = EndpointId::new("unknown".into());
    assert_eq!(backend.webhooks.find_endpoint(&unknown).await.expect("read"), None);
}

/// The guard of `UpdateEndpoint`.
pub async fn a_change_of_an_endpoint_needs_the_version_that_was_read(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |_| {}).await;
    let patch = EndpointPatch { disabled: Some(true), ..EndpointPatch::default() };
    let next = endpoint.with_patch(patch, at(5));
    let update = || WebhookWrite::UpdateEndpoint { endpoint: Box::new(next.clone()), read: endpoint.version };
    commit_write(backend, update()).await;
    assert_eq!(find_endpoint(backend, &endpoint).await, Some(next.clone()));
    backend.expect_stale([Write::Webhook(update())]).await;
}

/// The guard of `DisableFailing`.
pub async fn a_failing_endpoint_is_disabled_unless_an_attempt_has_succeeded_since(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |it| it.failing_since = Some(at(1))).await;
    let (key, read) = (endpoint.key, endpoint.version);
    let next = endpoint.with_disabled(at(9));
    let disable = |read, since| {
        Write::Webhook(WebhookWrite::DisableFailing {
            endpoint: Box::new(next.clone()),
            read,
            failing_since: at(since),
        })
    };
    for since in [None, Some(at(5))] {
        commit_write(backend, WebhookWrite::SetFailingSince { endpoint: key, since }).await;
        backend.expect_stale([disable(read, 1)]).await;
    }
    backend.expect_stale([disable(read.next(), 5)]).await;
    commit_write(backend, WebhookWrite::MoveCursor { endpoint: key, read, from: 0, to: 5 }).await;
    backend.commit([disable(read, 5)]).await;
    let expected = WebhookEndpoint { cursor: 5, failing_since: Some(at(5)), ..next.clone() };
    assert_eq!(find_endpoint(backend, &endpoint).await, Some(expected));
    backend.expect_stale([disable(read, 5)]).await;
}

/// A change that was decided on older ones does not put them back.
pub async fn a_change_of_an_endpoint_leaves_its_cursor_and_since_when_it_fails(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |it| it.failing_since = Some(at(1))).await;
    let (key, read) = (endpoint.key, endpoint.version);
    commit_write(backend, WebhookWrite::MoveCursor { endpoint: key, read, from: 0, to: 5 }).await;
    commit_write(backend, WebhookWrite::SetFailingSince { endpoint: key, since: None }).await;
    let next = endpoint.with_rotated_secret(SealedSecret::new("new".into()), at(5));
    commit_write(backend, WebhookWrite::UpdateEndpoint { endpoint: Box::new(next.clone()), read }).await;
    let expected = WebhookEndpoint { cursor: 5, failing_since: None, ..next };
    assert_eq!(find_endpoint(backend, &endpoint).await, Some(expected));
}

/// The guard of `DeleteEndpoint`; deliveries stay.
pub async fn a_deleted_endpoint_is_gone_and_needs_the_version_that_was_read(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |_| {}).await;
    let delivery = stored_delivery(backend, &endpoint, (1, "order:1")).await;
    let delete = |read| WebhookWrite::DeleteEndpoint { endpoint: endpoint.key, read };
    backend.expect_stale([Write::Webhook(delete(endpoint.version.next()))]).await;
    commit_write(backend, delete(endpoint.version)).await;
    assert_eq!(find_endpoint(backend, &endpoint).await, None);
    assert_eq!(find_delivery(backend, &delivery).await, Some(delivery));
    backend.expect_stale([Write::Webhook(delete(endpoint.version))]).await;
}

/// By time and row; a page begins behind the one before, and an unknown cursor is an empty page.
pub async fn endpoints_are_listed_oldest_first_in_pages(backend: &Backend) {
    let late = stored_endpoint(backend, |it| it.created_at = at(2)).await;
    let first = stored_endpoint(backend, |_| {}).await;
    let second = stored_endpoint(backend, |_| {}).await;
    let list = async |after| backend.webhooks.list_endpoints(after, 2).await.expect("read");
    let page = list(None).await;
    assert_eq!(page.data, [first, second.clone()]);
    assert_eq!(page.next.as_deref(), Some(second.id.as_str()));
    let page = list(Some(second.id)).await;
    assert_eq!((page.data, page.next), (vec![late], None));
    assert_eq!(list(Some(EndpointId::new("unknown".into()))).await, ports::Page::EMPTY);
}

/// By row, at most as many as asked.
pub async fn only_enabled_endpoints_are_listed_for_sending(backend: &Backend) {
    stored_endpoint(backend, |it| it.disabled = true).await;
    let first = stored_endpoint(backend, |_| {}).await;
    let second = stored_endpoint(backend, |_| {}).await;
    let list = async |limit| backend.webhooks.list_enabled_endpoints(limit).await.expect("read");
    assert_eq!(list(10).await, [first.clone(), second]);
    assert_eq!(list(1).await, [first]);
}

/// Of many who look at the same events, one stores deliveries. A change of the endpoint makes all of them stale.
pub async fn a_cursor_moves_once_with_its_deliveries(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |_| {}).await;
    let (key, read) = (endpoint.key, endpoint.version);
    let fan_out = |from, to, read| {
        let deliveries = vec![sample::delivery(&endpoint, to, "order:1")];
        UnitOfWork::new()
            .with_write(Write::Webhook(WebhookWrite::MoveCursor { endpoint: key, read, from, to }))
            .with_write(Write::Webhook(WebhookWrite::InsertDeliveries(deliveries)))
    };
    backend.race(|| fan_out(0, 3, read)).await.assert_outcome(1, backend::is_stale);
    let stored = backend.webhooks.list_deliveries(key, None, 100).await.expect("read");
    assert_eq!(stored.data.len(), 1);
    assert_eq!(find_endpoint(backend, &endpoint).await.map(|it| it.cursor), Some(3));
    backend.expect_stale(fan_out(3, 4, read.next()).writes()).await;
}

/// Whether or not one of them exists already.
pub async fn many_deliveries_are_stored_at_once_or_none(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |_| {}).await;
    let many: Vec<_> = (1..=99).map(|it| sample::delivery(&endpoint, it, "order:1")).collect();
    let insert = |all| Write::Webhook(WebhookWrite::InsertDeliveries(all));
    let taken = stored_delivery(backend, &endpoint, (100, "order:1")).await;
    let with_taken = many.iter().cloned().chain([taken]).collect();
    backend.expect_stale([insert(with_taken)]).await;
    backend.commit([insert(many), insert(Vec::new())]).await;
    let stored = backend.webhooks.list_deliveries(endpoint.key, None, 200).await.expect("read");
    assert_eq!(stored.data.len(), 100);
}

/// All members come back at every stage of a delivery.
pub async fn a_delivery_is_read_as_it_was_written(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |_| {}).await;
    let test = WebhookDelivery { sequence: None, subject: None, ..sample::delivery(&endpoint, 1, "") };
    commit_write(backend, WebhookWrite::InsertDeliveries(vec![test.clone()])).await;
    assert_eq!(find_delivery(backend, &test).await, Some(test.clone()));
    let begun = test.with_attempt_begun(at(1), LEASE);
    let silent =
        DeliveryAttempt { result: AttemptResult::NoAnswer("timed out".into()), ..sample_attempt(200) };
    let failed = begun.with_failure(silent, FailedAttempt::Retry, None, at(2));
    let again = failed.with_attempt_begun(at(9), LEASE);
    let refused = again.with_failure(sample_attempt(500), FailedAttempt::Retry, None, at(10));
    let last = refused.with_attempt_begun(at(90), LEASE);
    let done = last.with_success(sample_attempt(204));
    for (read, next) in [(0, begun), (1, failed), (1, again), (2, refused), (2, last), (3, done)] {
        let write = WebhookWrite::UpdateDelivery { delivery: Box::new(next.clone()), read };
        commit_write(backend, write).await;
        assert_eq!(find_delivery(backend, &next).await, Some(next));
    }
    let other = EndpointKey::new(sample::next_number());
    assert_eq!(backend.webhooks.find_delivery(other, &test.id).await.expect("read"), None);
}

/// By time and row, only those of the endpoint.
pub async fn deliveries_are_listed_newest_first_in_pages(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |_| {}).await;
    let other = stored_endpoint(backend, |_| {}).await;
    let first = stored_delivery(backend, &endpoint, (1, "order:1")).await;
    let second = stored_delivery(backend, &endpoint, (2, "order:1")).await;
    let third = stored_delivery(backend, &endpoint, (3, "order:1")).await;
    let foreign = stored_delivery(backend, &other, (3, "order:1")).await;
    let list = async |after| backend.webhooks.list_deliveries(endpoint.key, after, 2).await.expect("read");
    let page = list(None).await;
    assert_eq!(page.data, [third, second.clone()]);
    let page = list(Some(second.id)).await;
    assert_eq!((page.data, page.next), (vec![first], None));
    assert_eq!(list(Some(foreign.id)).await, ports::Page::EMPTY);
}

/// The guard of `UpdateDelivery`: two instances never hold one delivery.
pub async fn of_many_who_begin_an_attempt_one_does(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |_| {}).await;
    let delivery = stored_delivery(backend, &endpoint, (1, "order:1")).await;
    let begin = || UnitOfWork::new().with_write(Write::Webhook(begin_attempt(&delivery, at(1))));
    backend.race(begin).await.assert_outcome(1, backend::is_stale);
    assert_eq!(find_delivery(backend, &delivery).await.map(|it| it.attempts), Some(1));
}

/// A late note about an older attempt changes nothing, and neither does one about a delivery that is over.
pub async fn a_delivery_that_is_over_changes_no_more(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |_| {}).await;
    let delivery = stored_delivery(backend, &endpoint, (1, "order:1")).await;
    let begun = delivery.with_attempt_begun(at(1), LEASE);
    commit_write(backend, begin_attempt(&delivery, at(1))).await;
    let done = begun.with_success(sample_attempt(200));
    let note = |read| WebhookWrite::UpdateDelivery { delivery: Box::new(done.clone()), read };
    backend.expect_stale([Write::Webhook(note(0))]).await;
    commit_write(backend, note(1)).await;
    backend.expect_stale([Write::Webhook(note(1))]).await;
    assert_eq!(done.status, DeliveryStatus::Delivered);
}

/// By the time, longest due first, only pending ones of the endpoint, at most as many as asked.
pub async fn a_delivery_is_due_at_its_time_and_not_before(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |_| {}).await;
    let other = stored_endpoint(backend, |_| {}).await;
    stored_delivery(backend, &other, (1, "order:1")).await;
    let late = sample::delivery(&endpoint, 1, "order:1");
    let late = WebhookDelivery { next_attempt_at: Some(at(5)), ..late };
    commit_write(backend, WebhookWrite::InsertDeliveries(vec![late.clone()])).await;
    let soon = stored_delivery(backend, &endpoint, (2, "order:2")).await;
    let over = stored_delivery(backend, &endpoint, (3, "order:3")).await;
    commit_write(backend, begin_attempt(&over, at(1))).await;
    let begun = over.with_attempt_begun(at(1), LEASE);
    let failed = begun.with_failure(sample_attempt(500), FailedAttempt::GiveUp, None, at(2));
    commit_write(backend, WebhookWrite::UpdateDelivery { delivery: Box::new(failed), read: 1 }).await;
    assert_eq!(list_due(backend, &endpoint, 4).await, [(soon.id.clone(), None)]);
    assert_eq!(list_due(backend, &endpoint, 5).await, [(soon.id.clone(), None), (late.id, None)]);
    let one = backend.webhooks.list_due_deliveries(endpoint.key, at(5), 1).await.expect("read");
    assert_eq!(one.into_iter().map(|it| it.delivery.id).collect::<Vec<_>>(), [soon.id]);
}

/// Only earlier pending ones of the same subject and endpoint block, also when they are not due; the first of them says
/// until when.
pub async fn a_delivery_waits_for_the_earlier_one_of_its_subject(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |_| {}).await;
    let other = stored_endpoint(backend, |_| {}).await;
    stored_delivery(backend, &other, (1, "order:1")).await;
    let first = stored_delivery(backend, &endpoint, (2, "order:1")).await;
    let second = stored_delivery(backend, &endpoint, (3, "order:1")).await;
    let third = stored_delivery(backend, &endpoint, (4, "order:1")).await;
    let free = stored_delivery(backend, &endpoint, (5, "order:2")).await;
    let test = WebhookDelivery { sequence: None, subject: None, ..sample::delivery(&endpoint, 1, "") };
    commit_write(backend, WebhookWrite::InsertDeliveries(vec![test.clone()])).await;
    commit_write(backend, begin_attempt(&first, at(1))).await;
    let held = Some(at(61));
    let expected = [(second.id.clone(), held), (third.id.clone(), held), (free.id, None), (test.id, None)];
    assert_eq!(list_due(backend, &endpoint, 10).await, expected);
    let done = first.with_attempt_begun(at(1), LEASE).with_success(sample_attempt(200));
    commit_write(backend, WebhookWrite::UpdateDelivery { delivery: Box::new(done), read: 1 }).await;
    let now = list_due(backend, &endpoint, 10).await;
    assert_eq!(now.first(), Some(&(second.id, None)));
    assert_eq!(now.get(1), Some(&(third.id, Some(at(0)))));
}

/// Only the first pending one of the subject and endpoint that comes later.
pub async fn the_next_follower_is_moved_and_others_are_not(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |_| {}).await;
    let other = stored_endpoint(backend, |_| {}).await;
    let later = stored_delivery(backend, &endpoint, (5, "order:1")).await;
    let follower = stored_delivery(backend, &endpoint, (3, "order:1")).await;
    let kept = [
        later,
        stored_delivery(backend, &endpoint, (2, "order:1")).await,
        stored_delivery(backend, &endpoint, (4, "order:2")).await,
        stored_delivery(backend, &other, (3, "order:1")).await,
    ];
    let (key, subject) = (endpoint.key, "order:1".to_owned());
    commit_write(backend, WebhookWrite::MoveFollower { endpoint: key, subject, behind: 2, at: at(9) }).await;
    let next =
        async |it: &WebhookDelivery| find_delivery(backend, it).await.and_then(|it| it.next_attempt_at);
    assert_eq!(next(&follower).await, Some(at(9)));
    for it in &kept {
        assert_eq!(next(it).await, Some(at(0)));
    }
}

/// It is no error either.
pub async fn a_delivery_that_has_moved_on_is_not_postponed(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |_| {}).await;
    let delivery = stored_delivery(backend, &endpoint, (1, "order:1")).await;
    let postpone = |until| WebhookWrite::PostponeDelivery {
        endpoint: endpoint.key,
        delivery: delivery.key,
        read: 0,
        until: at(until),
    };
    let next = async || find_delivery(backend, &delivery).await.and_then(|it| it.next_attempt_at);
    commit_write(backend, postpone(5)).await;
    assert_eq!(next().await, Some(at(5)));
    commit_write(backend, begin_attempt(&delivery, at(6))).await;
    commit_write(backend, postpone(7)).await;
    assert_eq!(next().await, Some(at(66)));
}

/// It is no change that a client sees, and an endpoint that is gone is no error.
pub async fn failing_since_is_stored_and_cleared(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |_| {}).await;
    for since in [Some(at(3)), None] {
        commit_write(backend, WebhookWrite::SetFailingSince { endpoint: endpoint.key, since }).await;
        let expected = WebhookEndpoint { failing_since: since, ..endpoint.clone() };
        assert_eq!(find_endpoint(backend, &endpoint).await, Some(expected));
    }
    let gone = EndpointKey::new(sample::next_number());
    commit_write(backend, WebhookWrite::SetFailingSince { endpoint: gone, since: None }).await;
}
