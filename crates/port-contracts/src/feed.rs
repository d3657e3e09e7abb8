//! The suite for the feed of events: numbered after the commit, in its order, once.

mod races;

pub use races::*;

use domain::{FeedEvent, FeedEventType, FeedSequence, NumberedEvent, OrderNumber, TraceParent, User};
use ports::{
    FeedBacklog, FeedEventHead, FeedFilter, FeedHeads, FeedPage, NewFeedEvent, Prunable, UnitOfWork, Write,
};

use crate::{
    Backend,
    sample::{self, at},
};

/// Makes the tests of this suite for an adapter; the fixture gives a [`Backend`].
#[macro_export]
macro_rules! feed {
    ($($fixture:tt)+) => { $crate::stamp! { feed:
        an_event_is_seen_when_it_has_its_number_and_not_before
        numbers_have_no_gaps_and_grow_in_the_order_of_commits
        a_refused_commit_leaves_no_event
        the_event_of_a_finding_is_stored_exactly_if_the_finding_is
        a_filter_leaves_out_other_types_and_goes_on
        old_events_are_pruned_from_the_front_and_a_late_reader_learns_it
        personal_data_is_erased_and_nothing_else
        an_event_that_comes_after_the_erasure_of_its_owner_is_numbered_without_personal_data
        of_many_who_number_at_once_each_number_is_given_once
        a_reader_that_goes_on_sees_each_event_once_while_others_write
        heads_are_those_of_the_events_behind_a_number
        the_last_number_is_known_also_when_its_event_is_pruned
        ; $($fixture)+
    } };
}

/// More than any test has.
const ALL: u32 = 1_000;

async fn number_all(backend: &Backend) {
    backend.commit([Write::NumberFeedEvents(ALL)]).await;
}

async fn read_page(backend: &Backend, filter: FeedFilter) -> (Vec<NumberedEvent>, FeedSequence) {
    match backend.feed.list_events_after(filter).await.expect("read") {
        FeedPage::Events { events, next_after } => (events, next_after),
        expired @ FeedPage::Expired { .. } => panic!("nothing was pruned: {expired:?}"),
    }
}

async fn read_after(backend: &Backend, after: i64, limit: u32) -> (Vec<NumberedEvent>, i64) {
    let after = Some(FeedSequence::new(after));
    let (events, next) = read_page(backend, FeedFilter { after, types: Vec::new(), limit }).await;
    (events, next.get())
}

async fn find_backlog(backend: &Backend) -> FeedBacklog {
    backend.feed.find_feed_backlog(ALL).await.expect("read")
}

fn order_number(text: &str) -> OrderNumber {
    OrderNumber::new(text.to_owned())
}

fn insert_events(events: &[FeedEvent]) -> Write {
    Write::InsertFeedEvents(events.iter().cloned().map(NewFeedEvent::from).collect())
}

fn list_sequences(events: &[NumberedEvent]) -> Vec<i64> {
    events.iter().map(|it| it.sequence.get()).collect()
}

fn strip_numbers(events: Vec<NumberedEvent>) -> Vec<FeedEvent> {
    events.into_iter().map(|it| it.event).collect()
}

/// It is read back as it was written.
pub async fn an_event_is_seen_when_it_has_its_number_and_not_before(backend: &Backend) {
    let user = backend.user().await;
    let parent = TraceParent::new("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned());
    let (owner, trace_parent) = (Some(user.key), Some(parent));
    let event = FeedEvent { owner, trace_parent, ..sample::feed_event(&order_number("n"), 7) };
    assert_eq!(find_backlog(backend).await, FeedBacklog { events: 0, oldest_at: None });
    backend.commit([insert_events(&[event.clone(), sample::feed_event(&order_number("n"), 8)])]).await;
    assert_eq!(read_after(backend, 0, ALL).await, (vec![], 0));
    assert_eq!(find_backlog(backend).await, FeedBacklog { events: 2, oldest_at: Some(at(7)) });
    assert_eq!(backend.feed.find_feed_backlog(1).await.expect("read").events, 1, "counted up to the limit");
    backend.commit([Write::NumberFeedEvents(1)]).await;
    let first = NumberedEvent { sequence: FeedSequence::new(1), event };
    assert_eq!(read_after(backend, 0, ALL).await, (vec![first], 1));
    assert_eq!(find_backlog(backend).await, FeedBacklog { events: 1, oldest_at: Some(at(8)) });
}

/// Also within one commit and among units that are committed together, and whatever the times of the events say.
pub async fn numbers_have_no_gaps_and_grow_in_the_order_of_commits(backend: &Backend) {
    let event = |order: &str, version| sample::feed_event(&order_number(order), version);
    let mut expected = vec![event("a", 9), event("b", 5), event("a", 1)];
    backend.commit([insert_events(&expected)]).await;
    let units: Vec<_> = (1..=13).map(|n| vec![event("c", n), event(&format!("d{n}"), -n)]).collect();
    let works = units.iter().map(|it| UnitOfWork::new().with_write(insert_events(it)));
    for outcome in backend.store.commit_all(works.collect()).await {
        outcome.expect("nothing speaks against this commit");
    }
    expected.extend(units.into_iter().flatten());
    number_all(backend).await;
    let last = event("a", 2);
    backend.commit([insert_events(std::slice::from_ref(&last))]).await;
    expected.push(last);
    // A round without anything to number, or too small for all of it, leaves no gap.
    for rows_max in [0, ALL, ALL, 3] {
        backend.commit([Write::NumberFeedEvents(rows_max)]).await;
    }
    let (events, next) = read_after(backend, 0, ALL).await;
    assert_eq!(list_sequences(&events), (1..=30).collect::<Vec<_>>());
    assert_eq!((strip_numbers(events), next), (expected, 30));
}

/// Neither an event nor a gap in the numbers.
pub async fn a_refused_commit_leaves_no_event(backend: &Backend) {
    let order = backend.order().await;
    let claim = sample::claim(&backend.user().await);
    backend.commit([Write::Claim(claim.clone())]).await;
    let event = sample::feed_event(&order.number, 1);
    backend.expect_refusal([insert_events(std::slice::from_ref(&event)), Write::Claim(claim)]).await;
    assert_eq!(find_backlog(backend).await.events, 0);
    number_all(backend).await;
    backend.commit([insert_events(std::slice::from_ref(&event))]).await;
    number_all(backend).await;
    assert_eq!(list_sequences(&read_after(backend, 0, ALL).await.0), [1]);
}

/// A finding about a subject that has an open one is not stored, and has no event.
pub async fn the_event_of_a_finding_is_stored_exactly_if_the_finding_is(backend: &Backend) {
    let report = |finding: &domain::Finding, name: &str| {
        let event = NewFeedEvent {
            event: sample::feed_event(&order_number(name), 1),
            only_with: Some(finding.id.clone()),
        };
        UnitOfWork::new()
            .with_write(Write::InsertFeedEvents(vec![event]))
            .with_write(Write::InsertFindingOnce(finding.clone(), "orders:1".to_owned()))
    };
    let (first, second, third, fourth) =
        (sample::finding(), sample::finding(), sample::finding(), sample::finding());
    backend.store.commit(report(&first, "first")).await.expect("stored");
    backend.store.commit(report(&second, "second")).await.expect("left out");
    // Together with others, too.
    let units = vec![report(&third, "third"), report(&fourth, "fourth")];
    for outcome in backend.store.commit_all(units).await {
        outcome.expect("left out");
    }
    number_all(backend).await;
    let (events, _) = read_after(backend, 0, ALL).await;
    let about: Vec<_> = events.iter().map(|it| it.event.subject.id()).collect();
    assert_eq!(about, ["first"]);
}

/// It costs a bounded amount of work, and the next page goes on behind what it left out.
pub async fn a_filter_leaves_out_other_types_and_goes_on(backend: &Backend) {
    let kinds = [FeedEventType::OrderPlaced, FeedEventType::OrderPaid, FeedEventType::UserUpdated];
    let events: Vec<_> = (0..9)
        .zip(kinds.iter().copied().cycle())
        .map(|(n, kind)| FeedEvent { kind, ..sample::feed_event(&order_number("n"), n) })
        .collect();
    backend.commit([insert_events(&events)]).await;
    number_all(backend).await;
    let page = async |after, types: &[FeedEventType], limit| {
        let filter = FeedFilter { after: Some(FeedSequence::new(after)), types: types.to_vec(), limit };
        let (events, next) = read_page(backend, filter).await;
        (list_sequences(&events), next.get())
    };
    assert_eq!(page(0, &[], 2).await, (vec![1, 2], 2));
    assert_eq!(page(0, &[FeedEventType::OrderPaid], 2).await, (vec![2, 5], 5));
    assert_eq!(page(5, &[FeedEventType::OrderPaid], 2).await, (vec![8], 9), "it goes on behind all of them");
    assert_eq!(page(9, &[FeedEventType::OrderPaid], 2).await, (vec![], 9), "nothing is new");
    assert_eq!(page(0, &[FeedEventType::DisputeLost], 2).await, (vec![], 9));
    let both = [FeedEventType::UserUpdated, FeedEventType::OrderPaid];
    assert_eq!(page(1, &both, 3).await, (vec![2, 3, 5], 5));
    assert_eq!(page(70, &[], 3).await, (vec![], 70), "nothing comes before it, and nothing behind it");
}

/// A new reader begins at the oldest that is kept.
pub async fn old_events_are_pruned_from_the_front_and_a_late_reader_learns_it(backend: &Backend) {
    // The clocks differ: the third event says that it is older than the two before it.
    let events = [10, 20, 5, 30, 40].map(|seconds| sample::feed_event(&order_number("n"), seconds));
    backend.commit([insert_events(&events)]).await;
    let prune = async |seconds, rows_max| {
        backend.commit([Write::Prune(Prunable::FeedEvents, at(seconds), rows_max)]).await;
    };
    prune(100, 9).await;
    assert_eq!(find_backlog(backend).await.events, 5, "what has no number yet stays");
    number_all(backend).await;
    prune(10, 9).await;
    assert_eq!(list_sequences(&read_after(backend, 0, ALL).await.0), [1, 2, 3, 4, 5], "not before its time");
    prune(11, 9).await;
    prune(11, 9).await;
    let pruned = |sequence| FeedPage::Expired { pruned: FeedSequence::new(sequence) };
    let ask = async |after: Option<i64>| {
        let filter = FeedFilter { after: after.map(FeedSequence::new), types: Vec::new(), limit: ALL };
        backend.feed.list_events_after(filter).await.expect("read")
    };
    assert_eq!(ask(Some(0)).await, pruned(1));
    assert_eq!(list_sequences(&read_after(backend, 1, ALL).await.0), [2, 3, 4, 5], "from the front only");
    prune(35, 2).await;
    assert_eq!(ask(Some(2)).await, pruned(3), "no more than allowed");
    let FeedPage::Events { events, next_after } = ask(None).await else { panic!("a new reader") };
    assert_eq!((list_sequences(&events), next_after.get()), (vec![4, 5], 5));
    prune(100, 9).await;
    assert_eq!(ask(Some(4)).await, pruned(5));
    assert_eq!(read_after(backend, 5, ALL).await, (vec![], 5));
    // Numbers go on where they were.
    backend.commit([insert_events(&[sample::feed_event(&order_number("n"), 200)])]).await;
    number_all(backend).await;
    assert_eq!(list_sequences(&read_after(backend, 5, ALL).await.0), [6]);
}

/// The events stay, with all that is about no person, and those of other users stay as they are.
pub async fn personal_data_is_erased_and_nothing_else(backend: &Backend) {
    let (user, other) = (backend.user().await, backend.user().await);
    let data = r#"{"amount":"9.00","contact":{"name":"Ada"},"metadata":{"vip":"Ada"},"tracking":{"number":"1Z"},"customer":{"id":"u","username":"ada","email":"a@b"}}"#;
    let account = r#"{"id":"u","username":"ada","email":"a@b"}"#;
    let event = |owner, data: &str| FeedEvent {
        owner,
        data: data.to_owned(),
        ..sample::feed_event(&order_number("n"), 1)
    };
    let events = [event(Some(user.key), data), event(Some(other.key), data), event(None, data)];
    backend.commit([insert_events(&events), insert_events(&[event(Some(user.key), account)])]).await;
    number_all(backend).await;
    let has_rows = async |of: &User| backend.account_tasks.has_personal_rows(of.key).await.expect("read");
    for left in [true, true, false] {
        assert_eq!(has_rows(&user).await, left, "two events, one at a time");
        backend.commit([Write::EraseFeedData(user.key, 1)]).await;
    }
    assert!(has_rows(&other).await);
    let (events, _) = read_after(backend, 0, ALL).await;
    assert_eq!(list_sequences(&events), [1, 2, 3, 4]);
    let left: Vec<_> = events.iter().map(|it| it.event.data.replace(' ', "")).collect();
    let erased = r#"{"amount":"9.00","contact":null,"metadata":{},"tracking":null,"customer":{"id":"u","username":"","email":""}}"#;
    let erased_account = r#"{"id":"u","username":"","email":""}"#;
    let sorted = |it: &str| {
        let mut letters: Vec<_> = it.chars().collect();
        letters.sort_unstable();
        letters
    };
    // Members may be in another order.
    for (left, expected) in left.iter().zip([erased, data, data, erased_account]) {
        assert_eq!(sorted(left), sorted(expected), "{left}");
    }
}

/// Its instance wrote it down before the erasure, and hung until the erasure had ended.
pub async fn an_event_that_comes_after_the_erasure_of_its_owner_is_numbered_without_personal_data(
    backend: &Backend,
) {
    let (user, other) = (backend.user().await, backend.user().await);
    backend.open_erasure(&user).await;
    let event = |owner: &User| FeedEvent {
        owner: Some(owner.key),
        data: r#"{"customer":{"id":"u","username":"ada","email":"a@b"}}"#.to_owned(),
        ..sample::feed_event(&order_number("n"), 1)
    };
    backend.commit([insert_events(&[event(&user), event(&other)])]).await;
    number_all(backend).await;
    let (events, _) = read_after(backend, 0, ALL).await;
    let names: Vec<_> = events.iter().map(|it| it.event.data.contains("ada")).collect();
    assert_eq!(names, [false, true], "{events:?}");
    assert!(events.first().is_some_and(|it| it.event.owner.is_none()));
}

/// By number, up to the limit; not one without a number, and none behind a number that was pruned.
pub async fn heads_are_those_of_the_events_behind_a_number(backend: &Backend) {
    let events: Vec<_> = (1..=3).map(|at| sample::feed_event(&order_number("n"), at)).collect();
    backend.commit([insert_events(&events)]).await;
    let list = async |after, limit| {
        backend.feed.list_event_heads(FeedSequence::new(after), limit).await.expect("read")
    };
    assert_eq!(list(0, ALL).await, FeedHeads::Heads(Vec::new()));
    number_all(backend).await;
    let heads: Vec<_> = (1..).zip(&events).map(|(number, event)| head(number, event)).collect();
    assert_eq!(list(0, ALL).await, FeedHeads::Heads(heads.clone()));
    assert_eq!(list(0, 2).await, FeedHeads::Heads(heads.iter().take(2).cloned().collect()));
    assert_eq!(list(2, ALL).await, FeedHeads::Heads(heads.into_iter().skip(2).collect()));
    backend.commit([Write::Prune(Prunable::FeedEvents, at(2), ALL)]).await;
    let pruned = FeedSequence::new(1);
    assert_eq!(list(0, ALL).await, FeedHeads::Expired { pruned });
    assert!(matches!(list(1, ALL).await, FeedHeads::Heads(left) if left.len() == 2));
}

fn head(number: i64, event: &FeedEvent) -> FeedEventHead {
    FeedEventHead {
        sequence: FeedSequence::new(number),
        id: event.id.clone(),
        kind: event.kind.as_str().to_owned(),
        subject_kind: event.subject.kind().to_owned(),
        subject: event.subject.id().to_owned(),
    }
}

/// A reader that wants only what comes from now on begins there.
pub async fn the_last_number_is_known_also_when_its_event_is_pruned(backend: &Backend) {
    let last = async || backend.feed.find_last_sequence().await.expect("read").get();
    assert_eq!(last().await, 0);
    backend
        .commit([insert_events(&[
            sample::feed_event(&order_number("n"), 1),
            sample::feed_event(&order_number("n"), 2),
        ])])
        .await;
    assert_eq!(last().await, 0, "they have no numbers yet");
    number_all(backend).await;
    assert_eq!(last().await, 2);
    backend.commit([Write::Prune(Prunable::FeedEvents, at(10), ALL)]).await;
    assert_eq!(last().await, 2);
}
