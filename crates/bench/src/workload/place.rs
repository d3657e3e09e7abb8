//! Placing orders.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Client, Step, Workload};
use crate::{
    error::BenchResult,
    shop::{Basket, Buyer, Shop},
    stack::Processes,
};

/// Places orders; each client is another customer.
pub(crate) struct Place {
    /// Where the orders are placed.
    pub(crate) shop: Arc<Shop>,
    /// What is ordered.
    pub(crate) basket: Basket,
}

#[async_trait]
impl Workload for Place {
    fn processes(&self) -> Processes {
        self.shop.stack().processes()
    }

    async fn connect(&self, index: usize) -> BenchResult<Box<dyn Client>> {
        Ok(Box::new(PlaceClient { buyer: self.shop.buyer(index).await?, basket: self.basket }))
    }
}

struct PlaceClient {
    buyer: Buyer,
    basket: Basket,
}

#[async_trait]
impl Client for PlaceClient {
    async fn run_step(&mut self) -> BenchResult<Step> {
        self.buyer.place_order(self.basket).await.map(|_| Step::Done)
    }
}
