//! Reading orders; and the same request to a server that returns fixed bytes.

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;

use super::{Client, Step, Workload};
use crate::{
    error::{BenchResult, wrong_answer},
    hello::{self, HelloServer},
    http::{Connection, encode_request},
    shop::{PlacedOrder, Shop},
    stack::Processes,
};

/// Requests whose responses are known.
#[derive(Debug)]
struct KnownReads {
    address: SocketAddr,
    /// Each request with the body of its response.
    reads: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Reads the hot orders of a shop.
pub(crate) struct Read {
    shop: Arc<Shop>,
    known: Arc<KnownReads>,
}

impl Read {
    /// Places the orders and reads each once, to know what every answer must be.
    pub(crate) async fn prepare(shop: Arc<Shop>, orders: usize) -> BenchResult<Self> {
        let placed = shop.hot_orders(orders).await?;
        // Only now: the service closes a connection that is silent for some seconds.
        let mut connection = Connection::open(shop.address()).await?;
        let mut reads = Vec::with_capacity(placed.len());
        for order in placed.iter() {
            reads.push(read_order(&mut connection, &shop, order).await?);
        }
        let address = shop.address();
        Ok(Self { shop, known: Arc::new(KnownReads { address, reads }) })
    }
}

#[async_trait]
impl Workload for Read {
    fn processes(&self) -> Processes {
        self.shop.stack().processes()
    }

    /// Reads each order once, so that it is hot: the copies of an earlier round may have run out.
    async fn prepare_round(&self, _seconds: u32) -> BenchResult<()> {
        let mut client = ReadClient::connect(&self.known, 0).await?;
        for _ in &self.known.reads {
            client.run_step().await?;
        }
        Ok(())
    }

    async fn connect(&self, index: usize) -> BenchResult<Box<dyn Client>> {
        ReadClient::connect(&self.known, index).await
    }
}

/// Sends the same requests to a server that returns fixed bytes.
pub(super) struct Hello {
    server: HelloServer,
    known: Arc<KnownReads>,
}

impl Hello {
    /// Starts a server whose responses are as long as an order of the shop.
    pub(super) async fn prepare(shop: &Arc<Shop>) -> BenchResult<Self> {
        let orders = shop.place_orders(1).await?;
        let order = orders.first().ok_or("there is no order")?;
        let server = HelloServer::start(shop.stack().folder(), order.reply.len()).await?;
        let read = (read_request(shop, order), hello::body(order.reply.len()).into_bytes());
        let known = Arc::new(KnownReads { address: server.address(), reads: vec![read] });
        Ok(Self { server, known })
    }
}

#[async_trait]
impl Workload for Hello {
    fn processes(&self) -> Processes {
        Processes { server: Some(self.server.process_id()), ..Processes::default() }
    }

    async fn connect(&self, index: usize) -> BenchResult<Box<dyn Client>> {
        ReadClient::connect(&self.known, index).await
    }
}

/// Goes through the known requests again and again; clients begin at different ones.
struct ReadClient {
    connection: Connection,
    known: Arc<KnownReads>,
    next: usize,
}

impl ReadClient {
    async fn connect(known: &Arc<KnownReads>, index: usize) -> BenchResult<Box<dyn Client>> {
        /// A prime, so that clients spread over the requests.
        const DISTANCE: usize = 7_919;
        let connection = Connection::open(known.address).await?;
        Ok(Box::new(Self { connection, known: Arc::clone(known), next: index.wrapping_mul(DISTANCE) }))
    }
}

#[async_trait]
impl Client for ReadClient {
    async fn run_step(&mut self) -> BenchResult<Step> {
        let index = self.next.checked_rem(self.known.reads.len()).unwrap_or(0);
        self.next = self.next.wrapping_add(1);
        let (request, body) = self.known.reads.get(index).ok_or("there is nothing to read")?;
        let reply = self.connection.send(request).await?;
        // Byte for byte: nobody changes these orders.
        if reply.status == 200 && reply.body == body {
            Ok(Step::Done)
        } else {
            Err(wrong_answer("GET /v1/orders/{orderNumber}", reply.status, reply.body))
        }
    }
}

/// Reads an order as its customer. Returns the request and the body of its response.
pub(super) async fn read_order(
    connection: &mut Connection,
    shop: &Shop,
    order: &PlacedOrder,
) -> BenchResult<(Vec<u8>, Vec<u8>)> {
    let request = read_request(shop, order);
    let reply = connection.send(&request).await?;
    if reply.status == 200 && contains_number(reply.body, &order.number) {
        let body = reply.body.to_vec();
        Ok((request, body))
    } else {
        Err(wrong_answer("GET /v1/orders/{orderNumber}", reply.status, reply.body))
    }
}

/// The request that reads an order, sent by its customer.
fn read_request(shop: &Shop, order: &PlacedOrder) -> Vec<u8> {
    let headers = [("authorization", shop.customer(order.customer))];
    encode_request("GET", &format!("/v1/orders/{}", order.number), &headers, "")
}

/// Whether a body is that of the order with this number.
pub(super) fn contains_number(body: &[u8], number: &str) -> bool {
    str::from_utf8(body).is_ok_and(|it| it.contains(&format!("\"orderNumber\":\"{number}\"")))
}
