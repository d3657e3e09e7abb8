use std::convert::Infallible;

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
