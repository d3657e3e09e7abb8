use std::sync::Mutex;

use ports::Unreadable;

use super::*;
use crate::testing::*;

fn unreadable() -> PortError {
    Unreadable { table: "orders", column: "currency", key: "1".into(), owner: None }.into()
}

/// Things that are due, lowest first, of which a sweep takes away what it does.
struct Things(Mutex<Vec<u32>>);

impl Things {
    fn up_to(count: u32) -> Self {
        Self(Mutex::new((0..count).collect()))
    }

    fn left(&self) -> Vec<u32> {
        self.0.lock().unwrap().clone()
    }

    fn read(&self, batch: Batch) -> Result<Vec<u32>, PortError> {
        let (skip, limit) = (usize::try_from(batch.skip).unwrap(), usize::try_from(batch.limit).unwrap());
        Ok(self.left().into_iter().skip(skip).take(limit).collect())
    }

    fn take(&self, thing: u32) -> Result<bool, PortError> {
        self.0.lock().unwrap().retain(|it| *it != thing);
        Ok(true)
    }
}

#[tokio::test]
async fn what_fails_by_itself_is_in_nobodys_way_however_much_there_is_of_it() {
    let bench = Bench::new();
    let things = Things::up_to(LIMIT * 3 + 5);
    let one = async |it: &u32| match *it {
        it if it >= LIMIT * 3 => things.take(it),
        it if it % 3 == 0 => Err(unreadable()),
        it if it % 3 == 1 => Err(PortError::bug("a fault")),
        _ => Ok(false),
    };
    let more = each_due(&bench.app, "test", async |batch| things.read(batch), one).await.unwrap();
    assert!(!more);
    assert_eq!(things.left().len(), usize::try_from(LIMIT * 3).unwrap(), "all behind them were done");
    assert_eq!(bench.meter.all(), [Happening::Swept("test", 5)]);
}

#[tokio::test]
async fn when_something_is_away_nothing_more_is_tried() {
    let bench = Bench::new();
    let things = Things::up_to(10);
    let one = async |it: &u32| if *it == 2 { Err(away()) } else { things.take(*it) };
    assert!(each_due(&bench.app, "test", async |batch| things.read(batch), one).await.is_err());
    assert_eq!(things.left(), (2..10).collect::<Vec<_>>());
    assert_eq!(bench.meter.all(), [Happening::Swept("test", 2)], "what was done is counted");
}

#[tokio::test]
async fn there_may_be_more_after_a_batch_that_was_done() {
    let bench = Bench::new();
    let things = Things::up_to(LIMIT + 1);
    let one = async |it: &u32| things.take(*it);
    assert!(each_due(&bench.app, "test", async |batch| things.read(batch), one).await.unwrap());
    assert!(!each_due(&bench.app, "test", async |batch| things.read(batch), one).await.unwrap());
    assert!(things.left().is_empty());
}
