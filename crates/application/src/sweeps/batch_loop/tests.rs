use std::sync::{
    Mutex,
    atomic::{AtomicU32, Ordering},
};

use ports::UnreadableRow;

use super::*;
use crate::{outage_watch::UNAVAILABLE_MAX, testing::*};

fn unreadable() -> PortError {
    UnreadableRow { table: "orders", column: "currency", key: "1".into(), owner: None }.into()
}

/// The outcome of processing an item.
type Act = fn(u32) -> Result<bool, PortError>;

/// Due items, lowest first, what happens to each, and how many were tried. An item that is processed is removed.
struct Things(Mutex<Vec<u32>>, Act, AtomicU32);

impl Things {
    fn up_to(count: u32, act: Act) -> Self {
        Self(Mutex::new((0..count).collect()), act, AtomicU32::new(0))
    }

    fn left(&self) -> Vec<u32> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Sweep for Things {
    type Item = u32;

    async fn list_due(&self, _: &App, batch: Batch) -> Result<Vec<u32>, PortError> {
        let (skip, limit) = (usize::try_from(batch.skip).unwrap(), usize::try_from(batch.limit).unwrap());
        Ok(self.left().into_iter().skip(skip).take(limit).collect())
    }

    async fn process_item(&self, _: &App, item: &u32) -> Result<bool, PortError> {
        self.2.fetch_add(1, Ordering::SeqCst);
        let done = (self.1)(*item)?;
        if done {
            self.0.lock().unwrap().retain(|it| it != item);
        }
        Ok(done)
    }
}

#[tokio::test]
async fn what_fails_by_itself_is_in_no_others_way_however_much_there_is_of_it() {
    let bench = TestApp::new();
    let things = Things::up_to(BATCH_SIZE * 3 + 5, |it| match it {
        it if it >= BATCH_SIZE * 3 => Ok(true),
        it if it % 3 == 0 => Err(unreadable()),
        it if it % 3 == 1 => Err(PortError::bug("a fault")),
        _ => Ok(false),
    });
    assert!(!for_each_due(&bench.app, "test", &things).await.unwrap());
    assert_eq!(
        things.left().len(),
        usize::try_from(BATCH_SIZE * 3).unwrap(),
        "the items after them are done"
    );
    assert_eq!(bench.metrics.all_observations(), [Observation::BatchProcessed("test", 5)]);
}

#[tokio::test]
async fn an_item_that_stays_unavailable_is_in_no_others_way() {
    let bench = TestApp::new();
    let things = Things::up_to(10, |it| if it < 2 || it == 5 { Err(unavailable_error()) } else { Ok(true) });
    let outcome = for_each_due(&bench.app, "test", &things).await;
    assert_eq!(things.left(), [0, 1, 5], "the items between and after them are done");
    assert!(
        matches!(outcome, Err(PortError::Unavailable(_))),
        "{outcome:?}: the log says that something is away"
    );
    assert_eq!(bench.metrics.all_observations(), [Observation::BatchProcessed("test", 7)]);
}

#[tokio::test]
async fn an_item_that_stays_unavailable_does_not_keep_a_backlog_waiting_for_the_next_tick() {
    let bench = TestApp::new();
    let things =
        Things::up_to(BATCH_SIZE * 2, |it| if it == 0 { Err(unavailable_error()) } else { Ok(true) });
    assert!(for_each_due(&bench.app, "test", &things).await.unwrap(), "there may be more");
    assert_eq!(things.left(), [0], "a second batch was needed for a hundred");
}

#[tokio::test]
async fn when_something_is_away_three_items_are_tried_and_no_more() {
    let bench = TestApp::new();
    let things = Things::up_to(1_000, |it| if it >= 2 { Err(unavailable_error()) } else { Ok(true) });
    assert!(for_each_due(&bench.app, "test", &things).await.is_err());
    assert_eq!(things.left(), (2..1_000).collect::<Vec<_>>());
    assert_eq!(things.2.load(Ordering::SeqCst), 2 + UNAVAILABLE_MAX);
    assert_eq!(
        bench.metrics.all_observations(),
        [Observation::BatchProcessed("test", 2)],
        "what was done is counted"
    );
}

#[tokio::test]
async fn there_may_be_more_after_a_batch_that_was_done() {
    let bench = TestApp::new();
    let things = Things::up_to(BATCH_SIZE + 1, |_| Ok(true));
    assert!(for_each_due(&bench.app, "test", &things).await.unwrap());
    assert!(!for_each_due(&bench.app, "test", &things).await.unwrap());
    assert!(things.left().is_empty());
}
