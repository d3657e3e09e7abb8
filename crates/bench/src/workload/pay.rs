//! Paying orders through the sandbox.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Client, Step, Workload, pool::Pool};
use crate::{
    error::BenchResult,
    http::Connection,
    shop::{PaymentCourse, PlacedOrder, Shop, capture_payment, start_payment},
    stack::Processes,
};

/// How many are used in a second of the first round, at most.
const FIRST_PER_SECOND: usize = 600;

/// Starts payments that are authorised at once, and captures them. The sandbox then delivers notices of its own,
/// which belong to the cost of a payment.
pub(super) struct Pay {
    shop: Arc<Shop>,
    orders: Arc<Pool<PlacedOrder>>,
}

impl Pay {
    /// A workload without orders; each round makes those that it needs.
    pub(super) fn new(shop: Arc<Shop>) -> Self {
        Self { shop, orders: Arc::new(Pool::new(FIRST_PER_SECOND)) }
    }
}

#[async_trait]
impl Workload for Pay {
    fn processes(&self) -> Processes {
        self.shop.stack().processes()
    }

    async fn prepare_round(&self, seconds: u32) -> BenchResult<()> {
        let missing = self.orders.begin_round(seconds);
        self.orders.fill(self.shop.place_orders(missing).await?);
        Ok(())
    }

    async fn connect(&self, _index: usize) -> BenchResult<Box<dyn Client>> {
        let connection = Connection::open(self.shop.address()).await?;
        let (shop, orders) = (Arc::clone(&self.shop), Arc::clone(&self.orders));
        Ok(Box::new(PayClient { connection, shop, orders }))
    }
}

struct PayClient {
    connection: Connection,
    shop: Arc<Shop>,
    orders: Arc<Pool<PlacedOrder>>,
}

#[async_trait]
impl Client for PayClient {
    async fn run_step(&mut self) -> BenchResult<Step> {
        let Some(order) = self.orders.take() else { return Ok(Step::Exhausted) };
        let customer = self.shop.customer(order.customer);
        let course = PaymentCourse::AuthorizedOnly;
        let payment = start_payment(&mut self.connection, customer, &order, course).await?;
        capture_payment(&mut self.connection, self.shop.operator(), &payment).await?;
        Ok(Step::Done)
    }
}
