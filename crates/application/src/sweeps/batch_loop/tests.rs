use std::sync::Mutex;

use ports::UnreadableRow;

use super::*;
use crate::testing::*;

fn unreadable() -> PortError {
    UnreadableRow { table: "orders", column: "currency", key: "1".into(), owner: None }.into()
}

/// The outcome of processing an item.
type Act = fn(u32) -> Result<bool, PortError>;

/// Due items, lowest first. An item that is processed is removed.
struct Things(Mutex<Vec<u32>>, Act);

impl Things {
    fn up_to(count: u32, act: Act) -> Self {
        Self(Mutex::new((0..count).collect()), act)
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
async fn when_something_is_away_nothing_more_is_tried() {
    let bench = TestApp::new();
    let things = Things::up_to(10, |it| if it == 2 { Err(away_error()) } else { Ok(true) });
    assert!(for_each_due(&bench.app, "test", &things).await.is_err());
    assert_eq!(things.left(), (2..10).collect::<Vec<_>>());
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
