//! The first page of each list.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    error::{BenchResult, wrong_answer},
    http::{Connection, encode_request},
    shop::Shop,
    stack::Processes,
    workload::{Client, Step, Workload},
};

/// Who asks for a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    Operator,
    Customer,
}

/// The first page of one list.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageRequest {
    /// The name in the table.
    pub(super) name: &'static str,
    path: &'static str,
    reader: Reader,
}

/// The first pages, of all lists that an operator or a customer has.
pub(super) const FIRST_PAGES: [PageRequest; 14] = [
    PageRequest { name: "all orders", path: "/v1/orders", reader: Reader::Operator },
    PageRequest { name: "all orders, oldest", path: "/v1/orders?sort=createdAt", reader: Reader::Operator },
    PageRequest {
        name: "all orders by change",
        path: "/v1/orders?sort=-updatedAt",
        reader: Reader::Operator,
    },
    PageRequest { name: "orders PAID", path: "/v1/orders?status=PAID", reader: Reader::Operator },
    PageRequest { name: "orders CLOSED", path: "/v1/orders?status=CLOSED", reader: Reader::Operator },
    PageRequest { name: "own orders", path: "/v1/orders", reader: Reader::Customer },
    PageRequest { name: "payments", path: "/v1/payments", reader: Reader::Operator },
    PageRequest { name: "payments CAPTURED", path: "/v1/payments?status=CAPTURED", reader: Reader::Operator },
    PageRequest { name: "refunds", path: "/v1/refunds", reader: Reader::Operator },
    PageRequest { name: "users", path: "/v1/users", reader: Reader::Operator },
    PageRequest { name: "products", path: "/v1/products", reader: Reader::Customer },
    PageRequest { name: "events", path: "/v1/events", reader: Reader::Operator },
    PageRequest { name: "findings", path: "/v1/operations/findings", reader: Reader::Operator },
    PageRequest { name: "webhook endpoints", path: "/v1/webhook-endpoints", reader: Reader::Operator },
];

/// Asks for a first page again and again.
pub(super) struct FirstPage {
    /// Where it is asked for.
    pub(super) shop: Arc<Shop>,
    /// What is asked for.
    pub(super) page: PageRequest,
}

#[async_trait]
impl Workload for FirstPage {
    fn processes(&self) -> Processes {
        self.shop.stack().processes()
    }

    async fn connect(&self, index: usize) -> BenchResult<Box<dyn Client>> {
        let authorization = match self.page.reader {
            Reader::Operator => self.shop.operator(),
            Reader::Customer => self.shop.customer(index),
        };
        let request = encode_request("GET", self.page.path, &[("authorization", authorization)], "");
        let connection = Connection::open(self.shop.address()).await?;
        Ok(Box::new(PageClient { connection, request, path: self.page.path }))
    }
}

struct PageClient {
    connection: Connection,
    request: Vec<u8>,
    path: &'static str,
}

#[async_trait]
impl Client for PageClient {
    async fn run_step(&mut self) -> BenchResult<Step> {
        let reply = self.connection.send(&self.request).await?;
        if reply.status == 200 && reply.body.starts_with(b"{\"data\":[") {
            Ok(Step::Done)
        } else {
            Err(wrong_answer(self.path, reply.status, reply.body))
        }
    }
}
