//! The workloads: what is requested, and what every answer must be.

mod callback;
mod fixtures;
mod mixed;
mod name;
mod pay;
mod place;
mod pool;
mod raw_callback;
mod raw_database;
mod raw_place;
mod read;
mod read_cold;
mod replay;

use async_trait::async_trait;

use crate::{error::BenchResult, stack::Processes};

pub(crate) use self::{
    fixtures::Fixtures,
    name::{Name, all_names},
    place::Place,
    read::Read,
};

/// What one operation of a client came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It was done, and its answer was right.
    Done,
    /// It was done, and its answer was right. It is load beside the operations of the workload, and is not counted.
    Aside,
    /// Nothing was done: all that was prepared is used up.
    Exhausted,
}

/// One client, with a connection of its own and one request at a time.
#[async_trait]
pub(crate) trait Client: Send {
    /// Does one operation and checks its answer. After an error the client cannot be used.
    async fn run_step(&mut self) -> BenchResult<Step>;
}

/// A workload that can be run again and again.
#[async_trait]
pub(crate) trait Workload: Send + Sync {
    /// The processes whose CPU time belongs to it, beside the load generator.
    fn processes(&self) -> Processes;

    /// Makes what a round of that many seconds uses up. Its time is not measured.
    async fn prepare_round(&self, _seconds: u32) -> BenchResult<()> {
        Ok(())
    }

    /// A new client; `index` counts the clients of a round from 0.
    async fn connect(&self, index: usize) -> BenchResult<Box<dyn Client>>;
}
