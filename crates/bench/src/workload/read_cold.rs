//! Reading orders that only the shared caches have.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Client, Step, Workload,
    pool::Pool,
    read::{contains_number, read_request},
};
use crate::{
    error::{BenchResult, wrong_answer},
    http::Connection,
    service::ServerProcess,
    shop::{PlacedOrder, Shop},
    stack::Processes,
};

/// Reads orders once each from a second instance, which has none of them in its own caches: the first one has placed
/// them.
pub(super) struct ReadCold {
    shop: Arc<Shop>,
    reader: ServerProcess,
    orders: Arc<Pool<PlacedOrder>>,
}

impl ReadCold {
    /// Starts the second instance. Each round places the orders that it needs.
    pub(super) async fn prepare(shop: Arc<Shop>) -> BenchResult<Self> {
        let reader = shop.stack().command().serve().await?;
        Ok(Self { shop, reader, orders: Arc::new(Pool::new()) })
    }
}

#[async_trait]
impl Workload for ReadCold {
    fn processes(&self) -> Processes {
        Processes { server: Some(self.reader.process_id()), ..self.shop.stack().processes() }
    }

    async fn prepare_round(&self, seconds: u32) -> BenchResult<()> {
        let missing = self.orders.begin_round(seconds);
        self.orders.fill(self.shop.place_orders(missing).await?);
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
        let reply = self.connection.send(&read_request(&self.shop, &order)).await?;
        if reply.status == 200 && contains_number(reply.body, &order.number) {
            Ok(Step::Done)
        } else {
            Err(wrong_answer("GET /v1/orders/{orderNumber}", reply.status, reply.body))
        }
    }
}
