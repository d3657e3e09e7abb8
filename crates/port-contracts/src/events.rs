//! The suite for events that gateways send.

use domain::{
    EventId, EventKey, RefundId, Timestamp, Transaction, TransactionId,
    payment::{EventDisposition, EventTarget, ReferenceKind, ReferenceOwner, StoredEvent},
};
use ports::{Batch, CaseKey, CommitError, PortError, UnitOfWork, UnreadableRow, Write};

use crate::{
    Backend,
    backend::{first_batch, is_stale},
    sample::{self, at},
};

/// The length of the longest notice that is accepted, in bytes.
const RAW_BYTES_MAX: usize = 64 * 1024;

/// Generates the tests of this suite for an adapter; the fixture returns a [`Backend`].
#[macro_export]
macro_rules! events {
    ($($fixture:tt)+) => { $crate::stamp! { events:
        an_event_is_read_back_as_written
        an_event_is_kept_once
        an_id_belongs_to_its_gateway_and_knows_case
        stored_ids_are_those_of_the_gateway
        one_of_many_copies_of_an_event_is_kept
        an_event_moves_only_from_what_it_was
        one_of_many_moves_of_an_event_wins
        waiting_events_are_those_of_the_transaction_that_wait
        waiting_events_may_name_a_reference_instead
        events_about_a_transaction_are_listed_by_row_in_every_disposition
        applicable_events_wait_for_a_transaction_that_is_known
        applicable_events_may_wait_for_a_reference
        overdue_events_are_looked_at_a_stretch_at_a_time
        overdue_events_are_parked_ones_that_came_early_enough
        ; $($fixture)+
    } };
}

async fn found(backend: &Backend, event: &StoredEvent) -> Option<StoredEvent> {
    backend.events.find_event(&event.gateway, &event.id).await.expect("read")
}

async fn keep(backend: &Backend, event: StoredEvent) -> StoredEvent {
    backend.commit([Write::InsertEvent(event.clone())]).await;
    event
}

/// Readable or not, each of that gateway, and exactly as it is written.
pub async fn stored_ids_are_those_of_the_gateway(backend: &Backend) {
    let [first, second] = [sample::event("sandbox", None), sample::event("sandbox", None)];
    for event in [&first, &second] {
        keep(backend, event.clone()).await;
    }
    let elsewhere = keep(backend, sample::event("stripe", None)).await;
    let other_case = EventId::new(first.id.as_str().to_uppercase());
    let sandbox = sample::gateway("sandbox");
    let ids = [second.id.clone(), elsewhere.id, other_case, first.id.clone()];
    let mut stored = backend.events.list_stored_ids(&sandbox, &ids).await.expect("read");
    stored.sort();
    let mut expected = [first.id.clone(), second.id];
    expected.sort();
    assert_eq!(stored, expected);
    assert_eq!(
        backend.events.list_stored_ids(&sandbox, std::slice::from_ref(&first.id)).await.expect("read"),
        [first.id]
    );
    assert_eq!(backend.events.list_stored_ids(&sandbox, &[]).await.expect("read"), []);
}

const fn is_duplicate(error: &CommitError) -> bool {
    matches!(error, CommitError::DuplicateEvent)
}

/// Both readable and unreadable notices, in every disposition.
pub async fn an_event_is_read_back_as_written(backend: &Backend) {
    let unreadable =
        StoredEvent { kind: None, raw: "not JSON: \u{fffd} 茶\n".into(), ..sample::event("stripe", None) };
    let long = StoredEvent { raw: "x".repeat(RAW_BYTES_MAX), ..sample::event("sandbox", None) };
    let dispositions = EventDisposition::ALL.map(|disposition| StoredEvent {
        disposition,
        received_at: at(sample::next_number() % 1_000),
        ..sample::event("sandbox", Some(&TransactionId::new("unheard-of".into())))
    });
    for event in [unreadable, long].into_iter().chain(dispositions) {
        assert_eq!(found(backend, &event).await, None, "not there yet");
        assert_eq!(found(backend, &keep(backend, event.clone()).await).await, Some(event));
    }
}

/// A second event of the same id is refused and changes nothing, whatever it contains.
pub async fn an_event_is_kept_once(backend: &Backend) {
    let first = keep(backend, sample::event("sandbox", None)).await;
    let copy = StoredEvent { id: first.id.clone(), raw: "other".into(), ..sample::event("sandbox", None) };
    let error = backend.expect_refusal([Write::InsertEvent(copy)]).await;
    assert!(is_duplicate(&error), "refused as a duplicate, not as {error:?}");
    assert_eq!(found(backend, &first).await, Some(first), "the first one stays");
}

/// Two gateways may use the same id, and ids that differ in case are different.
pub async fn an_id_belongs_to_its_gateway_and_knows_case(backend: &Backend) {
    let named =
        |gateway: &str, id: &str| StoredEvent { id: EventId::new(id.into()), ..sample::event(gateway, None) };
    for event in [named("sandbox", "evt_a"), named("stripe", "evt_a"), named("sandbox", "EVT_A")] {
        keep(backend, event.clone()).await;
        assert_eq!(found(backend, &event).await, Some(event), "each its own");
    }
}

/// Of concurrent inserts of one event one succeeds; the others are refused as duplicates.
pub async fn one_of_many_copies_of_an_event_is_kept(backend: &Backend) {
    let id = sample::event("sandbox", None).id;
    let race = backend.race(|| {
        let copy = StoredEvent { id: id.clone(), ..sample::event("sandbox", None) };
        UnitOfWork::new()
            .with_write(Write::InsertEvent(copy))
            .with_write(Write::InsertFinding(sample::finding()))
    });
    race.await.assert_outcome(1, is_duplicate);
    let findings = backend.findings.list_findings(None, None, 100).await.expect("read");
    assert_eq!(findings.data.len(), 1, "only one had an effect");
}

/// A move from any other disposition, or of an event that is not stored, is stale.
pub async fn an_event_moves_only_from_what_it_was(backend: &Backend) {
    let event = keep(backend, sample::event("sandbox", None)).await;
    let bystander = keep(backend, sample::event("sandbox", None)).await;
    let shift = |key, from, to| Write::MoveEvent { key, from, to };
    backend.expect_stale([shift(event.key, EventDisposition::Waiting, EventDisposition::Applied)]).await;
    assert_eq!(found(backend, &event).await.as_ref(), Some(&event), "unchanged");
    backend.commit([shift(event.key, EventDisposition::Parked, EventDisposition::Applied)]).await;
    let applied = StoredEvent { disposition: EventDisposition::Applied, ..event.clone() };
    assert_eq!(found(backend, &event).await, Some(applied), "moved, and nothing else");
    backend.expect_stale([shift(event.key, EventDisposition::Parked, EventDisposition::Flagged)]).await;
    backend
        .expect_stale([shift(EventKey::new(1), EventDisposition::Parked, EventDisposition::Flagged)])
        .await;
    assert_eq!(found(backend, &bystander).await, Some(bystander), "no other one is touched");
}

/// Of concurrent moves of one event one succeeds, so that one instance applies it.
pub async fn one_of_many_moves_of_an_event_wins(backend: &Backend) {
    let event = keep(backend, sample::event("sandbox", None)).await;
    let race = backend.race(|| {
        let (from, to) = (EventDisposition::Parked, EventDisposition::Applied);
        UnitOfWork::new().with_write(Write::MoveEvent { key: event.key, from, to })
    });
    race.await.assert_outcome(1, is_stale);
}

/// Only events of that gateway, oldest first. The clock of the instance that stored a later one may be
/// behind.
pub async fn waiting_events_are_those_of_the_transaction_that_wait(backend: &Backend) {
    let transaction = backend.transaction(&backend.order().await, |_| ()).await;
    let one = transaction.id.clone();
    let other = TransactionId::new(one.as_str().to_uppercase());
    let mut waiting = Vec::new();
    for (behind, disposition) in (0..).zip(EventDisposition::ALL.into_iter().chain(EventDisposition::ALL)) {
        let event = StoredEvent {
            disposition,
            received_at: at(60 - behind / 2),
            ..sample::event("sandbox", Some(&one))
        };
        let event = keep(backend, event).await;
        if matches!(
            disposition,
            EventDisposition::Waiting | EventDisposition::Parked | EventDisposition::Overdue
        ) {
            waiting.push(event);
        }
    }
    waiting.sort_by_key(|it| it.received_at);
    keep(backend, sample::event("sandbox", Some(&other))).await;
    keep(backend, sample::event("sandbox", None)).await;
    keep(backend, sample::event("stripe", Some(&one))).await;
    assert_eq!(waiting_for(backend, &transaction).await, waiting);
}

/// The events that come with the case of a transaction.
async fn waiting_for(backend: &Backend, transaction: &Transaction) -> Vec<StoredEvent> {
    let cases = backend.payments.find_cases(&[CaseKey::Transaction(transaction.id.clone())]).await;
    let [case] = cases.expect("read").try_into().expect("one case");
    case.waiting
}

fn readable(events: Result<Vec<Result<StoredEvent, UnreadableRow>>, PortError>) -> Vec<StoredEvent> {
    events.expect("read").into_iter().map(|it| it.expect("readable")).collect()
}

/// Only parked events whose gateway knows the transaction; oldest first, no more than the
/// limit.
pub async fn applicable_events_wait_for_a_transaction_that_is_known(backend: &Backend) {
    let order = backend.order().await;
    let transaction = backend.transaction(&order, |_| ()).await;
    // The clock of the instance that stored a later one may be behind.
    let about = |disposition, second| {
        let received_at = at(second);
        StoredEvent { disposition, received_at, ..sample::event("sandbox", Some(&transaction.id)) }
    };
    let mut applicable = Vec::new();
    for (behind, disposition) in
        (0..).zip(EventDisposition::ALL.into_iter().chain([EventDisposition::Parked]))
    {
        let event = keep(backend, about(disposition, 60 - behind)).await;
        if disposition == EventDisposition::Parked {
            applicable.push(event);
        }
    }
    keep(backend, sample::event("stripe", Some(&transaction.id))).await;
    keep(backend, sample::event("sandbox", Some(&TransactionId::new("unheard-of".into())))).await;
    keep(backend, sample::event("sandbox", None)).await;
    applicable.push(keep(backend, about(EventDisposition::Parked, 9)).await);
    applicable.sort_by_key(|it| it.received_at);
    assert_eq!(readable(backend.events.list_applicable_events(first_batch(100)).await), applicable);
    let oldest = applicable.get(..2).unwrap_or_default();
    assert_eq!(
        readable(backend.events.list_applicable_events(first_batch(2)).await),
        oldest,
        "the oldest ones"
    );
    let behind = readable(backend.events.list_applicable_events(Batch { skip: 1, limit: 100 }).await);
    assert_eq!(behind, applicable.get(1..).unwrap_or_default(), "those after the oldest one");
}

/// Whether they name a transaction or not; oldest first, no more than the limit.
pub async fn overdue_events_are_parked_ones_that_came_early_enough(backend: &Backend) {
    let came = |received_at: Timestamp| StoredEvent { received_at, ..sample::event("sandbox", None) };
    let first_one = keep(backend, came(at(8))).await;
    for disposition in EventDisposition::ALL.into_iter().filter(|it| *it != EventDisposition::Parked) {
        keep(backend, StoredEvent { disposition, ..came(at(9)) }).await;
    }
    let (second, third) = (keep(backend, came(at(9))).await, keep(backend, came(at(10))).await);
    keep(backend, came(at(11))).await;
    let found =
        readable(backend.events.list_old_events(EventDisposition::Parked, at(10), first_batch(100)).await);
    assert_eq!(found, [first_one.clone(), second.clone(), third]);
    let behind = readable(
        backend.events.list_old_events(EventDisposition::Parked, at(10), Batch { skip: 1, limit: 1 }).await,
    );
    assert_eq!(behind, std::slice::from_ref(&second), "those after the oldest one");
    assert_eq!(
        readable(backend.events.list_old_events(EventDisposition::Parked, at(10), first_batch(2)).await),
        [first_one, second],
        "the oldest ones"
    );
}

/// A parked event that names a reference.
fn naming(kind: ReferenceKind, text: &str, second: i64) -> StoredEvent {
    let target = Some(EventTarget::Reference(sample::named_reference(kind, text)));
    StoredEvent { target, received_at: at(second), ..sample::event("sandbox", None) }
}

/// Events that name one of the references, of the same gateway and kind, are listed together with those that
/// name the transaction, oldest first.
pub async fn waiting_events_may_name_a_reference_instead(backend: &Backend) {
    let transaction = backend.transaction(&backend.order().await, |_| ()).await;
    let id = transaction.id.clone();
    let third = keep(backend, naming(ReferenceKind::Payment, "pi_1", 3)).await;
    assert_eq!(found(backend, &third).await.as_ref(), Some(&third), "read back as written");
    let second = StoredEvent { received_at: at(2), ..sample::event("sandbox", Some(&id)) };
    let second = keep(backend, second).await;
    let first = keep(backend, naming(ReferenceKind::Refund, "re_1", 1)).await;
    keep(backend, naming(ReferenceKind::Refund, "pi_1", 1)).await;
    keep(backend, naming(ReferenceKind::Payment, "PI_1", 1)).await;
    keep(
        backend,
        StoredEvent { disposition: EventDisposition::Applied, ..naming(ReferenceKind::Payment, "pi_1", 1) },
    )
    .await;
    let elsewhere =
        StoredEvent { gateway: sample::gateway("stripe"), ..naming(ReferenceKind::Payment, "pi_1", 1) };
    keep(backend, elsewhere).await;
    assert_eq!(waiting_for(backend, &transaction).await, std::slice::from_ref(&second), "none is known yet");
    let refund = ReferenceOwner::Refund(RefundId::new("refund-1".into()));
    backend
        .commit([
            sample::learn_reference(&transaction, ReferenceOwner::Payment, "pi_1"),
            sample::learn_reference(&transaction, refund, "re_1"),
        ])
        .await;
    assert_eq!(waiting_for(backend, &transaction).await, [first, second, third]);
}

/// Those that name it and those that name one of its references, page by page; none of another gateway or kind.
pub async fn events_about_a_transaction_are_listed_by_row_in_every_disposition(backend: &Backend) {
    let transaction = backend.transaction(&backend.order().await, |_| ()).await;
    let learn = sample::learn_reference(&transaction, ReferenceOwner::Payment, "pi_1");
    backend.commit([learn]).await;
    let transaction =
        backend.payments.find_transaction(&transaction.id).await.expect("read").expect("it is there");
    let mut expected = Vec::new();
    for disposition in EventDisposition::ALL {
        let named = sample::event("sandbox", Some(&transaction.id));
        // The order is that of the rows, not that of the times.
        let received_at = at(-i64::try_from(expected.len()).expect("few"));
        expected.push(keep(backend, StoredEvent { disposition, received_at, ..named }).await);
        let by_reference = StoredEvent { disposition, ..naming(ReferenceKind::Payment, "pi_1", 1) };
        expected.push(keep(backend, by_reference).await);
    }
    keep(backend, naming(ReferenceKind::Refund, "pi_1", 1)).await;
    keep(backend, sample::event("stripe", Some(&transaction.id))).await;
    keep(backend, sample::event("sandbox", Some(&TransactionId::new("another".into())))).await;
    let list = async |after: Option<EventId>, limit: u32| {
        backend.events.list_events_about(&transaction, after, limit).await.expect("read")
    };
    let all = list(None, 100).await;
    assert_eq!((all.data, all.next), (expected.clone(), None));
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = list(after, 5).await;
        paged.extend(page.data);
        after = page.next.map(EventId::new);
        if after.is_none() {
            break;
        }
    }
    assert_eq!(paged, expected, "nothing twice, nothing left out");
    assert!(list(Some(EventId::new("no such event".into())), 5).await.data.is_empty());
}

/// An event that names a reference is listed as soon as the reference is stored, and not before.
pub async fn applicable_events_may_wait_for_a_reference(backend: &Backend) {
    let transaction = backend.transaction(&backend.order().await, |_| ()).await;
    let second = keep(backend, naming(ReferenceKind::Payment, "pi_1", 2)).await;
    let first_one = keep(backend, naming(ReferenceKind::Payment, "pi_1", 1)).await;
    keep(backend, naming(ReferenceKind::Refund, "pi_1", 1)).await;
    let elsewhere =
        StoredEvent { gateway: sample::gateway("stripe"), ..naming(ReferenceKind::Payment, "pi_1", 1) };
    keep(backend, elsewhere).await;
    assert_eq!(readable(backend.events.list_applicable_events(first_batch(100)).await), []);
    backend.commit([sample::learn_reference(&transaction, ReferenceOwner::Payment, "pi_1")]).await;
    assert_eq!(
        readable(backend.events.list_applicable_events(first_batch(100)).await),
        [first_one, second.clone()]
    );
    let behind = readable(backend.events.list_applicable_events(Batch { skip: 1, limit: 1 }).await);
    assert_eq!(behind, [second]);
}

/// As many as are asked for are looked at, whether they can be applied or not; the end of the list is said.
pub async fn overdue_events_are_looked_at_a_stretch_at_a_time(backend: &Backend) {
    let transaction = backend.transaction(&backend.order().await, |_| ()).await;
    backend.commit([sample::learn_reference(&transaction, ReferenceOwner::Payment, "pi_1")]).await;
    let overdue = |event: StoredEvent, second| StoredEvent {
        disposition: EventDisposition::Overdue,
        received_at: at(second),
        ..event
    };
    let unknown = TransactionId::new("unheard-of".into());
    let mut events = Vec::new();
    for event in [
        // The same time as the one behind it: then the row decides.
        overdue(sample::event("sandbox", Some(&unknown)), 5),
        overdue(sample::event("sandbox", Some(&transaction.id)), 5),
        overdue(naming(ReferenceKind::Payment, "pi_1", 6), 6),
        overdue(sample::event("sandbox", Some(&unknown)), 7),
        overdue(sample::event("sandbox", Some(&transaction.id)), 8),
    ] {
        events.push(keep(backend, event).await);
    }
    keep(backend, StoredEvent { received_at: at(5), ..sample::event("sandbox", Some(&transaction.id)) })
        .await;
    let mut seen = Vec::new();
    let mut after = None;
    for expected in [vec![1], vec![2], vec![4]] {
        let stretch = backend.events.list_applicable_overdue(after, 2).await.expect("read");
        let found: Vec<_> = expected.into_iter().filter_map(|it: usize| events.get(it).cloned()).collect();
        assert_eq!(readable(Ok(stretch.applicable)), found);
        seen.push(stretch.next.map(|it| it.key));
        after = stretch.next;
    }
    let at_place = |place: usize| events.get(place).map(|it| it.key);
    assert_eq!(seen, [at_place(1), at_place(3), None]);
}
