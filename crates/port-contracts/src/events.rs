//! The gateways' events.

use domain::{
    EventId, EventKey, Timestamp, TransactionId,
    payment::{Disposition, EventTarget, ReferenceKind, ReferenceOwner, StoredEvent},
};
use ports::{Batch, CommitError, PortError, UnitOfWork, Unreadable, Write};

use crate::{
    Backend,
    backend::{first, is_stale},
    sample::{self, at},
};

/// As long as the longest notice that is taken, in bytes.
const RAW_BYTES_MAX: usize = 64 * 1024;

/// Stamps the suite onto an adapter.
#[macro_export]
macro_rules! events {
    ($($fixture:tt)+) => { $crate::stamp! { events:
        an_event_is_read_back_as_written
        an_event_is_kept_once
        an_id_belongs_to_its_gateway_and_knows_case
        one_of_many_copies_of_an_event_is_kept
        an_event_moves_only_from_what_it_was
        one_of_many_moves_of_an_event_wins
        waiting_events_are_those_of_the_transaction_that_wait
        waiting_events_may_name_a_reference_instead
        applicable_events_wait_for_a_transaction_that_is_known
        applicable_events_may_wait_for_a_reference
        overdue_events_are_parked_ones_that_came_early_enough
        ; $($fixture)+
    } };
}

async fn found(backend: &Backend, event: &StoredEvent) -> Option<StoredEvent> {
    backend.events.find(&event.gateway, &event.id).await.expect("read")
}

async fn keep(backend: &Backend, event: StoredEvent) -> StoredEvent {
    backend.commit([Write::InsertEvent(event.clone())]).await;
    event
}

const fn is_duplicate(error: &CommitError) -> bool {
    matches!(error, CommitError::DuplicateEvent)
}

/// Readable or not, in every disposition.
pub async fn an_event_is_read_back_as_written(backend: &Backend) {
    let unreadable =
        StoredEvent { kind: None, raw: "not JSON: \u{fffd} 茶\n".into(), ..sample::event("stripe", None) };
    let long = StoredEvent { raw: "x".repeat(RAW_BYTES_MAX), ..sample::event("sandbox", None) };
    let dispositions = Disposition::ALL.map(|disposition| StoredEvent {
        disposition,
        received_at: at(sample::number() % 1_000),
        ..sample::event("sandbox", Some(&TransactionId::new("unheard-of".into())))
    });
    for event in [unreadable, long].into_iter().chain(dispositions) {
        assert_eq!(found(backend, &event).await, None, "not there yet");
        assert_eq!(found(backend, &keep(backend, event.clone()).await).await, Some(event));
    }
}

/// Whatever a copy says, it changes nothing.
pub async fn an_event_is_kept_once(backend: &Backend) {
    let first = keep(backend, sample::event("sandbox", None)).await;
    let copy = StoredEvent { id: first.id.clone(), raw: "other".into(), ..sample::event("sandbox", None) };
    let error = backend.refused([Write::InsertEvent(copy)]).await;
    assert!(is_duplicate(&error), "refused as a duplicate, not as {error:?}");
    assert_eq!(found(backend, &first).await, Some(first), "the first one stays");
}

/// Two gateways may use one id, and ids that differ in case are two.
pub async fn an_id_belongs_to_its_gateway_and_knows_case(backend: &Backend) {
    let named =
        |gateway: &str, id: &str| StoredEvent { id: EventId::new(id.into()), ..sample::event(gateway, None) };
    for event in [named("sandbox", "evt_a"), named("stripe", "evt_a"), named("sandbox", "EVT_A")] {
        keep(backend, event.clone()).await;
        assert_eq!(found(backend, &event).await, Some(event), "each its own");
    }
}

/// All others are told that it is kept.
pub async fn one_of_many_copies_of_an_event_is_kept(backend: &Backend) {
    let id = sample::event("sandbox", None).id;
    let race = backend.race(|| {
        let copy = StoredEvent { id: id.clone(), ..sample::event("sandbox", None) };
        UnitOfWork::new().with(Write::InsertEvent(copy)).with(Write::InsertFinding(sample::finding()))
    });
    race.await.ends(1, is_duplicate);
    let findings = backend.findings.list(None, None, 100).await.expect("read");
    assert_eq!(findings.data.len(), 1, "only one had an effect");
}

/// Not from anything else, and not if it is not there.
pub async fn an_event_moves_only_from_what_it_was(backend: &Backend) {
    let event = keep(backend, sample::event("sandbox", None)).await;
    let bystander = keep(backend, sample::event("sandbox", None)).await;
    let shift = |key, from, to| Write::MoveEvent { key, from, to };
    backend.stale([shift(event.key, Disposition::Waiting, Disposition::Applied)]).await;
    assert_eq!(found(backend, &event).await.as_ref(), Some(&event), "unchanged");
    backend.commit([shift(event.key, Disposition::Parked, Disposition::Applied)]).await;
    let applied = StoredEvent { disposition: Disposition::Applied, ..event.clone() };
    assert_eq!(found(backend, &event).await, Some(applied), "moved, and nothing else");
    backend.stale([shift(event.key, Disposition::Parked, Disposition::Flagged)]).await;
    backend.stale([shift(EventKey::new(1), Disposition::Parked, Disposition::Flagged)]).await;
    assert_eq!(found(backend, &bystander).await, Some(bystander), "no other one is touched");
}

/// An event is applied by one instance.
pub async fn one_of_many_moves_of_an_event_wins(backend: &Backend) {
    let event = keep(backend, sample::event("sandbox", None)).await;
    let race = backend.race(|| {
        let (from, to) = (Disposition::Parked, Disposition::Applied);
        UnitOfWork::new().with(Write::MoveEvent { key: event.key, from, to })
    });
    race.await.ends(1, is_stale);
}

/// Of that gateway, oldest first. The clock of who kept a later one may be behind.
pub async fn waiting_events_are_those_of_the_transaction_that_wait(backend: &Backend) {
    let [one, other] = ["transaction", "TRANSACTION"].map(|it| TransactionId::new(it.into()));
    let mut waiting = Vec::new();
    for (behind, disposition) in (0..).zip(Disposition::ALL.into_iter().chain(Disposition::ALL)) {
        let event = StoredEvent {
            disposition,
            received_at: at(60 - behind / 2),
            ..sample::event("sandbox", Some(&one))
        };
        let event = keep(backend, event).await;
        if matches!(disposition, Disposition::Waiting | Disposition::Parked | Disposition::Overdue) {
            waiting.push(event);
        }
    }
    waiting.sort_by_key(|it| it.received_at);
    keep(backend, sample::event("sandbox", Some(&other))).await;
    keep(backend, sample::event("sandbox", None)).await;
    keep(backend, sample::event("stripe", Some(&one))).await;
    let found = backend.events.waiting(&sample::gateway("sandbox"), &one, &[]).await.expect("read");
    assert_eq!(found, waiting);
}

fn readable(events: Result<Vec<Result<StoredEvent, Unreadable>>, PortError>) -> Vec<StoredEvent> {
    events.expect("read").into_iter().map(|it| it.expect("readable")).collect()
}

/// Known to the gateway that sent the event; also when an operator was told before; oldest first, at most so many.
pub async fn applicable_events_wait_for_a_transaction_that_is_known(backend: &Backend) {
    let order = backend.order().await;
    let transaction = backend.transaction(&order, |_| ()).await;
    // The clock of who kept a later one may be behind.
    let about = |disposition, second| {
        let received_at = at(second);
        StoredEvent { disposition, received_at, ..sample::event("sandbox", Some(&transaction.id)) }
    };
    let mut applicable = Vec::new();
    for (behind, disposition) in (0..).zip(Disposition::ALL.into_iter().chain([Disposition::Parked])) {
        let event = keep(backend, about(disposition, 60 - behind)).await;
        if matches!(disposition, Disposition::Parked | Disposition::Overdue) {
            applicable.push(event);
        }
    }
    keep(backend, sample::event("stripe", Some(&transaction.id))).await;
    keep(backend, sample::event("sandbox", Some(&TransactionId::new("unheard-of".into())))).await;
    keep(backend, sample::event("sandbox", None)).await;
    applicable.push(keep(backend, about(Disposition::Overdue, 9)).await);
    applicable.sort_by_key(|it| it.received_at);
    assert_eq!(readable(backend.events.applicable(first(100)).await), applicable);
    let oldest = applicable.get(..2).unwrap_or_default();
    assert_eq!(readable(backend.events.applicable(first(2)).await), oldest, "the oldest ones");
    let behind = readable(backend.events.applicable(Batch { skip: 1, limit: 100 }).await);
    assert_eq!(behind, applicable.get(1..).unwrap_or_default(), "what lies behind the oldest one");
}

/// Whether they name a transaction or not; oldest first, at most so many.
pub async fn overdue_events_are_parked_ones_that_came_early_enough(backend: &Backend) {
    let came = |received_at: Timestamp| StoredEvent { received_at, ..sample::event("sandbox", None) };
    let first_one = keep(backend, came(at(8))).await;
    for disposition in Disposition::ALL.into_iter().filter(|it| *it != Disposition::Parked) {
        keep(backend, StoredEvent { disposition, ..came(at(9)) }).await;
    }
    let (second, third) = (keep(backend, came(at(9))).await, keep(backend, came(at(10))).await);
    keep(backend, came(at(11))).await;
    let found = readable(backend.events.overdue(at(10), first(100)).await);
    assert_eq!(found, [first_one.clone(), second.clone(), third]);
    let behind = readable(backend.events.overdue(at(10), Batch { skip: 1, limit: 1 }).await);
    assert_eq!(behind, std::slice::from_ref(&second), "what lies behind the oldest one");
    assert_eq!(
        readable(backend.events.overdue(at(10), first(2)).await),
        [first_one, second],
        "the oldest ones"
    );
}

/// A notice that names a thing of the gateway's by its reference.
fn naming(kind: ReferenceKind, text: &str, second: i64) -> StoredEvent {
    let target = Some(EventTarget::Reference(sample::named(kind, text)));
    StoredEvent { target, received_at: at(second), ..sample::event("sandbox", None) }
}

/// Of that gateway and kind; oldest first among those that name the transaction itself.
pub async fn waiting_events_may_name_a_reference_instead(backend: &Backend) {
    let id = TransactionId::new("transaction".into());
    let third = keep(backend, naming(ReferenceKind::Payment, "pi_1", 3)).await;
    assert_eq!(found(backend, &third).await.as_ref(), Some(&third), "read back as written");
    let second = StoredEvent { received_at: at(2), ..sample::event("sandbox", Some(&id)) };
    let second = keep(backend, second).await;
    let first = keep(backend, naming(ReferenceKind::Refund, "re_1", 1)).await;
    keep(backend, naming(ReferenceKind::Refund, "pi_1", 1)).await;
    keep(backend, naming(ReferenceKind::Payment, "PI_1", 1)).await;
    keep(
        backend,
        StoredEvent { disposition: Disposition::Applied, ..naming(ReferenceKind::Payment, "pi_1", 1) },
    )
    .await;
    let elsewhere =
        StoredEvent { gateway: sample::gateway("stripe"), ..naming(ReferenceKind::Payment, "pi_1", 1) };
    keep(backend, elsewhere).await;
    let references =
        [sample::named(ReferenceKind::Payment, "pi_1"), sample::named(ReferenceKind::Refund, "re_1")];
    let waiting = backend.events.waiting(&sample::gateway("sandbox"), &id, &references).await.expect("read");
    assert_eq!(waiting, [first, second, third]);
}

/// As soon as it is learnt, and not before.
pub async fn applicable_events_may_wait_for_a_reference(backend: &Backend) {
    let transaction = backend.transaction(&backend.order().await, |_| ()).await;
    let second = keep(backend, naming(ReferenceKind::Payment, "pi_1", 2)).await;
    let overdue =
        StoredEvent { disposition: Disposition::Overdue, ..naming(ReferenceKind::Payment, "pi_1", 1) };
    let first_one = keep(backend, overdue).await;
    keep(backend, naming(ReferenceKind::Refund, "pi_1", 1)).await;
    let elsewhere =
        StoredEvent { gateway: sample::gateway("stripe"), ..naming(ReferenceKind::Payment, "pi_1", 1) };
    keep(backend, elsewhere).await;
    assert_eq!(readable(backend.events.applicable(first(100)).await), []);
    backend.commit([sample::learnt(&transaction, ReferenceOwner::Payment, "pi_1")]).await;
    assert_eq!(readable(backend.events.applicable(first(100)).await), [first_one, second.clone()]);
    let behind = readable(backend.events.applicable(Batch { skip: 1, limit: 1 }).await);
    assert_eq!(behind, [second]);
}
