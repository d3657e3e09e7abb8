//! Placing orders again that exist, under the same idempotency keys.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Client, Step, Workload};
use crate::{
    error::{BenchResult, wrong_answer},
    http::Connection,
    shop::{PlacedOrder, Shop},
    stack::Processes,
};

/// Replays the requests that placed the hot orders of a shop.
pub(super) struct Replay {
    shop: Arc<Shop>,
    orders: Arc<Vec<PlacedOrder>>,
}

impl Replay {
    /// Places the orders.
    pub(super) async fn prepare(shop: Arc<Shop>, orders: usize) -> BenchResult<Self> {
        Ok(Self { orders: shop.hot_orders(orders).await?, shop })
    }
}

#[async_trait]
impl Workload for Replay {
    fn processes(&self) -> Processes {
        self.shop.stack().processes()
    }

    async fn connect(&self, index: usize) -> BenchResult<Box<dyn Client>> {
        /// A prime, so that clients spread over the orders: two never send the same key at the same time.
        const DISTANCE: usize = 151;
        let connection = Connection::open(self.shop.address()).await?;
        let next = index.wrapping_mul(DISTANCE);
        Ok(Box::new(ReplayClient { connection, orders: Arc::clone(&self.orders), next }))
    }
}

struct ReplayClient {
    connection: Connection,
    orders: Arc<Vec<PlacedOrder>>,
    next: usize,
}

#[async_trait]
impl Client for ReplayClient {
    async fn run_step(&mut self) -> BenchResult<Step> {
        let index = self.next.checked_rem(self.orders.len()).unwrap_or(0);
        self.next = self.next.wrapping_add(1);
        let order = self.orders.get(index).ok_or("there is no order to place again")?;
        let reply = self.connection.send(&order.request).await?;
        if reply.status == 201 && reply.replayed && reply.body == order.reply {
            Ok(Step::Done)
        } else {
            Err(wrong_answer("POST /v1/orders again", reply.status, reply.body))
        }
    }
}
