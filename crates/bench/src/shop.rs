//! A shop with customers, products and orders, on one stack.

mod buyer;
mod payments;
mod view;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};
use tokio::{sync::OnceCell, task::JoinSet};

use crate::{
    error::{BenchResult, wrong_answer},
    http::{Connection, encode_request},
    stack::Stack,
};

pub(crate) use self::{
    buyer::{Basket, Buyer, PlacedOrder, Random},
    payments::{Payment, PaymentCourse, capture_payment, start_payment},
};

/// The products, all with tracked stock.
pub(crate) const PRODUCTS: usize = 1_000;
/// The price of every product.
pub(crate) const PRICE: &str = "9.99";
/// The sum of an order of two products.
pub(crate) const PRICE_OF_TWO: &str = "19.98";
/// The stock of every product: the most that the service takes.
const STOCK: u32 = 1_000_000_000;
/// The password of all accounts.
const PASSWORD: &str = "a bench in the park";
/// Moves the next lookup of all pending payments far away: a sweep that asks the gateway about thousands of them
/// would be measured, too.
const POSTPONE_CHECKS: &str = "UPDATE payment_transactions SET check_at = '2037-01-01' WHERE status = 'PENDING' AND check_at < '2036-01-01'";
/// The buyers that place orders at once while a workload is prepared.
const TASKS: usize = 32;

/// A shop whose products, operator and customers exist.
#[derive(Debug)]
pub(crate) struct Shop {
    stack: Stack,
    operator: String,
    customers: Vec<String>,
    /// Orders that are read and replayed, made when they are first needed.
    hot_orders: OnceCell<Arc<Vec<PlacedOrder>>>,
    /// The number of the next buyer: no two use the same idempotency keys.
    buyers: AtomicUsize,
}

impl Shop {
    /// Makes the accounts and the products.
    pub(crate) async fn open(stack: Stack, customers: usize) -> BenchResult<Self> {
        let operator = "shopkeeper";
        let email = format!("{operator}@example.com");
        let command = stack.command().clone().with_setting("IDEM_OPERATOR_PASSWORD", PASSWORD.to_owned());
        command.run(&["create-operator", "--username", operator, "--email", &email])?;
        let mut connection = Connection::open(stack.service().address()).await?;
        let operator = login(&mut connection, operator).await?;
        for number in 0..PRODUCTS {
            let product = json!({
                "name": "Tea", "price": PRICE, "currency": "CNY", "stock": STOCK, "active": true,
            });
            let path = format!("/v1/products/{}", product_id(number));
            send_json(&mut connection, ("PUT", &path), &operator, &product, 201).await?;
        }
        let mut tokens = Vec::with_capacity(customers);
        for number in 0..customers {
            let name = format!("customer{number}");
            let email = format!("{name}@example.com");
            let account = json!({"username": name, "email": email, "password": PASSWORD});
            send_json(&mut connection, ("POST", "/v1/auth/register"), "", &account, 201).await?;
            tokens.push(login(&mut connection, &name).await?);
        }
        Ok(Self {
            stack,
            operator,
            customers: tokens,
            hot_orders: OnceCell::new(),
            buyers: AtomicUsize::new(0),
        })
    }

    /// What the shop runs on.
    pub(crate) const fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The address of the service.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.stack.service().address()
    }

    /// The `Authorization` header of the operator.
    pub(crate) fn operator(&self) -> &str {
        &self.operator
    }

    /// The `Authorization` header of a customer. Numbers beyond the last customer begin again.
    pub(crate) fn customer(&self, number: usize) -> &str {
        let index = number.checked_rem(self.customers.len()).unwrap_or(0);
        self.customers.get(index).map_or("", String::as_str)
    }

    /// Logs that customer in once more.
    pub(crate) async fn log_customer_in(
        &self,
        connection: &mut Connection,
        number: usize,
    ) -> BenchResult<()> {
        let number = number.checked_rem(self.customers.len()).unwrap_or(0);
        login(connection, &format!("customer{number}")).await.map(drop)
    }

    /// A buyer with a connection, who is that customer.
    pub(crate) async fn buyer(&self, customer: usize) -> BenchResult<Buyer> {
        let number = self.buyers.fetch_add(1, Ordering::Relaxed);
        let connection = Connection::open(self.address()).await?;
        Ok(Buyer::new(connection, number, customer, self.customer(customer).to_owned()))
    }

    /// The orders that are read and replayed: `count` of them, however often this is called.
    pub(crate) async fn hot_orders(self: &Arc<Self>, count: usize) -> BenchResult<Arc<Vec<PlacedOrder>>> {
        let make = async || self.place_orders(count).await.map(Arc::new);
        self.hot_orders.get_or_try_init(make).await.map(Arc::clone)
    }

    /// Places new orders, spread over the customers.
    pub(crate) async fn place_orders(self: &Arc<Self>, count: usize) -> BenchResult<Vec<PlacedOrder>> {
        let taken = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for number in 0..TASKS {
            let (shop, taken) = (Arc::clone(self), Arc::clone(&taken));
            tasks.spawn(async move {
                let mut buyer = shop.buyer(number).await?;
                let mut placed = Vec::new();
                while taken.fetch_add(1, Ordering::Relaxed) < count {
                    placed.push(buyer.place_order(Basket::TwoOfMany).await?);
                }
                BenchResult::Ok(placed)
            });
        }
        let placed: Vec<_> = tasks.join_all().await.into_iter().collect::<BenchResult<_>>()?;
        Ok(placed.into_iter().flatten().collect())
    }

    /// Places new orders whose payments are pending, and keeps the service from looking these payments up: only
    /// notices change them.
    pub(crate) async fn start_pending_payments(self: &Arc<Self>, count: usize) -> BenchResult<Vec<Payment>> {
        let orders = self.place_orders(count).await?;
        let mut tasks = JoinSet::new();
        for orders in orders.chunks(count.div_ceil(TASKS).max(1)) {
            let (shop, orders) = (Arc::clone(self), orders.to_vec());
            tasks.spawn(async move {
                let mut connection = Connection::open(shop.address()).await?;
                let mut started = Vec::with_capacity(orders.len());
                for order in &orders {
                    let customer = shop.customer(order.customer);
                    let payment = start_payment(&mut connection, customer, order, PaymentCourse::Pending);
                    started.push(payment.await?);
                }
                BenchResult::Ok(started)
            });
        }
        let started: Vec<_> = tasks.join_all().await.into_iter().collect::<BenchResult<_>>()?;
        self.stack.execute_sql(POSTPONE_CHECKS)?;
        Ok(started.into_iter().flatten().collect())
    }
}

/// The public id of a product.
pub(crate) fn product_id(number: usize) -> String {
    format!("tea{number}")
}

async fn login(connection: &mut Connection, name: &str) -> BenchResult<String> {
    let credentials = json!({"username": name, "password": PASSWORD});
    let tokens = send_json(connection, ("POST", "/v1/auth/login"), "", &credentials, 200).await?;
    let token = tokens.pointer("/accessToken").and_then(Value::as_str).ok_or("a login without a token")?;
    Ok(format!("Bearer {token}"))
}

/// Sends JSON and returns the body of the response, which must have that status.
async fn send_json(
    connection: &mut Connection,
    (method, path): (&str, &str),
    authorization: &str,
    body: &Value,
    status: u16,
) -> BenchResult<Value> {
    let headers = [("authorization", authorization)];
    let headers = if authorization.is_empty() { &[] } else { headers.as_slice() };
    let reply = connection.send(&encode_request(method, path, headers, &body.to_string())).await?;
    if reply.status != status {
        return Err(wrong_answer(&format!("{method} {path}"), reply.status, reply.body));
    }
    Ok(serde_json::from_slice(reply.body)?)
}
