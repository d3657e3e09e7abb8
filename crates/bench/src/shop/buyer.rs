//! A customer who places orders.

use serde_json::json;

use super::{PRICE, PRICE_OF_TWO, PRODUCTS, product_id, view::OrderView};
use crate::{
    error::{BenchResult, wrong_answer},
    http::{Connection, encode_request},
};

/// What is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basket {
    /// One piece each of two of the products, drawn at random.
    TwoOfMany,
    /// One piece of the product that everyone buys.
    HotProduct,
}

/// An order with all that is needed to read it and to place it again.
#[derive(Debug, Clone)]
pub(crate) struct PlacedOrder {
    /// The number of its customer.
    pub(crate) customer: usize,
    /// The public number of the order.
    pub(crate) number: String,
    /// The request that placed it, which is a replay when it is sent again.
    pub(crate) request: Vec<u8>,
    /// The body of the response.
    pub(crate) reply: Vec<u8>,
}

/// A customer with a connection.
#[derive(Debug)]
pub(crate) struct Buyer {
    connection: Connection,
    /// The number of this buyer, which no other one has.
    number: usize,
    /// The number of the customer; several buyers may be one customer.
    customer: usize,
    authorization: String,
    random: Random,
    /// The orders that were requested so far.
    requested: u64,
}

impl Buyer {
    /// A buyer who has ordered nothing yet.
    pub(super) fn new(connection: Connection, number: usize, customer: usize, authorization: String) -> Self {
        Self { connection, number, customer, authorization, random: Random::new(number), requested: 0 }
    }

    /// Places an order and checks the response.
    pub(crate) async fn place_order(&mut self, basket: Basket) -> BenchResult<PlacedOrder> {
        let (products, amount) = self.fill_basket(basket);
        let items: Vec<_> = products.iter().map(|it| json!({"productId": it, "quantity": 1})).collect();
        // Letters between the numbers: a long row of digits would be refused as the number of a card.
        self.requested = self.requested.wrapping_add(1);
        let key = format!("buyer{}order{}", self.number, self.requested);
        let headers = [("authorization", self.authorization.as_str()), ("idempotency-key", &key)];
        let body = json!({"items": items}).to_string();
        let request = encode_request("POST", "/v1/orders", &headers, &body);
        let reply = self.connection.send(&request).await?;
        let view = serde_json::from_slice::<OrderView<'_>>(reply.body).ok();
        match view.filter(|it| it.is_new(&products, PRICE, amount)) {
            Some(view) if reply.status == 201 && !reply.replayed => Ok(PlacedOrder {
                customer: self.customer,
                number: view.order_number.to_owned(),
                request,
                reply: reply.body.to_vec(),
            }),
            Some(_) | None => Err(wrong_answer("POST /v1/orders", reply.status, reply.body)),
        }
    }

    fn fill_basket(&mut self, basket: Basket) -> (Vec<String>, &'static str) {
        match basket {
            Basket::TwoOfMany => {
                let first = self.random.below(PRODUCTS);
                // At least one further on, and never all around, so that it is another one.
                let step = self.random.below(PRODUCTS.saturating_sub(1)).saturating_add(1);
                let second = first.saturating_add(step).checked_rem(PRODUCTS).unwrap_or(0);
                (vec![product_id(first), product_id(second)], PRICE_OF_TWO)
            }
            Basket::HotProduct => (vec![product_id(0)], PRICE),
        }
    }
}

/// Numbers without a pattern that matters here (xorshift64). The same buyer always draws the same.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// A sequence of its own for each number.
    pub(crate) fn new(number: usize) -> Self {
        /// Spreads small numbers over all bits; it is odd, so no number becomes zero.
        const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
        let number = u64::try_from(number).unwrap_or(0).saturating_add(1);
        Self(number.wrapping_mul(SPREAD))
    }

    /// The next number, from 0 to below `limit`; 0 if the limit is 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let high = usize::try_from(self.0 >> 33).unwrap_or(0);
        high.checked_rem(limit).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_reach_every_product() {
        let mut random = Random::new(0);
        let mut seen = [false; 100];
        (0..10_000).for_each(|_| seen[random.below(100)] = true);
        assert!(seen.iter().all(|it| *it));
        assert_eq!(random.below(0), 0);
    }
}
