//! A shop at work: reads, orders and notices at once, with and without logins beside them.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Client, Step, Workload, callback::Callback, name::LOGIN_CLIENTS, place::Place, read::Read};
use crate::{
    error::BenchResult,
    http::Connection,
    shop::{Basket, Random, Shop},
    stack::Processes,
};

/// Of 100 operations, how many are reads; and how many are reads or orders. The others are notices.
const READS: usize = 80;
const READS_AND_ORDERS: usize = 95;

/// Does all three in turn. The clients beyond the first ones only log in.
pub(super) struct Mixed {
    shop: Arc<Shop>,
    read: Read,
    place: Place,
    callback: Callback,
    /// The number of clients that do not log in.
    clients: usize,
}

impl Mixed {
    /// Places the orders that are read.
    pub(super) async fn prepare(shop: Arc<Shop>, orders: usize, clients: usize) -> BenchResult<Self> {
        Ok(Self {
            read: Read::prepare(Arc::clone(&shop), orders).await?,
            place: Place { shop: Arc::clone(&shop), basket: Basket::TwoOfMany },
            callback: Callback::new(Arc::clone(&shop)),
            shop,
            clients,
        })
    }
}

#[async_trait]
impl Workload for Mixed {
    fn processes(&self) -> Processes {
        self.shop.stack().processes()
    }

    async fn prepare_round(&self, seconds: u32) -> BenchResult<()> {
        self.callback.prepare_round(seconds).await
    }

    async fn connect(&self, index: usize) -> BenchResult<Box<dyn Client>> {
        if let Some(number) = index.checked_sub(self.clients) {
            let connection = Connection::open(self.shop.address()).await?;
            return Ok(Box::new(LoginClient { connection, shop: Arc::clone(&self.shop), number }));
        }
        Ok(Box::new(MixedClient {
            read: self.read.connect(index).await?,
            place: self.place.connect(index).await?,
            callback: self.callback.connect(index).await?,
            random: Random::new(index),
        }))
    }
}

struct MixedClient {
    read: Box<dyn Client>,
    place: Box<dyn Client>,
    callback: Box<dyn Client>,
    random: Random,
}

#[async_trait]
impl Client for MixedClient {
    async fn run_step(&mut self) -> BenchResult<Step> {
        let drawn = self.random.below(100);
        if drawn < READS {
            return self.read.run_step().await;
        }
        if drawn < READS_AND_ORDERS {
            return self.place.run_step().await;
        }
        match self.callback.run_step().await? {
            // No payment is left to capture; the others go on.
            Step::Exhausted => self.read.run_step().await,
            done @ (Step::Done | Step::Aside) => Ok(done),
        }
    }
}

/// Logs in again and again. What it does is load, and is not counted.
struct LoginClient {
    connection: Connection,
    shop: Arc<Shop>,
    number: usize,
}

#[async_trait]
impl Client for LoginClient {
    async fn run_step(&mut self) -> BenchResult<Step> {
        self.shop.log_customer_in(&mut self.connection, self.number % LOGIN_CLIENTS).await?;
        Ok(Step::Aside)
    }
}
