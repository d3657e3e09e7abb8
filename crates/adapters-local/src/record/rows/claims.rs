use std::convert::Infallible;

use domain::OrderNumber;
use ports::{Claim, IdempotencyKey};

use crate::record::table::Row;

impl Row for Claim {
    const TABLE: &'static str = "idempotency_claims";
    type Key = IdempotencyKey;
    type Unique = Infallible;

    fn key(&self) -> IdempotencyKey {
        self.key.clone()
    }

    fn row_name(&self) -> String {
        self.key.key.clone()
    }
}

/// Whether the request of the claim was about one of these orders.
pub(in crate::record) fn is_about_one(claim: &Claim, orders: &[OrderNumber]) -> bool {
    orders.iter().any(|it| it.as_str() == claim.resource)
}
