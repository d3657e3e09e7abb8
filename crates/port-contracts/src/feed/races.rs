//! Many who write, number and read at once.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use domain::{FeedSequence, NumberedEvent};
use ports::{FeedFilter, FeedPage, FeedRepository, PortError, UnitOfWork, Write};
use tokio::task::{JoinSet, yield_now};

use super::{ALL, find_backlog, insert_events, list_sequences, order_number, read_after};
use crate::{Backend, backend::commit_until_known, sample};

/// Writers, each of an order of its own.
const WRITERS: usize = 6;
/// The events of each order, one commit after the other.
const VERSIONS: i64 = 15;
/// Rounds of each of several that number at once.
const ROUNDS: usize = 12;

/// Writes the events of one order, one commit after the other.
fn spawn_writers(backend: &Backend, tasks: &mut JoinSet<()>) -> Arc<AtomicUsize> {
    let writing = Arc::new(AtomicUsize::new(WRITERS));
    for writer in 0..WRITERS {
        let (store, writing) = (Arc::clone(&backend.store), Arc::clone(&writing));
        tasks.spawn(async move {
            let order = order_number(&format!("order-{writer}"));
            for version in 1..=VERSIONS {
                let event = sample::feed_event(&order, version);
                let work = UnitOfWork::new().with_write(insert_events(&[event]));
                commit_until_known(&*store, work).await.expect("nothing speaks against this commit");
            }
            writing.fetch_sub(1, Ordering::SeqCst);
        });
    }
    writing
}

/// Numbers a few events; it does not matter if the database was too slow to do so.
fn spawn_numberer(
    backend: &Backend,
    tasks: &mut JoinSet<()>,
    until: impl Fn(usize) -> bool + Send + 'static,
) {
    let store = Arc::clone(&backend.store);
    tasks.spawn(async move {
        let mut rounds = 0;
        while !until(rounds) {
            let work = UnitOfWork::new().with_write(Write::NumberFeedEvents(5));
            match store.commit(work).await {
                Ok(()) | Err(ports::CommitError::Failed(PortError::Unavailable(_))) => {}
                Err(error) => panic!("nothing refuses to number: {error:?}"),
            }
            rounds += 1;
            yield_now().await;
        }
    });
}

/// Asserts that the events of every order are all there, and in their order.
#[track_caller]
fn assert_complete(events: &[NumberedEvent]) {
    let expected: Vec<_> = (1..).take(events.len()).collect();
    assert_eq!(list_sequences(events), expected, "each number once, without gaps");
    let mut of_order: HashMap<&str, Vec<&str>> = HashMap::new();
    for it in events {
        of_order.entry(it.event.subject.id()).or_default().push(&it.event.data);
    }
    assert_eq!(of_order.len(), WRITERS);
    let versions: Vec<_> = (1..=VERSIONS).map(|it| format!(r#"{{"version":{it}}}"#)).collect();
    for (order, seen) in of_order {
        assert_eq!(seen, versions, "{order}");
    }
}

/// A numberer that waits for the sequencer row continues after the last number of the other.
pub async fn of_many_who_number_at_once_each_number_is_given_once(backend: &Backend) {
    let mut tasks = JoinSet::new();
    spawn_writers(backend, &mut tasks);
    for _ in 0..4 {
        spawn_numberer(backend, &mut tasks, |rounds| rounds >= ROUNDS);
    }
    tasks.join_all().await;
    while find_backlog(backend).await.events > 0 {
        commit_until_known(&*backend.store, UnitOfWork::new().with_write(Write::NumberFeedEvents(ALL)))
            .await
            .expect("nothing refuses to number");
    }
    assert_complete(&read_after(backend, 0, ALL).await.0);
}

/// The pages of a reader who asks again and again, put together, are all events in their order.
pub async fn a_reader_that_goes_on_sees_each_event_once_while_others_write(backend: &Backend) {
    let mut tasks = JoinSet::new();
    let writing = spawn_writers(backend, &mut tasks);
    let read = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let read = Arc::clone(&read);
        let all = WRITERS * usize::try_from(VERSIONS).expect("a small number");
        spawn_numberer(backend, &mut tasks, move |_| read.load(Ordering::SeqCst) >= all);
    }
    let (mut seen, mut after) = (Vec::new(), None);
    let all = WRITERS * usize::try_from(VERSIONS).expect("a small number");
    while seen.len() < all || writing.load(Ordering::SeqCst) > 0 {
        let page = read_patiently(&*backend.feed, after).await;
        let FeedPage::Events { events, next_after } = page else { panic!("nothing was pruned") };
        assert!(events.iter().all(|it| Some(it.sequence) > after && it.sequence <= next_after));
        seen.extend(events);
        after = Some(next_after);
        read.store(seen.len(), Ordering::SeqCst);
        yield_now().await;
    }
    tasks.join_all().await;
    assert_complete(&seen);
}

/// Reads a page; a database that is too slow under load is asked again.
async fn read_patiently(feed: &dyn FeedRepository, after: Option<FeedSequence>) -> FeedPage {
    const ATTEMPTS_MAX: usize = 60;
    for _ in 0..ATTEMPTS_MAX {
        let filter = FeedFilter { after, types: Vec::new(), limit: 7 };
        match feed.list_events_after(filter).await {
            Err(PortError::Unavailable(_)) => {}
            outcome => return outcome.expect("read"),
        }
    }
    panic!("the database answers");
}
