//! Reading orders that only the shared caches have.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Client, Step, Workload, pool::Pool, read::read_order};
use crate::{
    error::BenchResult,
    http::Connection,
    service::ServerProcess,
    shop::{PlacedOrder, Shop},
    stack::Processes,
};

/// How many are used in a second of the first round, at most.
const FIRST_PER_SECOND: usize = 5_000;

/// Reads orders once each from a second instance, which has none of them in its own caches: the first one has placed
/// and read them.
pub(super) struct ReadCold {
    shop: Arc<Shop>,
    reader: ServerProcess,
    orders: Arc<Pool<PlacedOrder>>,
}

impl ReadCold {
    /// Starts the second instance. Each round places the orders that it needs.
    pub(super) async fn prepare(shop: Arc<Shop>) -> BenchResult<Self> {
        let reader = shop.stack().command().serve().await?;
        Ok(Self { shop, reader, orders: Arc::new(Pool::new(FIRST_PER_SECOND)) })
    }
}

#[async_trait]
impl Workload for ReadCold {
    fn processes(&self) -> Processes {
        Processes { server: Some(self.reader.process_id()), ..self.shop.stack().processes() }
    }

    async fn prepare_round(&self, seconds: u32) -> BenchResult<()> {
        let missing = self.orders.begin_round(seconds);
        let placed = self.shop.place_orders(missing).await?;
        // At the first instance: an order is in no cache before it is read.
        let mut connection = Connection::open(self.shop.address()).await?;
        for order in &placed {
            read_order(&mut connection, &self.shop, order).await?;
        }
        self.orders.fill(placed);
        Ok(())
    }

    async fn connect(&self, _index: usize) -> BenchResult<Box<dyn Client>> {
        let connection = Connection::open(self.reader.address()).await?;
        let (shop, orders) = (Arc::clone(&self.shop), Arc::clone(&self.orders));
        Ok(Box::new(ColdClient { connection, shop, orders }))
    }
}

struct ColdClient {
    connection: Connection,
    shop: Arc<Shop>,
    orders: Arc<Pool<PlacedOrder>>,
}

#[async_trait]
impl Client for ColdClient {
    async fn run_step(&mut self) -> BenchResult<Step> {
        let Some(order) = self.orders.take() else { return Ok(Step::Exhausted) };
        read_order(&mut self.connection, &self.shop, &order).await?;
        Ok(Step::Done)
    }
}
